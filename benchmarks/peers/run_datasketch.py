"""datasketch's MinHashLSH and a union-find over its candidates, for races: as tutorials put them together.

    python benchmarks/peers/run_datasketch.py texts.jsonl removed.json BANDS ROWS

Input and output as in run_datatrove_minhash.py. Shingles are five words of the lower-cased text in a row;
candidates are joined as they are, and the first document of each cluster stays.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

from datasketch import MinHash, MinHashLSH

WORD = re.compile(r"\w+")
NGRAM = 5


def shingles(text: str) -> list[bytes]:
    """The distinct runs of five words."""
    words = WORD.findall(text.lower())
    return [s.encode() for s in {" ".join(words[i : i + NGRAM]) for i in range(len(words) - NGRAM + 1)}]


def root(parents: list[int], node: int) -> int:
    """The first document of a node's cluster; halves the path."""
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
    return node


def main() -> None:
    """Sign, look up, join, print what each part cost."""
    source, target, bands, rows = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    documents = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    began = time.process_time()
    signed = []
    for place, document in enumerate(documents):
        if found := shingles(document["text"]):
            minhash = MinHash(num_perm=bands * rows)
            minhash.update_batch(found)
            signed.append((place, minhash))
    middle = time.process_time()
    lsh, parents = MinHashLSH(num_perm=bands * rows, params=(bands, rows)), list(range(len(documents)))
    for place, minhash in signed:
        for other in lsh.query(minhash):
            low, high = sorted((root(parents, place), root(parents, other)))
            parents[high] = low
        lsh.insert(place, minhash)
    end = time.process_time()
    gone = [document["id"] for place, document in enumerate(documents) if root(parents, place) != place]
    target.write_text(json.dumps(gone))
    print(json.dumps({"cpu_seconds": {"signatures": middle - began, "lookup": end - middle}}))


if __name__ == "__main__":
    main()
