"""`UrlWords`: words in addresses, as RefinedWeb scores them (Penedo et al. 2023, G.1).

| signal | type | definition |
|---|---|---|
| url_strict | int32 | matches of strict words in the address's letters and digits, whatever stands between them |
| url_hard | int32 | hard words that stand in it as words |
| url_soft | int32 | different soft words that stand in it as words; RefinedWeb drops at two |

All in lower case. Words are bounded by anything but letters and digits. The lists are files strict, hard and soft
(.txt or without a suffix) in one folder, or JSON Lines of {"kind", "word"}.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.errors import InputError
from pipelines.kernels.arrow import as_array, put
from pipelines.lists.automaton import Automaton, build
from pipelines.lists.files import entry, json_rows, members, plain_lines

WHAT = "list of words in URLs"
KINDS = ("strict", "hard", "soft")


@cache
def read_url_words(path: str) -> dict[str, tuple[str, ...]]:
    """Words by kind. InputError for a wrong layout."""
    place = entry(path, WHAT)
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    if place.is_dir():
        for file in (f for f in members(place) if f.stem in KINDS):
            found[file.stem] += plain_lines(file)
    else:
        for row in json_rows(place, ("kind", "word"), WHAT):
            if row["kind"] not in KINDS:
                raise InputError(f"{WHAT} {place}: kind {row['kind']!r}; known: {', '.join(KINDS)}")
            found[row["kind"]].append(row["word"])
    if not any(found.values()):
        raise InputError(f"{WHAT} {place}: files strict, hard and soft expected, or JSON Lines")
    return {kind: tuple(words) for kind, words in found.items()}


@cache
def automaton_of(path: str, kind: str) -> Automaton | None:
    """The automaton of one kind of word, built once a process; None where the list has none."""
    words: Sequence[str] = read_url_words(path)[kind]
    if kind == "strict":
        words = squeezed(pa.array(words, pa.string())).to_pylist()
    return build(words, guarded=kind != "strict") if any(words) else None


def squeezed(texts: pa.Array) -> pa.Array:
    """Letters, marks and digits alone: what strict words are looked for in, and as."""
    return pc.replace_substring_regex(pc.utf8_lower(texts), r"[^\p{L}\p{M}\p{N}]+", "")


@dataclass(frozen=True)
class UrlWords:
    """Append the three columns; `batch` has `url`. path: of the list."""

    path: str
    name: str = "url_words"

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` with the columns; a null address holds nothing."""
        urls = pc.utf8_lower(pc.fill_null(as_array(batch.column("url")), ""))
        for kind in KINDS:
            automaton = automaton_of(self.path, kind)
            texts = squeezed(urls) if kind == "strict" else urls
            found = (
                np.zeros(len(urls), np.int64) if automaton is None else automaton.count(texts, kind == "soft")
            )
            batch = put(batch, f"url_{kind}", pa.array(found.astype(np.int32)))
        return batch
