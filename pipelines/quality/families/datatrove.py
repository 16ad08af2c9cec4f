"""The numbers that datatrove's filters look at, exactly as datatrove 0.10 gets them.

Words are those of spaCy's English tokenizer (`kernels.spacy_words`), which is what datatrove's filters use
unless told otherwise, whatever the language of the text. "Lines" are three things there:

| lines | parted by | used for |
|---|---|---|
| split | every line break that `str.splitlines` knows | bullets, ellipses at line ends |
| runs | one newline or more; an empty one before newlines that begin the text, and behind those that end it | repeats |
| solid | a newline; lines of white space alone left out | FineWeb's rules |

A ratio over nothing is 0. Sources: pipeline/filters/gopher_quality_filter.py, gopher_repetition_filter.py and
fineweb_quality_filter.py of datatrove 0.10.1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.kernels.arrow import TextView
from pipelines.kernels.compile import kernel
from pipelines.kernels.decode import decode, scratch_for
from pipelines.kernels.hashes import spelled
from pipelines.kernels.lines import NEWLINE, count_ellipses, ends_in_ellipsis, line_end
from pipelines.kernels.repeated_places import Places, places_for, reading_places
from pipelines.kernels.repetition import (
    duplicate_characters,
    is_new,
    join_words,
    measure_top_grams,
    paragraphs,
    table_size,
)
from pipelines.kernels.spacy_kinds import BLANK, LETTERED
from pipelines.kernels.spacy_tables import WordScratch, split_words, word_scratch
from pipelines.kernels.words import STOP_WORDS
from pipelines.quality.families.datatrove_marks import LINE_BREAK, MARK, TERMINAL, tables
from pipelines.quality.families.signal import Signal

SIGNALS = (
    Signal("dt_n_chars", "exact", "code points"),
    Signal("dt_n_words", "exact", "words with a character that is no punctuation"),
    Signal(
        "dt_mean_word_length", "exact", "mean length of the words with a character that is no punctuation"
    ),
    Signal("dt_hash_ratio", "exact", "number signs (#) per word of any kind"),
    Signal("dt_ellipsis_ratio", "exact", "ellipses (… or ...) per word of any kind"),
    Signal("dt_bullet_line_ratio", "exact", "share of split lines that begin with • or -"),
    Signal("dt_ellipsis_line_ratio", "exact", "share of split lines that end in an ellipsis"),
    Signal("dt_alpha_word_ratio", "exact", "share of words of any kind with a letter"),
    Signal("dt_stop_word_count", "exact", "how many of Gopher's eight stop words occur, in lower case"),
    Signal("dt_dup_para_frac", "exact", "share of paragraphs that repeat an earlier one"),
    Signal("dt_dup_para_char_frac", "exact", "characters in repeated paragraphs per character of the text"),
    Signal("dt_dup_line_frac", "exact", "share of lines (runs) that repeat an earlier one"),
    Signal("dt_dup_line_char_frac", "exact", "characters in repeated lines (runs) per character of the text"),
    *(
        Signal(
            f"dt_top_{n}_gram",
            "exact",
            f"characters of the most frequent {n}-gram times its count, per character",
        )
        for n in (2, 3, 4)
    ),
    *(
        Signal(
            f"dt_dup_{n}_gram", "exact", f"characters in repeated {n}-grams, each counted once, per character"
        )
        for n in range(5, 11)
    ),
    Signal("dt_n_lines", "exact", "solid lines"),
    Signal(
        "dt_line_punct_ratio",
        "exact",
        "share of solid lines that end in terminal punctuation, nothing behind it",
    ),
    Signal("dt_short_line_ratio", "exact", "share of solid lines of at most 30 characters"),
    Signal(
        "dt_char_dup_ratio", "exact", "characters in repeated solid lines per character that is no newline"
    ),
    Signal("dt_newline_ratio", "exact", "newlines per word of any kind"),
)
"""The words and the three kinds of lines are those of this module's table."""

SHORT_LINE = 30
SHORTEST_DUPLICATE = 5

_STOPS = np.array(
    [spelled(np.frombuffer(word.encode("utf-32-le"), np.uint32), 0, len(word)) for word in STOP_WORDS],
    np.uint64,
)
_LONGEST_STOP = max(len(word) for word in STOP_WORDS)


class Scratch(NamedTuple):
    """Work space of `measure_datatrove`.

    keys uint64 and tallies uint64 (slots, 2) of `table_size` of the longest document's code points; joined
    uint64 (n, 3), one longer than it has code points.
    """

    words: WordScratch
    keys: np.ndarray
    tallies: np.ndarray
    joined: np.ndarray
    places: Places


def datatrove_scratch(size: int) -> Scratch:
    """Scratch for documents of up to `size` code points; memory is taken as it is touched."""
    slots = table_size(size + 1)
    return Scratch(word_scratch(size), np.empty(slots, np.uint64), np.empty((slots, 2), np.uint64),
                   np.empty((size + 1, 3), np.uint64), places_for(size))  # fmt: skip


def datatrove_signals(view: TextView) -> np.ndarray:
    """`SIGNALS` of every document: float64 of shape (signals, rows)."""
    out = np.zeros((len(view.starts), len(SIGNALS)))
    text = scratch_for(view)
    _measure(view.starts, view.stops, view.data, text.points, text.classes, text.places,
             tables(), datatrove_scratch(len(text.points)), out)  # fmt: skip
    return out.T


@kernel
def _measure(starts, stops, data, points, kinds, places, lookup, scratch, out):  # type: ignore[no-untyped-def]
    for row in range(starts.size):
        n = decode(data, starts[row], stops[row], lookup.kinds, points, kinds, places)
        measure_datatrove(points, kinds, n, lookup, scratch, out[row])


@kernel
def measure_datatrove(points, kinds, n, lookup, scratch, out):  # type: ignore[no-untyped-def]
    """Write the signals of one decoded document to `out`: float64, one slot a signal of `SIGNALS`.

    kinds: of each code point, as in `datatrove_marks.tables()`, which is `lookup`. scratch: `datatrove_scratch` of
    the longest document.
    """
    count = split_words(points, kinds, n, lookup, scratch.words)
    newlines = _count(points, n, NEWLINE)
    out[0] = n
    _measure_words(kinds, count, scratch.words.words, out)
    out[3] = _ratio(_count(points, n, 0x23), count)
    out[4] = _ratio(count_ellipses(points, n), count)
    out[5], out[6] = _measure_split_lines(points, kinds, n)
    lines = scratch.keys[: table_size(newlines + 1)]
    _measure_paragraphs(points, kinds, n, lines, out)
    _measure_lines(points, kinds, n, newlines, lines, out)
    _measure_grams(points, kinds, count, n, scratch, out)
    out[26] = _ratio(newlines, count)


@kernel
def _ratio(part, whole):  # type: ignore[no-untyped-def]
    return part / whole if whole else 0.0


@kernel
def _count(points, n, point):  # type: ignore[no-untyped-def]
    total = 0
    for at in range(n):
        total += 1 if points[at] == point else 0
    return total


@kernel
def _measure_words(kinds, count, words, out):  # type: ignore[no-untyped-def]
    """Slots 1, 2, 7 and 8."""
    solid = characters = lettered = found = 0
    for at in range(count):
        begin, end = words[at, 0], words[at, 1]
        solid_letter = kinds[begin] & (LETTERED | MARK) == LETTERED
        marks, letters = not solid_letter, solid_letter
        for k in range(end if solid_letter else begin, end):
            marks = marks and kinds[k] & MARK != 0
            letters = letters or kinds[k] & LETTERED != 0
            if letters and not marks:
                break
        solid += 0 if marks else 1
        characters += 0 if marks else end - begin
        lettered += 1 if letters else 0
        if end - begin <= _LONGEST_STOP:
            found |= _stop_word(np.uint64(words[at, 2]))
    stops = 0
    for k in range(_STOPS.size):
        stops += found >> k & 1
    out[1], out[2], out[7], out[8] = solid, _ratio(characters, solid), _ratio(lettered, count), stops


@kernel
def _stop_word(value):  # type: ignore[no-untyped-def]
    """A bit mask: bit k set if `value` is the hash of `STOP_WORDS[k]`."""
    for k in range(_STOPS.size):
        if value == _STOPS[k]:
            return 1 << k
    return 0


@kernel
def _measure_split_lines(points, kinds, n):  # type: ignore[no-untyped-def]
    """(share of bulleted lines, share of lines that end in an ellipsis), as `str.splitlines` parts lines."""
    lines = bulleted = elliptic = 0
    at = 0
    while at < n:
        first = at
        while at < n and not kinds[at] & LINE_BREAK:
            at += 1
        begin, end = _strip(kinds, first, at)
        lines += 1
        bulleted += 1 if begin < end and (points[begin] == 0x2022 or points[begin] == 0x2D) else 0
        elliptic += 1 if ends_in_ellipsis(points, begin, end) else 0
        at += 2 if at + 1 < n and points[at] == 0x0D and points[at + 1] == NEWLINE else 1
    return _ratio(bulleted, lines), _ratio(elliptic, lines)


@kernel
def _strip(kinds, begin, end):  # type: ignore[no-untyped-def]
    """[begin, end) without the white space at both ends; empty if there is nothing else."""
    while begin < end and kinds[begin] & BLANK:
        begin += 1
    while end > begin and kinds[end - 1] & BLANK:
        end -= 1
    return begin, end


@kernel
def _measure_paragraphs(points, kinds, n, keys, out):  # type: ignore[no-untyped-def]
    """Slots 9 and 10."""
    begin, end = _strip(kinds, 0, n)
    total, repeated, characters = paragraphs(points, begin, end, keys)
    out[9], out[10] = _ratio(repeated, total), _ratio(characters, n)


@kernel
def _measure_lines(points, kinds, n, newlines, keys, out):  # type: ignore[no-untyped-def]
    """Slots 11, 12 and 22 to 25."""
    keys[:] = 0
    total = repeated = characters = 0
    solid = ended = short = solid_characters = 0
    at = 0
    while at < n:
        stop = line_end(points, at, n)
        if stop > at:
            total += 1
            fresh = is_new(keys, spelled(points, at, stop))
            repeated += 0 if fresh else 1
            characters += 0 if fresh else stop - at
            begin, end = _strip(kinds, at, stop)
            if begin < end:
                solid += 1
                ended += 1 if kinds[stop - 1] & TERMINAL else 0
                short += 1 if stop - at <= SHORT_LINE else 0
                solid_characters += 0 if fresh else stop - at
        at = stop + 1
    empty = (1 if n and points[0] == NEWLINE else 0) + (1 if n and points[n - 1] == NEWLINE else 0)
    out[11] = _ratio(repeated + (1 if empty == 2 else 0), total + empty)
    out[12] = _ratio(characters, n)
    out[22], out[23], out[24] = solid, _ratio(ended, solid), _ratio(short, solid)
    out[25] = _ratio(solid_characters, n - newlines)


@kernel
def _measure_grams(points, kinds, count, n, scratch, out):  # type: ignore[no-untyped-def]
    """Slots 13 to 21."""
    words, joined, places = scratch.words.words, scratch.joined, scratch.places
    join_words(words, count, joined)
    measure_top_grams(words, joined, count, places, scratch.tallies, out[13:16])
    left = reading_places(points, kinds, n, joined, count, SHORTEST_DUPLICATE, places)
    keys = scratch.keys[: table_size(left)]
    for gram in range(SHORTEST_DUPLICATE, 11):
        out[11 + gram] = duplicate_characters(joined, count, gram, places.at, left, keys)
    for slot in range(13, 22):
        out[slot] = _ratio(out[slot], n)
