"""Dolma's Bloom filter over paragraphs, for races.

Run inside the peer's environment (`make bench-peers`):

    .venv-peers/dolma/bin/python benchmarks/peers/run_dolma_paragraphs.py texts.jsonl removed.json

Each line of the input has `id` and `text`; the output is a list of [id, begin, end] in characters, the paragraphs that
were seen before. The last thing printed is one JSON object: CPU seconds of the Rust part with its threads.
"""

from __future__ import annotations

import gzip
import json
import resource
import sys
import tempfile
from pathlib import Path

from dolma import deduper

RATE = 1e-6
"""Asked of the Bloom filter for false positives."""


def cpu_seconds() -> float:
    """CPU time of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def settings(folder: Path, paragraphs: int) -> dict:
    """What `dolma dedupe` hands to the Rust part."""
    return {
        "documents": [str(folder / "documents/texts.jsonl.gz")],
        "work_dir": {"input": str(folder / "work"), "output": str(folder / "work")},
        "dedupe": {
            "name": "paragraphs",
            "paragraphs": {"attribute_name": "seen", "paragraph_separator": "\n"},
            "skip_empty": True, "min_length": 0, "min_words": 0, "num_partitions": 1, "partition_index": 0,
            "file_partition": False, "document_dir": "documents",
        },
        "bloom_filter": {
            "file": str(folder / "bloom.bin"), "size_in_bytes": 0, "read_only": False,
            "estimated_doc_count": paragraphs, "desired_false_positive_rate": RATE,
        },
        "processes": 1, "compression": {"input": None, "output": None}, "dryrun": False, "is_s3_volume": False,
    }  # fmt: skip


def main() -> None:
    """Run it, print what it cost, write what it marked."""
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    lines = source.read_text(encoding="utf-8").splitlines()
    paragraphs = sum(json.loads(line)["text"].count("\n") + 1 for line in lines)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("documents", "work"):
            (folder / part).mkdir()
        with gzip.open(folder / "documents/texts.jsonl.gz", "wt", encoding="utf-8", compresslevel=1) as out:
            for line in lines:
                out.write(line + "\n")
        began = cpu_seconds()
        deduper(settings(folder, paragraphs))
        spent = cpu_seconds() - began
        files = sorted((folder / "attributes").rglob("*.gz"))
        rows = [
            json.loads(line) for file in files for line in gzip.decompress(file.read_bytes()).splitlines()
        ]
    spans = [[row["id"], begin, end] for row in rows for begin, end, _ in row["attributes"].get("seen", ())]
    target.write_text(json.dumps(spans))
    print(json.dumps({"cpu_seconds": {"paragraphs": spent}}))


if __name__ == "__main__":
    main()
