"""`Lines`: the line editors of the rule sets, in one compiled pass over UTF-8 bytes.

Every editor judges every page (`families.edits` names the numbers); the one that a document's source asks for
is applied to its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.kernels.arrow import TextView, as_array, put, string_array, text_view
from pipelines.kernels.codepoints import class_table
from pipelines.kernels.compile import kernel
from pipelines.kernels.decode import scratch_for
from pipelines.kernels.lines import count_phrase
from pipelines.kernels.page import load, room_for
from pipelines.kernels.ratio import ratio
from pipelines.kernels.words import count_words, has_unspaced
from pipelines.quality.c4_lines import edit_c4
from pipelines.quality.decide import policy_of
from pipelines.quality.families import edits
from pipelines.quality.families.basic import LOREM as LOREM_IPSUM
from pipelines.quality.line_gates import BRACE, LOREM, find_gates, gates_for, kinds_by_line
from pipelines.quality.line_output import copy
from pipelines.quality.refinedweb_lines import edit_refinedweb
from pipelines.quality.rules import LINE_RULES, RULE_SETS, choose

EDITORS = ("c4@paper", "c4@tfds", "refinedweb")
"""The sets that edit lines; a kernel knows each by its place here."""

LONG_LINE = 200
"""Code points of a line that counts for mC4 (Xue et al. 2021, 3.1; TensorFlow Datasets, text/c4_utils.py,
paragraph_filter).
"""

_REFINEDWEB = EDITORS.index("refinedweb")
_SIGNALS = len(edits.SIGNALS)


def editor_of(rules: tuple[str, ...]) -> str | None:
    """The set that edits the lines of a source with these rule sets: the first that does, or None."""
    return next((name for name in rules if name in LINE_RULES), None)


@dataclass(frozen=True)
class Lines:
    """Edit `text` of the documents whose source names a set with line rules; leave every other as it is.

    rule_sets: source -> names of its rule sets, `*` for every other source (the mapping that `Filter`
    takes). Appends lines_removed int32 (lines with something other than white space), bytes_removed int64,
    and the signals of `families.edits`, measured on every page before editing.
    """

    rule_sets: Mapping[str, tuple[str, ...]]
    name: str = "lines"

    def __post_init__(self) -> None:
        for names in self.rule_sets.values():
            for name in names:
                choose("rule set", name, RULE_SETS)

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` with edited text and the further columns; nulls stay null."""
        column = as_array(batch.column("text"))
        view = text_view(column)
        data, lengths, removed, measured = edit(view, self._editors(batch.column("source")))
        batch = put(batch, "text", string_array(column, data, lengths))
        batch = put(batch, "lines_removed", pa.array(removed, pa.int32()))
        batch = put(batch, "bytes_removed", pa.array(view.n_bytes - lengths, pa.int64()))
        for signal, values in zip(edits.SIGNALS, measured.T, strict=True):
            batch = put(
                batch, signal.name, pa.array(values.astype(signal.type.to_pandas_dtype()), signal.type)
            )
        return batch

    def _editors(self, sources: pa.Array) -> np.ndarray:
        """The place in `EDITORS` of each row's editor, int64; -1 where the text is not to be edited."""
        encoded = pc.dictionary_encode(sources, null_encoding="encode")
        names = [editor_of(policy_of(self.rule_sets, source)) for source in encoded.dictionary.to_pylist()]
        places = np.array([-1 if name is None else EDITORS.index(name) for name in names], np.int64)
        return places[encoded.indices.to_numpy(zero_copy_only=False)]


def edit(view: TextView, editors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(edited bytes of all documents, length of each, lines removed from each, the signals of `families.edits`).

    editors: int64 (rows,), places in `EDITORS`, -1 to copy the document. The signals are float64 (rows,
    signals).
    """
    rows = len(view.starts)
    data = np.empty(int(view.n_bytes.sum()), np.uint8)
    lengths, removed, measured = (
        np.zeros(rows, np.int64),
        np.zeros(rows, np.int64),
        np.zeros((rows, _SIGNALS)),
    )
    line, room = scratch_for(view), room_for(view)
    lines = room.line_begin.size
    scratch = (
        (line.points, line.classes, line.places),
        np.empty(lines, np.int32),
        np.empty(lines, np.uint8),
        gates_for(view),
    )
    written = _edit(view.starts, view.stops, view.data, class_table(), room, scratch,
                    (_c4_limits(), _refinedweb_limits()), editors, data, lengths, removed, measured)  # fmt: skip
    return data[:written], lengths, removed, measured


def _c4_limits() -> np.ndarray:
    """Least words and longest word of a line for the paper and the code: int64 (2, 2)."""
    names = EDITORS[:_REFINEDWEB]
    return np.array(
        [[LINE_RULES[name].limit(rule) for rule in ("min_words", "max_word_length")] for name in names],
        np.int64,
    )


def _refinedweb_limits() -> np.ndarray:
    """Float64 (3,), in the order that `edit_refinedweb` wants."""
    rules = ("max_upper_ratio", "min_words", "max_pattern_words")
    return np.array([LINE_RULES["refinedweb"].limit(rule) for rule in rules])


@kernel
def _edit(  # type: ignore[no-untyped-def]
    starts, stops, data, table, room, scratch, limits, editors, out, lengths, removed, measured
):
    """Write every document's edited bytes to `out` one after another; returns their total length."""
    (line, line_words, line_kinds, gates), (c4, refinedweb) = scratch, limits
    written = 0
    for row in range(starts.size):
        page = load(data, starts[row], stops[row], table, room)
        found, editor = measured[row], editors[row]
        size = page.text_begin.size
        words, kinds = line_words[:size], line_kinds[:size]
        found[0], found[1] = _open_gates(data, page, gates, kinds)
        total = _count_words(page, words)
        variant = editor if editor < _REFINEDWEB else -1
        length, gone = edit_c4(data, page, line, words, kinds, c4, variant, out, written, found[2:6])
        mine = editor == _REFINEDWEB
        solid, dropped, lost = edit_refinedweb(data, page, line, words, kinds, refinedweb, mine, out, written)
        found[6], found[7] = ratio(lost, total), _long_lines(page)
        if editor < 0:
            length = copy(data, starts[row], stops[row], out, written)
        removed[row] = dropped if mine else gone
        lengths[row] = solid if mine else length
        written += lengths[row]
    return written


@kernel
def _open_gates(data, page, gates, kinds):  # type: ignore[no-untyped-def]
    """Fill `kinds` with the kinds of gates in each line; returns ({, lorem ipsum) on the page."""
    count = find_gates(data, page.places[0], page.places[page.points.size], gates)
    kinds_by_line(page, gates, count, kinds)
    braces = lorems = 0
    for gate in range(count):
        braces += 1 if gates.kinds[gate] == BRACE else 0
        lorems += 1 if gates.kinds[gate] & LOREM else 0
    return braces, count_phrase(page.points, page.points.size, LOREM_IPSUM) if lorems else 0


@kernel
def _count_words(page, words):  # type: ignore[no-untyped-def]
    """Fill `words` with the words of each line; returns their sum."""
    total = at = 0
    if has_unspaced(page.classes):
        for number in range(words.size):
            words[number] = count_words(page.classes, page.text_begin[number], page.text_end[number])[0]
            total += words[number]
        return total
    for number in range(words.size):
        first = at
        while at < page.word_begin.size and page.word_begin[at] < page.line_end[number]:
            at += 1
        words[number] = at - first
    return at


@kernel
def _long_lines(page):  # type: ignore[no-untyped-def]
    long = 0
    for number in range(page.line_begin.size):
        long += 1 if page.line_end[number] - page.line_begin[number] >= LONG_LINE else 0
    return long
