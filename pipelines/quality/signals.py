"""`Measure`: every number that a quality rule looks at, one column each, by compiled kernels.

Each pass decodes a document once, into a `Page` that the kernels of its families read. docs/signals.md lists all
columns with their definitions.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pipelines.kernels.arrow import TextView, text_view
from pipelines.kernels.codepoints import class_table
from pipelines.kernels.compile import kernel
from pipelines.kernels.ngrams import Grams, add_page_words, add_words, count_grams, grams_for
from pipelines.kernels.normal import Forms, Normal, forms, normal_for
from pipelines.kernels.page import Page, load, room_for
from pipelines.kernels.repeated_lines import RepeatedLines, find_repeated_lines, repeated_lines_for
from pipelines.kernels.repeats import Repeats, repeats_for
from pipelines.kernels.seen import Seen, seen_for
from pipelines.quality.families import (
    basic,
    curator,
    curator_lines,
    datatrove,
    dolma,
    lines,
    redpajama,
    repetition,
    stop_words,
)
from pipelines.quality.families.basic import measure_basic
from pipelines.quality.families.curator import measure_curator
from pipelines.quality.families.dolma import BINS, measure_dolma
from pipelines.quality.families.lines import measure_lines
from pipelines.quality.families.redpajama import measure_redpajama
from pipelines.quality.families.repetition import measure_repetition
from pipelines.quality.families.signal import Signal
from pipelines.quality.families.stop_words import StopTable, language_numbers, measure_stop_words, stop_table

FAMILIES: dict[str, tuple[Signal, ...]] = {
    "basic": basic.SIGNALS,
    "repetition": repetition.SIGNALS,
    "lines": lines.SIGNALS,
    "stop_words": stop_words.SIGNALS,
    "dolma": dolma.SIGNALS,
    "redpajama": redpajama.SIGNALS,
    "curator": curator.SIGNALS,
    "datatrove": datatrove.SIGNALS,
}
"""Signals by family, in the order of their columns."""

OURS = ("basic", "repetition", "lines", "stop_words")
"""Families that are measured unless told otherwise: every script counted sensibly, in one pass."""

PAGE_WORDS = frozenset({"dolma", "redpajama"})

SIGNALS = pa.schema([(signal.name, signal.type) for family in FAMILIES.values() for signal in family])
"""The columns of all families."""

N_WORDS = SIGNALS.get_field_index("n_words")
ENDS = dict(zip(FAMILIES, np.cumsum([len(family) for family in FAMILIES.values()]).tolist(), strict=True))
BASIC, REPETITION, LINES, STOP_WORDS, DOLMA, REDPAJAMA, CURATOR, _ = ENDS.values()
"""Where each family's columns end."""


@dataclass(frozen=True)
class Measure:
    """Append the signals of `families`, measured on `text`; stop words are those of the language in `lang`.

    families: names in `FAMILIES`. always: families measured besides, whatever is asked for; none of them leaves
    exactly `families`.
    """

    families: tuple[str, ...] = tuple(FAMILIES)
    name: str = "measure"
    always: tuple[str, ...] = OURS

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` with the signals; a null text measures as an empty one."""
        nobody = pa.nulls(batch.num_rows, pa.string())
        spoken = batch.column("lang") if "lang" in batch.schema.names else nobody
        wanted = {*self.always, *self.families}
        values = measure(text_view(batch.column("text")), language_numbers(spoken), wanted)
        chosen = [signal.name for name, family in FAMILIES.items() if name in wanted for signal in family]
        schema = pa.schema([field for field in batch.schema if field.name not in chosen])
        columns = [batch.column(name) for name in schema.names]
        for name in chosen:
            field = SIGNALS.field(name)
            numbers = values[SIGNALS.get_field_index(name)].astype(field.type.to_pandas_dtype())
            schema, columns = schema.append(field), [*columns, pa.array(numbers, field.type)]
        return pa.RecordBatch.from_arrays(columns, schema=schema)


class Tools(NamedTuple):
    """Tables and scratch that the families share: made once a batch, for its longest document."""

    room: Page
    seen: Seen
    repeated_lines: RepeatedLines
    grams: Grams
    spare: Grams
    bins: np.ndarray
    forms: Forms
    normal: Normal
    repeats: Repeats
    counts: np.ndarray
    stop_words: StopTable


def tools_for(view: TextView) -> Tools:
    """The tools for the documents of `view`."""
    room = room_for(view)
    words, seen = room.word_begin.size, seen_for(room.line_begin.size)
    return Tools(
        room,
        seen,
        repeated_lines_for(room),
        grams_for(words),
        grams_for(words),
        np.empty(BINS, np.int64),
        forms(),
        normal_for(view),
        repeats_for(words),
        np.zeros(curator_lines.COUNTS, np.int64),
        stop_table(),
    )


def measure(view: TextView, languages: np.ndarray, wanted: Collection[str] = tuple(FAMILIES)) -> np.ndarray:
    """The signals of the `wanted` families of every document: float64 of shape (signals, rows), zeros elsewhere.

    languages: int64 (rows,), numbers of the lists of stop words, -1 for none. Ours are one pass, taken whole; each
    peer's words are a pass of their own, so that its kernels are compiled only where they are asked for.
    """
    out = np.zeros((len(view.starts), len(SIGNALS)))
    if set(wanted) - {"datatrove"}:
        _measure_pages(view, languages, wanted, out)
    out = np.ascontiguousarray(out.T)
    if "datatrove" in wanted:
        out[ENDS["curator"] :] = datatrove.datatrove_signals(view)
    return out


def _measure_pages(view: TextView, languages: np.ndarray, wanted: Collection[str], out: np.ndarray) -> None:
    """Fill the columns of `out` of all families that read a `Page`: all but datatrove's."""
    text, tools = (view.starts, view.stops, view.data, class_table()), tools_for(view)
    if not set(OURS).isdisjoint(wanted):
        _measure_ours(*text, tools, languages, out)
    if not PAGE_WORDS.isdisjoint(wanted):
        _measure_page_words(*text, tools, "dolma" in wanted, "redpajama" in wanted, out)
    if "curator" in wanted:
        _measure_curator(*text, tools, out)


@kernel
def _measure_ours(starts, stops, data, table, tools, languages, out):  # type: ignore[no-untyped-def]
    """Fill the columns of our own families, a document at a time."""
    seen, grams, repeated = tools.seen, tools.grams, tools.repeated_lines
    for row in range(starts.size):
        page = load(data, starts[row], stops[row], table, tools.room)
        add_page_words(grams, seen, data, page.places, page.word_begin, page.word_end)
        find_repeated_lines(data, page, seen, repeated)
        measure_basic(page, grams, repeated, out[row, :BASIC])
        words = out[row, N_WORDS]
        measure_lines(page, words, out[row, REPETITION:LINES])
        measure_stop_words(page, grams, languages[row], tools.stop_words, words, out[row, LINES:STOP_WORDS])
        measure_repetition(data, page, seen, grams, repeated, out[row, BASIC:REPETITION])


@kernel
def _measure_page_words(starts, stops, data, table, tools, with_dolma, with_redpajama, out):  # type: ignore[no-untyped-def]
    """Fill the columns of Dolma, of RedPajama or of both, which number what white space parts."""
    grams, seen = tools.grams, tools.seen
    for row in range(starts.size):
        page = load(data, starts[row], stops[row], table, tools.room)
        add_words(grams, seen, page.points, page.word_begin, page.word_end)
        if with_dolma:
            count_grams(grams, seen)
            measure_dolma(page, seen, grams, tools.bins, out[row, STOP_WORDS:DOLMA])
        if with_redpajama:
            columns = out[row, DOLMA:REDPAJAMA]
            measure_redpajama(page, seen, grams, tools.spare, tools.forms, tools.normal, columns)


@kernel
def _measure_curator(starts, stops, data, table, tools, out):  # type: ignore[no-untyped-def]
    """Fill the columns of NeMo Curator."""
    for row in range(starts.size):
        page = load(data, starts[row], stops[row], table, tools.room)
        measure_curator(page, tools.seen, tools.repeats, tools.counts, out[row, REDPAJAMA:CURATOR])
