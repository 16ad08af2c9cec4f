"""datatrove's MinHash deduplication in its four stages, for races.

Run inside the peer's environment (`make bench-peers`):

    .venv-peers/datatrove/bin/python benchmarks/peers/run_datatrove_minhash.py texts.jsonl removed.json BANDS ROWS

Each line of the input has `id` and `text`; the output is the list of ids that went. The last thing printed is one
JSON object: CPU seconds of each stage, those of its worker processes included.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import tempfile
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter
from datatrove.utils.hashing import HashConfig


def cpu_seconds() -> float:
    """CPU time of this process and of the children it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def stages(folder: Path, bands: int, rows: int) -> dict[str, tuple[list[PipelineStep], int]]:
    """Each stage's steps and its number of tasks, as in datatrove's examples/minhash_deduplication.py."""
    config = MinhashConfig(
        hash_config=HashConfig(precision=64), n_grams=5, num_buckets=bands, hashes_per_bucket=rows
    )
    reader = JsonlReader(str(folder / "in"))
    signatures, buckets, ids = (str(folder / name) for name in ("signatures", "buckets", "ids"))
    gone = JsonlWriter(str(folder / "removed"), compression=None)
    return {
        "signatures": ([reader, MinhashDedupSignature(signatures, config=config)], 1),
        "buckets": ([MinhashDedupBuckets(signatures, buckets, config=config)], bands),
        "cluster": ([MinhashDedupCluster(buckets, ids, config=config)], 1),
        "filter": ([reader, MinhashDedupFilter(ids, exclusion_writer=gone),
                    JsonlWriter(str(folder / "kept"), compression=None)], 1),
    }  # fmt: skip


def main() -> None:
    """Run the stages one after the other, print what each cost, write what went."""
    source, target, bands, rows = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    cost = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        shutil.copy(source, folder / "in/texts.jsonl")
        for stage, (steps, tasks) in stages(folder, bands, rows).items():
            began = cpu_seconds()
            logs = str(folder / "logs" / stage)
            LocalPipelineExecutor(steps, tasks=tasks, workers=1, logging_dir=logs).run()
            cost[stage] = cpu_seconds() - began
        files = sorted((folder / "removed").rglob("*.jsonl"))
        gone = [
            json.loads(line)["id"] for file in files for line in file.read_text(encoding="utf-8").splitlines()
        ]
    target.write_text(json.dumps(gone))
    print(json.dumps({"cpu_seconds": cost}))


if __name__ == "__main__":
    main()
