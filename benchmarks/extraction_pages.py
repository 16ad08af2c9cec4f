"""Labelled pages for extraction, in a half to tune on and one that is held out, and the score of a text."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PAGES = "labelled/extraction/pages.jsonl.gz"
DEFAULT_DATA = os.environ.get("DAYBREAK_DATA", "../shared/data")
HALVES = ("tuning", "held out")
KEY = b"daybreak extraction"

CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
TOKEN = re.compile(rf"[{CJK}]|[^\W{CJK}]+")


@dataclass(frozen=True)
class Labelled:
    """A page and the text that a person took for its main content."""

    id: str
    html: str
    text: str

    @property
    def half(self) -> str:
        """The half that the page is in, by a keyed hash of its id."""
        return HALVES[hashlib.blake2b(self.id.encode(), key=KEY, digest_size=1).digest()[0] & 1]

    @property
    def collection(self) -> str:
        """Where the page was labelled."""
        return self.id.rsplit("-", 1)[0]


@dataclass(frozen=True)
class Score:
    """Precision, recall and F1 of one text, or their means over several."""

    precision: float
    recall: float
    f1: float


def read_pages(data: Path, half: str | None = None) -> list[Labelled]:
    """The pages of one half, or all."""
    with gzip.open(data / PAGES, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    pages = [Labelled(row["id"], row["html"], row["text"]) for row in rows]
    return [page for page in pages if half in (None, page.half)]


def tokens(text: str) -> list[str]:
    """Words in lower case; in Chinese, Japanese and Korean characters."""
    return TOKEN.findall(text.lower())


def compare(found: Iterable[str], truth: Iterable[str]) -> Score:
    """Score of bags of tokens; zero where nothing agrees."""
    ours, theirs = Counter(found), Counter(truth)
    common = (ours & theirs).total()
    if not common:
        return Score(0.0, 0.0, 0.0)
    precision, recall = common / ours.total(), common / theirs.total()
    return Score(precision, recall, 2 * precision * recall / (precision + recall))


def mean(scores: Sequence[Score]) -> Score:
    """Means over pages: every page counts alike."""
    table = np.array([(s.precision, s.recall, s.f1) for s in scores])
    return Score(*(float(value) for value in table.mean(axis=0)))
