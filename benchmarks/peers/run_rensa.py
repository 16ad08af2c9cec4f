"""rensa's RMinHash and RMinHashLSH, for races.

    .venv-peers/rensa/bin/python benchmarks/peers/run_rensa.py texts.jsonl removed.json BANDS ROWS THRESHOLD

Input and output as in run_datatrove_minhash.py. Shingles as in run_datasketch.py. A document goes where an earlier one
that stays has an estimated similarity at the threshold or above.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from pathlib import Path

from rensa import RMinHash, RMinHashLSH

WORD = re.compile(r"\w+")
NGRAM = 5


def shingles(text: str) -> list[str]:
    """The distinct runs of five words."""
    words = WORD.findall(text.lower())
    return list({" ".join(words[i : i + NGRAM]) for i in range(len(words) - NGRAM + 1)})


def cpu_seconds() -> float:
    """CPU time of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Sign, look up, print what each part cost."""
    source, target, bands, rows = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    threshold = float(sys.argv[5])
    documents = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    began = cpu_seconds()
    signed = []
    for place, document in enumerate(documents):
        if found := shingles(document["text"]):
            minhash = RMinHash(num_perm=bands * rows, seed=1)
            minhash.update(found)
            signed.append((place, minhash))
    middle = cpu_seconds()
    lsh = RMinHashLSH(threshold=threshold, num_perm=bands * rows, num_bands=bands)
    kept, gone = {}, []
    for place, minhash in signed:
        if any(kept[other].jaccard(minhash) >= threshold for other in lsh.query(minhash)):
            gone.append(documents[place]["id"])
        else:
            kept[place] = minhash
            lsh.insert(place, minhash)
    end = cpu_seconds()
    target.write_text(json.dumps(gone))
    print(json.dumps({"cpu_seconds": {"signatures": middle - began, "lookup": end - middle}}))


if __name__ == "__main__":
    main()
