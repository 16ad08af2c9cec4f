"""Quality and speed of extractors on labelled pages: `python -m benchmarks.extraction`.

Precision, recall and F1 of bags of words, each page counting alike, on the half that our extractor was tuned on
and on the half that is held out; pages and megabytes of HTML a second of CPU time, decoding aside, parsing
included. All in one process, by turns: only figures of one run compare.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from benchmarks.extraction_pages import (
    DEFAULT_DATA,
    HALVES,
    Labelled,
    Score,
    compare,
    mean,
    read_pages,
    tokens,
)
from pipelines.extract.html import Extract

ROUNDS = 3


def bare_resiliparse(html: str) -> str:
    """resiliparse's main content, as its users call it."""
    text: str = extract_plain_text(html, main_content=True, alt_texts=False)
    return text


def bare_trafilatura(html: str) -> str:
    """trafilatura's default."""
    from trafilatura import extract

    return extract(html) or ""


def precise_trafilatura(html: str) -> str:
    """trafilatura's precision mode, which datatrove takes by default."""
    from trafilatura import extract

    return extract(html, favor_precision=True) or ""


def whole(html: str) -> str:
    """All text of the page, by ours."""
    return Extract(main_content=False, extractor="daybreak").text(html, HTMLTree.parse(html))


def ours(html: str) -> str:
    """Our extractor, the text alone."""
    return Extract(extractor="daybreak").text(html, HTMLTree.parse(html))


RACERS: dict[str, Callable[[str], str]] = {
    "whole text": whole,
    "resiliparse": bare_resiliparse,
    "trafilatura": bare_trafilatura,
    "trafilatura, precision": precise_trafilatura,
    "daybreak": ours,
}


def score(racer: Callable[[str], str], pages: Sequence[Labelled]) -> list[Score]:
    """The score of every page."""
    return [compare(tokens(racer(page.html)), tokens(page.text)) for page in pages]


def speeds(names: Sequence[str], pages: Sequence[Labelled], rounds: int = ROUNDS) -> dict[str, float]:
    """Pages a second of CPU time: the median of rounds in which the racers take turns."""
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            began = time.process_time()
            for page in pages:
                RACERS[name](page.html)
            seconds[name].append(time.process_time() - began)
    return {name: len(pages) / float(np.median(spent)) for name, spent in seconds.items()}


def line(name: str, scores: Sequence[Score]) -> str:
    """One row: precision, recall, F1 in per cent."""
    one = mean(scores)
    return f"{name:34}{len(scores):6}{one.precision:8.1%}{one.recall:8.1%}{one.f1:8.1%}"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=DEFAULT_DATA, help="shared data folder")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of timing; 0 for none")
    asked = parser.parse_args()
    pages = read_pages(Path(asked.data))
    print(f"{'':34}{'pages':>6}{'prec.':>8}{'recall':>8}{'F1':>8}")
    for name, racer in RACERS.items():
        scores = list(zip(pages, score(racer, pages), strict=True))
        for half in HALVES:
            print(line(f"{name}, {half}", [s for page, s in scores if page.half == half]))
        print(line(f"{name}, all", [s for _, s in scores]))
        if name == "daybreak":
            for kind in sorted({page.collection for page in pages}):
                chosen = [s for p, s in scores if p.half == HALVES[1] and p.collection == kind]
                print(line(f"  {kind}, held out", chosen))
    if asked.rounds:
        size = sum(len(page.html.encode()) for page in pages) / len(pages) / 1e6
        for name, speed in speeds(list(RACERS), pages, asked.rounds).items():
            print(f"{name:34}{speed:8.0f} pages {speed * size:8.1f} MB of HTML a second of CPU time")


if __name__ == "__main__":
    main()
