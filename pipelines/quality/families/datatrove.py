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
from pipelines.kernels.bits import BLOCK, class_mask, count_bits, within
from pipelines.kernels.compile import kernel
from pipelines.kernels.decode import decode_points
from pipelines.kernels.hashes import between, spelled
from pipelines.kernels.lines import DOT, ELLIPSIS, NEWLINE, count_ellipses, ends_in_ellipsis
from pipelines.kernels.page import put_bits
from pipelines.kernels.repeated_places import Places, places_for, reaching, reading_places
from pipelines.kernels.repetition import (
    duplicate_characters,
    is_new,
    join_words,
    measure_top_grams,
    paragraphs,
    table_size,
)
from pipelines.kernels.spacy_kinds import BLANK, LETTERED
from pipelines.kernels.spacy_runs import bits_of
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

_SCATTER, _TOP = np.uint64(0x9E3779B97F4A7C15), np.uint64(64 - 6)


def _stop_slots() -> np.ndarray:
    """Hashes of `STOP_WORDS`, each in the slot of its own that it is looked for in: uint64 (64,), 0 where free."""
    table = np.zeros(64, np.uint64)
    for word in STOP_WORDS:
        value = spelled(np.frombuffer(word.encode("utf-32-le"), np.uint32), 0, len(word))
        table[int(value) * int(_SCATTER) % 2**64 >> int(_TOP)] = value
    if np.count_nonzero(table) != len(STOP_WORDS):
        raise AssertionError("two stop words share a slot: choose another _SCATTER")
    return table


_STOPS = _stop_slots()
_RETURN = 0x0D


class Scratch(NamedTuple):
    """Work space of `measure_datatrove`.

    points and kinds uint32, `BLOCK` longer; keys uint64 and tallies uint64 (slots, 2) of `table_size` of the
    longest document's code points; joined uint64 (n, 3) and breaks int32 (n,), one longer than it has code points.
    """

    points: np.ndarray
    kinds: np.ndarray
    words: WordScratch
    keys: np.ndarray
    tallies: np.ndarray
    joined: np.ndarray
    places: Places
    breaks: np.ndarray


def datatrove_scratch(size: int) -> Scratch:
    """Scratch for documents of up to `size` code points; memory is taken as it is touched."""
    size += 1
    slots = table_size(size)
    return Scratch(np.empty(size + BLOCK, np.uint32), np.empty(size + BLOCK, np.uint32), word_scratch(size),
                   np.empty(slots, np.uint64), np.empty((slots, 2), np.uint64), np.empty((size, 3), np.uint64),
                   places_for(size), np.empty(size, np.int32))  # fmt: skip


def datatrove_signals(view: TextView) -> np.ndarray:
    """`SIGNALS` of every document: float64 of shape (signals, rows)."""
    out = np.zeros((len(view.starts), len(SIGNALS)))
    scratch = datatrove_scratch(int(view.n_bytes.max(initial=0)))
    _measure(view.starts, view.stops, view.data, tables(), scratch, out)
    return out.T


@kernel
def _measure(starts, stops, data, lookup, scratch, out):  # type: ignore[no-untyped-def]
    points, kinds = scratch.points, scratch.kinds
    for row in range(starts.size):
        n = decode_points(data, starts[row], stops[row], lookup.kinds, points, kinds)
        measure_datatrove(points, kinds, n, lookup, scratch, out[row])


@kernel
def measure_datatrove(points, kinds, n, lookup, scratch, out):  # type: ignore[no-untyped-def]
    """Write the signals of one decoded document to `out`: float64, one slot a signal of `SIGNALS`.

    kinds: of each code point, as in `datatrove_marks.tables()`, which is `lookup`. scratch: `datatrove_scratch` of
    the longest document.
    """
    sums, breaks = scratch.words.sums, scratch.breaks
    count = split_words(points, kinds, n, lookup, scratch.words)
    lines, newlines = _find_breaks(points, kinds, n, breaks)
    out[0] = n
    runs = scratch.words.runs
    _measure_words(kinds, n, count, scratch.words.words, runs.marked, runs.wide, out)
    out[3] = _ratio(_count(points, n, 0x23), count)
    out[4] = _ratio(_count_ellipses(points, n), count)
    out[5], out[6] = _measure_split_lines(points, kinds, n, breaks, lines)
    keys = scratch.keys[: table_size(newlines + 1)]
    begin, end = _strip(kinds, 0, n)
    total, repeated, characters = paragraphs(points, sums, begin, end, breaks, lines, keys)
    out[9], out[10] = _ratio(repeated, total), _ratio(characters, n)
    _measure_lines(points, kinds, sums, n, breaks, lines, keys, out)
    out[25] = _ratio(out[25], n - newlines)
    _measure_grams(points, count, n, scratch, out)
    out[26] = _ratio(newlines, count)


@kernel
def _find_breaks(points, kinds, n, breaks):  # type: ignore[no-untyped-def]
    """Write to `breaks` the places of all line breaks that `str.splitlines` knows; (how many, how many newlines)."""
    found = newlines = 0
    for at in range(0, n, BLOCK):
        found = put_bits(class_mask(kinds, at, np.uint32(LINE_BREAK)) & within(at, n), at, breaks, found)
    for k in range(found):
        newlines += 1 if points[breaks[k]] == NEWLINE else 0
    return found, newlines


@kernel
def _count_ellipses(points, n):  # type: ignore[no-untyped-def]
    """`count_ellipses`, sooner where no three dots stand together."""
    if n < 3:
        return count_ellipses(points, n)
    dotted = 0
    first, second, third = points[: n - 2], points[1 : n - 1], points[2:n]
    for at in range(first.size):
        dotted += 1 if (first[at] == DOT) & (second[at] == DOT) & (third[at] == DOT) else 0
    return count_ellipses(points, n) if dotted else _count(points, n, ELLIPSIS)


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
def _measure_words(kinds, n, count, words, marks, letters, out):  # type: ignore[no-untyped-def]
    """Slots 1, 2, 7 and 8. marks, letters: scratch, uint64, a bit a code point."""
    for at in range(0, n, BLOCK):
        marks[at // BLOCK] = ~class_mask(kinds, at, np.uint32(MARK))
        letters[at // BLOCK] = class_mask(kinds, at, np.uint32(LETTERED))
    solid = characters = lettered = 0
    found = np.uint64(0)
    for at in range(count):
        begin = np.uint64(words[at, 0])
        size = words[at, 1] - words[at, 0]
        if size > BLOCK:
            is_solid, has_letter = _look(kinds, words[at, 0], words[at, 1])
        else:
            is_solid = bits_of(marks, begin, size) != 0
            has_letter = bits_of(letters, begin, size) != 0
        solid += 1 if is_solid else 0
        characters += size if is_solid else 0
        lettered += 1 if has_letter else 0
        value = np.uint64(words[at, 2])
        slot = value * _SCATTER >> _TOP
        found |= np.uint64(_STOPS[slot] == value) << slot
    out[1], out[2], out[7] = solid, _ratio(characters, solid), _ratio(lettered, count)
    out[8] = count_bits(found)


@kernel
def _look(kinds, begin, end):  # type: ignore[no-untyped-def]
    """(True if a character of [begin, end) is no punctuation, True if one is a letter)."""
    is_solid = has_letter = False
    for at in range(begin, end):
        is_solid = is_solid or not kinds[at] & MARK
        has_letter = has_letter or kinds[at] & LETTERED != 0
    return is_solid, has_letter


@kernel
def _measure_split_lines(points, kinds, n, breaks, lines):  # type: ignore[no-untyped-def]
    """(share of bulleted lines, share of lines that end in an ellipsis), as `str.splitlines` parts lines."""
    total = bulleted = elliptic = first = 0
    for k in range(lines + 1):
        at = breaks[k] if k < lines else n
        # Nothing stands behind the last break, nor between a carriage return and its newline.
        nothing = at == first and (
            k == lines or (at > 0 and points[at] == NEWLINE and points[at - 1] == _RETURN)
        )
        if not nothing:
            begin, end = _strip(kinds, first, at)
            total += 1
            bulleted += 1 if begin < end and (points[begin] == 0x2022 or points[begin] == 0x2D) else 0
            elliptic += 1 if ends_in_ellipsis(points, begin, end) else 0
        first = at + 1
    return _ratio(bulleted, total), _ratio(elliptic, total)


@kernel
def _strip(kinds, begin, end):  # type: ignore[no-untyped-def]
    """[begin, end) without the white space at both ends; empty if there is nothing else."""
    while begin < end and kinds[begin] & BLANK:
        begin += 1
    while end > begin and kinds[end - 1] & BLANK:
        end -= 1
    return begin, end


@kernel
def _measure_lines(points, kinds, sums, n, breaks, lines, keys, out):  # type: ignore[no-untyped-def]
    """Slots 11, 12 and 22 to 24; slot 25 the characters alone."""
    keys[:] = 0
    total = repeated = characters = 0
    solid = ended = short = solid_characters = first = 0
    for k in range(lines + 1):
        stop = breaks[k] if k < lines else n
        if k < lines and points[stop] != NEWLINE:
            continue
        if stop > first:
            total += 1
            fresh = is_new(keys, between(sums, first, stop))
            repeated += 0 if fresh else 1
            characters += 0 if fresh else stop - first
            if not _is_blank(kinds, first, stop):
                solid += 1
                ended += 1 if kinds[stop - 1] & TERMINAL else 0
                short += 1 if stop - first <= SHORT_LINE else 0
                solid_characters += 0 if fresh else stop - first
        first = stop + 1
    empty = (1 if n and points[0] == NEWLINE else 0) + (1 if n and points[n - 1] == NEWLINE else 0)
    out[11] = _ratio(repeated + (1 if empty == 2 else 0), total + empty)
    out[12] = _ratio(characters, n)
    out[22], out[23], out[24] = solid, _ratio(ended, solid), _ratio(short, solid)
    out[25] = solid_characters


@kernel
def _is_blank(kinds, begin, end):  # type: ignore[no-untyped-def]
    while begin < end and kinds[begin] & BLANK:
        begin += 1
    return begin == end


@kernel
def _measure_grams(points, count, n, scratch, out):  # type: ignore[no-untyped-def]
    """Slots 13 to 21."""
    words, joined, places = scratch.words.words, scratch.joined, scratch.places
    join_words(words, count, joined)
    measure_top_grams(words, joined, count, places, scratch.tallies, out[13:16])
    left = reading_places(points, words, joined, count, SHORTEST_DUPLICATE, places)
    for gram in range(SHORTEST_DUPLICATE, 11):
        left = reaching(joined, count, gram, left, places)
        out[11 + gram] = duplicate_characters(joined, gram, places.values, places.at, left, scratch.keys)
    for slot in range(13, 22):
        out[slot] = _ratio(out[slot], n)
