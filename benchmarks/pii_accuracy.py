"""Precision and recall of personal data by type, beside Presidio's and datatrove's (after `make bench-peers`).

`python -m benchmarks.pii_accuracy [FOLDER]` reads FOLDER/labelled/pii (default: DAYBREAK_DATA). Recall counts a
labelled value as found if one span of its type covers all its letters and digits; it is taken on all rows.
Precision counts a span as right if it overlaps a label of its type; it is taken only on rows that label
everything (origin microsoft/). Rows are halved by a keyed hash of their id: rules were tuned on one half.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import random
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

LABELS = {
    "EMAIL": "email",
    "IP_ADDRESS": "ip",
    "PHONE": "phone",
    "CREDIT_CARD": "card",
    "IBAN_CODE": "iban",
    "SSN": "national_id",
}
"""Label -> type; other labels are of types that are not looked for by rule."""
ROOT = Path(__file__).resolve().parents[1]
PEERS = Path(os.environ.get("DAYBREAK_PEERS", ROOT / ".venv-peers"))
COMPLETE = "microsoft/"
HALVES = ("tune", "report")

Spans = list[tuple[int, int, str]]
"""(begin, end, type) in code points."""
System = Callable[[Sequence[str]], list[Spans]]


@dataclass(frozen=True)
class Score:
    """One type on one set of rows; precision is over the rows that label everything."""

    type: str
    labelled: int
    recalled: int
    found: int
    right: int

    @property
    def recall(self) -> float:
        """Share of the labelled values that were found; NaN without any."""
        return self.recalled / self.labelled if self.labelled else float("nan")

    @property
    def precision(self) -> float:
        """Share of the spans found that are labelled; NaN without any."""
        return self.right / self.found if self.found else float("nan")


def half_of(row: dict[str, Any]) -> str:
    """tune or report, by keyed hash of the row's id."""
    digest = hashlib.blake2b(str(row["id"]).encode(), key=b"pii", digest_size=1).digest()
    return HALVES[digest[0] >= 128]


def read_rows(folder: Path) -> list[dict[str, Any]]:
    """The labelled rows."""
    with gzip.open(folder / "labelled" / "pii" / "pii.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def daybreak(texts: Sequence[str]) -> list[Spans]:
    """What one pass of our rules finds."""
    import pyarrow as pa

    from pipelines.pii.detector import Options
    from pipelines.pii.find import Finder
    from pipelines.pii.phone_plans import REGIONS
    from pipelines.pii.registry import DETECTORS

    found = Finder(tuple(DETECTORS), Options(public_only=True, regions=REGIONS))(pa.array(texts))
    spans: list[Spans] = []
    for row, text in enumerate(texts):
        data = text.encode()
        spans.append([(_point(data, f.begin), _point(data, f.end), f.type) for f in found.get(row, [])])
    return spans


def _point(data: bytes, at: int) -> int:
    return len(data[:at].decode())


def peer(name: str, texts: Sequence[str]) -> list[Spans]:
    """What a peer finds, in its own environment. Raises ImportError where `make bench-peers` has not made that."""
    python = PEERS / name / "bin" / "python"
    if not python.exists():
        raise ImportError(f"no {python}; run `make bench-peers`")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "texts.jsonl"), Path(folder, "spans.jsonl")
        source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
        command = [str(python), str(ROOT / "benchmarks/peers/run_pii.py"), name, str(source), str(target)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return [[tuple(span) for span in json.loads(line)] for line in target.read_text().splitlines()]


SYSTEMS: dict[str, System] = {
    "daybreak": daybreak,
    "presidio": partial(peer, "presidio"),
    "datatrove": partial(peer, "datatrove"),
}


def score(rows: Sequence[dict[str, Any]], spans: Sequence[Spans]) -> list[Score]:
    """One Score a type."""
    labelled, recalled, found, right = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for row, predicted in zip(rows, spans, strict=True):
        truth = [(s["start"], s["end"], LABELS[s["type"]]) for s in row["spans"] if s["type"] in LABELS]
        for label in truth:
            labelled[label[2]] += 1
            recalled[label[2]] += any(_covers(row["text"], span, label) for span in predicted)
        if row["origin"].startswith(COMPLETE):
            for span in predicted:
                found[span[2]] += 1
                right[span[2]] += any(_overlap(span, label) for label in truth)
    return [Score(kind, labelled[kind], recalled[kind], found[kind], right[kind]) for kind in LABELS.values()]


def _covers(text: str, span: tuple[int, int, str], label: tuple[int, int, str]) -> bool:
    rest = text[label[0] : min(max(span[0], label[0]), label[1])] + text[max(span[1], label[0]) : label[1]]
    return span[2] == label[2] and _overlap(span, label) and not any(c.isalnum() for c in rest)


def _overlap(span: tuple[int, int, str], label: tuple[int, int, str]) -> bool:
    return span[2] == label[2] and span[0] < label[1] and label[0] < span[1]


def look_alikes(lines: int = 4000, seed: int = 0) -> list[str]:
    """Lines of version numbers, ISBNs, dates, hashes, UUIDs, DOIs, prices: no personal data in any."""
    draw = random.Random(seed)

    def digits(n: int) -> str:
        return "".join(draw.choices("0123456789", k=n))

    def number(most: int) -> int:
        return draw.randrange(most)

    makers: list[Callable[[], str]] = [
        lambda: f"version {number(20)}.{number(40)}.{number(60)}.{number(99)} of the package",
        lambda: f"lib-{number(30)}.{number(30)}.{number(300)}.tar.gz, v{number(9)}.{number(99)}.{number(99)}",
        lambda: f"ISBN 978-{number(9)}-{digits(3)}-{digits(5)}-{number(9)} and ISBN {digits(9)}X",
        lambda: f"doi:10.{1000 + number(8000)}/{digits(3)}-{digits(4)}.{digits(6)}",
        lambda: f"on {1 + number(28):02}.{1 + number(12):02}.{1950 + number(75)} at {number(24):02}:{number(60):02}",
        lambda: f"{1950 + number(75)}-{1 + number(12):02}-{1 + number(28):02}T10:{number(60):02}:{number(60):02}Z",
        lambda: f"arXiv:{number(24):02}{1 + number(12):02}.{digits(5)}, pp. {number(900)}-{900 + number(99)}",
        lambda: f"commit {hashlib.sha1(digits(9).encode()).hexdigest()}, {hashlib.md5(digits(9).encode()).hexdigest()}",
        lambda: f"{digits(8)}-{digits(4)}-4{digits(3)}-a{digits(3)}-{digits(12)}",
        lambda: f"section {1 + number(9)}.{number(20)}.{number(20)}.{number(9)}, table {number(9)}.{number(99)}",
        lambda: f"population {number(900)} {digits(3)} {digits(3)}, area {number(900)},{digits(3)}.{digits(2)} km2",
        lambda: f"0.{digits(16)} {number(9)}.{digits(14)}e-{number(20):02} {digits(5)}.{digits(9)}",
        lambda: f"ISSN {digits(4)}-{digits(4)}, PMID {digits(8)}, order {digits(10)}",
        lambda: f"{digits(10)} {digits(13)} seconds since the epoch, ticket #{digits(9)}",
    ]  # fmt: skip
    return [draw.choice(makers)() for _ in range(lines)]


def report(folder: Path) -> Iterable[str]:
    """Lines of the report as Markdown."""
    rows = read_rows(folder)
    probe = look_alikes()
    for name, system in SYSTEMS.items():
        try:
            spans = system([row["text"] for row in rows])
        except ImportError as error:
            yield f"{name}: not installed ({error})\n"
            continue
        yield f"## {name}\n"
        yield "| rows | type | labelled | recall | labelled, complete rows | recall | precision |"
        yield "|---|---|---|---|---|---|---|"
        for half in HALVES:
            yield from _table(half, rows, spans)
        false = Counter(kind for found in system(probe) for _, _, kind in found)
        yield f"\n{len(probe)} lines without personal data: {dict(false) or 'nothing'} found\n"


def _table(half: str, rows: Sequence[dict[str, Any]], spans: Sequence[Spans]) -> Iterable[str]:
    chosen = [at for at, row in enumerate(rows) if half_of(row) == half]
    complete = [at for at in chosen if rows[at]["origin"].startswith(COMPLETE)]
    everywhere, there = (
        score([rows[at] for at in places], [spans[at] for at in places]) for places in (chosen, complete)
    )
    for whole, full in zip(everywhere, there, strict=True):
        yield (
            f"| {half} | {whole.type} | {whole.labelled} | {whole.recall:.3f} | {full.labelled} "
            f"| {full.recall:.3f} | {full.precision:.3f} |"
        )


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", nargs="?", type=Path, default=os.environ.get("DAYBREAK_DATA"))
    folder = parser.parse_args().folder
    if folder is None:
        parser.error("name the folder of labelled data, or set DAYBREAK_DATA")
    for line in report(Path(folder)):
        print(line)


if __name__ == "__main__":
    main()
