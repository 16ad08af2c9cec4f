"""Words: whitespace-delimited where a script has spaces, counted by character class where it has none."""

from __future__ import annotations

import numpy as np

from pipelines.kernels.bits import BLOCK, class_mask, count_bits, within
from pipelines.kernels.codepoints import DIGIT, LETTER, LOGOGRAM, SPACE, UNSPACED
from pipelines.kernels.compile import kernel

SYLLABLE_WORD = 5
"""Characters (letters and marks) taken as one word in scripts of the SYLLABLE class: Thai words average
four to five.
"""

STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
"""Gopher's eight (Rae et al. 2021, A.1.1)."""

_PACKED = tuple(int.from_bytes(word.encode(), "big") for word in STOP_WORDS)

_ALL_STOP_WORDS = (1 << len(STOP_WORDS)) - 1


@kernel
def count_words(classes, begin, end):  # type: ignore[no-untyped-def]
    """(words, words with a letter, spaced words, characters in spaced words) among the code points [begin,
    end).

    A run of non-space characters with no unspaced letter is one word. In any other run every LOGOGRAM is a
    word, every stretch of SYLLABLE characters is one word for each `SYLLABLE_WORD` begun, every other
    stretch with a letter or digit is a word, and marks between them are none. Spaced words are those with
    no unspaced letter.
    """
    words = with_letter = spaced = characters = 0
    at = begin
    while at < end:
        if classes[at] & SPACE:
            at += 1
            continue
        first = at
        at, seen = _stretch(classes, at, end, 0)
        if at == end or classes[at] & SPACE:
            more, lettered, plain, length = 1, 1 if seen & LETTER else 0, 1, at - first
        else:
            at, more, lettered, plain, length = _mixed_run(classes, first, end)
        words += more
        with_letter += lettered
        spaced += plain
        characters += length
    return words, with_letter, spaced, characters


@kernel
def has_unspaced(classes):  # type: ignore[no-untyped-def]
    """True if a letter of a script without spaces occurs: else words are what stands between white space."""
    seen = 0
    for at in range(classes.size):
        seen |= classes[at]
    return seen & UNSPACED != 0


@kernel
def list_words(classes, begins, ends):  # type: ignore[no-untyped-def]
    """Fill `begins`, `ends` (int32) with the words that `count_words` counts; returns how many.

    Of a stretch of SYLLABLE characters each word is the next `SYLLABLE_WORD` of them, the last what is left.
    """
    words = at = 0
    while at < classes.size:
        if classes[at] & SPACE:
            at += 1
            continue
        first = at
        at, _ = _stretch(classes, at, classes.size, 0)
        if at == classes.size or classes[at] & SPACE:
            begins[words], ends[words] = first, at
            words += 1
        else:
            at, words = _list_mixed(classes, first, begins, ends, words)
    return words


@kernel
def _list_mixed(classes, at, begins, ends, words):  # type: ignore[no-untyped-def]
    """(end, words so far) after the run of non-space characters at `at`, which has unspaced letters."""
    while at < classes.size and not classes[at] & SPACE:
        first = at
        kind = classes[at] & UNSPACED
        at, seen = _stretch(classes, at, classes.size, kind)
        if not kind and not seen & (LETTER | DIGIT):
            continue
        step = at - first
        if kind:
            step = 1 if kind & LOGOGRAM else SYLLABLE_WORD
        for begin in range(first, at, step):
            begins[words], ends[words] = begin, min(begin + step, at)
            words += 1
    return at, words


@kernel
def _stretch(classes, at, end, kind):  # type: ignore[no-untyped-def]
    """(end, union of classes) of the stretch at `at` of non-space characters whose unspaced class is `kind`
    (or 0).
    """
    seen = 0
    while at < end and not classes[at] & SPACE and classes[at] & UNSPACED == kind:
        seen |= classes[at]
        at += 1
    return at, seen


@kernel
def _mixed_run(classes, at, end):  # type: ignore[no-untyped-def]
    """(end, and what `count_words` returns) of the run of non-space characters at `at`, which has unspaced
    letters.
    """
    words = with_letter = spaced = characters = 0
    while at < end and not classes[at] & SPACE:
        first = at
        kind = classes[at] & UNSPACED
        at, seen = _stretch(classes, at, end, kind)
        if kind:
            more = at - first if kind & LOGOGRAM else (at - first + SYLLABLE_WORD - 1) // SYLLABLE_WORD
            words += more
            with_letter += more
        elif seen & (LETTER | DIGIT):
            words += 1
            with_letter += 1 if seen & LETTER else 0
            spaced += 1
            characters += at - first
    return at, words, with_letter, spaced, characters


@kernel
def longest_word(classes, begin, end):  # type: ignore[no-untyped-def]
    """Characters in the longest stretch that holds neither a space nor an unspaced letter."""
    longest = 0
    length = 0
    for at in range(begin, end):
        length = 0 if classes[at] & (SPACE | UNSPACED) else length + 1
        longest = max(longest, length)
    return longest


@kernel
def count_spaced(classes, n, words, characters):  # type: ignore[no-untyped-def]
    """`count_words` of a page without unspaced letters, from its stretches without white space and their
    characters: left are those with a letter.

    Added to the mask of such stretches, that of letters carries out of each that has one, into the space behind it.
    """
    with_letter = 0
    carry = np.uint64(0)
    for at in range(0, n, BLOCK):
        space = class_mask(classes, at, np.uint32(SPACE)) | ~within(at, n)
        letters = class_mask(classes, at, np.uint32(LETTER)) & ~space
        total = ~space + letters
        over = np.uint64(total < letters)
        total += carry
        over |= np.uint64(total < carry)
        with_letter += count_bits(total & space)
        carry = over
    return words, with_letter + np.int64(carry), words, characters


@kernel
def count_stop_words(page, places):  # type: ignore[no-untyped-def]
    """How many of the eight `STOP_WORDS` are among the words number `places` of `page`: any case, marks around
    the word ignored.
    """
    points, classes, begins, ends = page.points, page.classes, page.word_begin, page.word_end
    found = 0
    for word in places:
        begin, end = begins[word], ends[word]
        while begin < end and not classes[begin] & (LETTER | DIGIT):
            begin += 1
        found |= _stop_word(points, begin, _trimmed(classes, begin, end))
        if found == _ALL_STOP_WORDS:
            break
    return count_bits(np.uint64(found))


@kernel
def _trimmed(classes, begin, end):  # type: ignore[no-untyped-def]
    """`end` moved before the marks at the end of the word [begin, end)."""
    while end > begin and not classes[end - 1] & (LETTER | DIGIT):
        end -= 1
    return end


@kernel
def is_stop_word(points, begin, end):  # type: ignore[no-untyped-def]
    """True if [begin, end) is one of the eight `STOP_WORDS`, in lower case."""
    if end - begin > 4:
        return False
    small = np.uint32(0x20)
    for at in range(begin, end):
        small &= points[at]
    return small != 0 and _stop_word(points, begin, end) != 0


@kernel
def _stop_word(points, begin, end):  # type: ignore[no-untyped-def]
    """A bit mask: bit k set if [begin, end) is `STOP_WORDS[k]`."""
    if end - begin < 2 or end - begin > 4:
        return 0
    packed = 0
    for at in range(begin, end):
        point = points[at]
        if point > 0x7F:
            return 0
        packed = (packed << 8) | (point | 0x20)
    for k in range(len(_PACKED)):
        if packed == _PACKED[k]:
            return 1 << k
    return 0
