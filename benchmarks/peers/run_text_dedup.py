"""text-dedup's MinHash, for races: its own command, called in this process so that start-up is not counted.

    .venv-peers/text_dedup/bin/python benchmarks/peers/run_text_dedup.py texts.jsonl removed.json BANDS ROWS THRESHOLD

Input and output as in run_datatrove_minhash.py.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

from datasets import load_from_disk
from text_dedup.minhash import main as deduplicate


def cpu_seconds() -> float:
    """CPU time of this process and of the children it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    """Run it, print what it cost, write what went."""
    source, target, bands, rows = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    with tempfile.TemporaryDirectory() as folder:
        given = {
            "path": "json", "data_files": source, "split": "train", "column": "text", "ngram": 5,
            "b": bands, "r": rows, "num_perm": bands * rows, "threshold": sys.argv[5], "num_proc": 1,
            "output": f"{folder}/out", "cache_dir": f"{folder}/cache", "min_length": 5, "hash_func": "xxh3",
        }  # fmt: skip
        arguments = [part for name, value in given.items() for part in (f"--{name}", str(value))]
        began = cpu_seconds()
        deduplicate(args=arguments, standalone_mode=False)
        spent = cpu_seconds() - began
        kept = set(load_from_disk(f"{folder}/out")["id"])
    names = [json.loads(line)["id"] for line in source.read_text(encoding="utf-8").splitlines()]
    target.write_text(json.dumps([name for name in names if name not in kept]))
    print(json.dumps({"cpu_seconds": {"all": spent}}))


if __name__ == "__main__":
    main()
