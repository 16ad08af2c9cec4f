"""A page's elements and blocks of text, read off its serialised tree in one pass.

The parser's serialisation is regular: every element is closed, attributes are quoted, '<' and '>' stand for
nothing but tags, and only five entities are left. Work is linear in the page, however deep it nests.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.extract.tags import (
    ANYWHERE,
    CODE,
    INLINE,
    KNOWN,
    RAW,
    SKIPPED,
    TAG_BITS,
    UNSHOWN,
    VOID,
    WORD_TABLE,
)
from pipelines.kernels.compile import kernel

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int32]
Bits = NDArray[np.uint64]
Kinds = NDArray[np.bool_]
Names = tuple[Bits, Ints]
Words = tuple[Bytes, Ints, NDArray[np.int64], Ints]
Sets = tuple[Any, ...]
State = NDArray[np.int64]

TAG, PARENT, DEPTH, ORDINAL, CHILDREN, LAST, HOLDER, N_ELEMENT = range(8)
"""Columns of `Page.elements`: code, parent's row, depth, place among its parent's children, children, last row
below it, nearest block-level element (itself counts).
"""

BEGIN, END, ELEMENT, FIRST, SIZE, LINKED, LINKS, MARKS, DIGITS, BREAKS, STOPPED, WORDS, N_BLOCK = range(13)
"""Columns of `Page.blocks`: bytes in the page, the block-level element that holds it, the innermost element at
its first letter, letters (see `_weight`), those inside links, links, punctuation marks, digits, br elements,
whether it ends in a sentence's mark, words.
"""


class Page(NamedTuple):
    """Elements in document order, the bits of each (its own; with its ancestors'), blocks in document order."""

    html: Bytes
    elements: Ints
    own: Bits
    inherited: Bits
    blocks: Ints


def _name_table() -> tuple[Bits, Ints]:
    """Sorted keys of element names (first eight letters) and their codes; no two known names share a key."""
    keys = np.array([int.from_bytes(name.encode()[:8], "big") for name in KNOWN], np.uint64)
    order = np.argsort(keys)
    return keys[order], (order + 1).astype(np.int32)


NAMES = _name_table()
A, BR, HTML, BODY = (CODE[name] for name in ("a", "br", "html", "body"))

CURRENT, HIDDEN, LINK, N_ELEMENTS, N_BLOCKS = range(5)
"""The scan's state: innermost open element, open elements whose content is no text, the open link (0: none), counts."""


def scan(html: str) -> Page:
    """The page of serialised `html`."""
    page = np.frombuffer(html.encode(errors="replace"), np.uint8)
    room = int(np.count_nonzero(page == 60)) + 2
    elements, blocks = np.zeros((room, N_ELEMENT), np.int32), np.zeros((room, N_BLOCK), np.int32)
    bits, state = np.zeros((room, 2), np.uint64), np.array([0, 0, 0, 1, 0])
    _scan(page, NAMES, WORD_TABLE, (INLINE, VOID, RAW, SKIPPED, TAG_BITS), elements, bits, blocks, state)
    rows, n_blocks = int(state[N_ELEMENTS]), int(state[N_BLOCKS])
    return Page(page, elements[:rows], bits[:rows, 0], bits[:rows, 1], blocks[:n_blocks])


@kernel
def _code(key: np.uint64, names: Names) -> int:  # pragma: no cover
    keys, codes = names
    at = np.searchsorted(keys, key)
    return codes[at] if at < len(keys) and keys[at] == key else 0


@kernel
def element_name(page: Bytes, at: int, names: Names) -> tuple[int, int]:  # pragma: no cover
    """(code of the name that starts at `at`, where it ends)."""
    key, letters = np.uint64(0), 0
    while at < len(page) and page[at] != 32 and page[at] != 62 and page[at] != 47:
        if letters < 8:
            key = (key << np.uint64(8)) | np.uint64(page[at])
        letters += 1
        at += 1
    return _code(key, names), at


@kernel
def _lower(byte: int) -> int:  # pragma: no cover
    return byte | 32 if 65 <= byte <= 90 else byte


@kernel
def _groups(page: Bytes, begin: int, end: int, words: Words) -> np.uint64:  # pragma: no cover
    """Bits of the groups whose words stand in the attribute value [begin, end)."""
    letters, starts, groups, initials = words
    bits = np.uint64(0)
    previous = 32
    for at in range(begin, end):
        byte = page[at]
        low = _lower(byte)
        if 97 <= low <= 122:
            fresh = not (97 <= _lower(previous) <= 122) or (65 <= byte <= 90 and previous >= 97)
            for word in range(initials[low - 97], initials[low - 96]):
                length = starts[word + 1] - starts[word]
                if (not fresh and length < ANYWHERE) or at + length > end:
                    continue
                same = 1
                while same < length and _lower(page[at + same]) == letters[starts[word] + same]:
                    same += 1
                if same == length:
                    bits |= np.uint64(1) << np.uint64(groups[word])
        previous = byte
    return bits


@kernel
def _is(page: Bytes, begin: int, end: int, text: bytes) -> bool:  # pragma: no cover
    same = end - begin == len(text)
    for index in range(len(text)):
        same = same and page[begin + index] == text[index]
    return same


@kernel
def _hides(page: Bytes, begin: int, end: int) -> bool:  # pragma: no cover
    """Whether a style says display:none."""
    for at in range(begin, end - 11):
        if _is(page, at, at + 8, b"display:"):
            rest = at + 8 + (page[at + 8] == 32)
            return rest + 4 <= end and _is(page, rest, rest + 4, b"none")
    return False


@kernel
def _attributes(page: Bytes, at: int, words: Words) -> tuple[np.uint64, int]:  # pragma: no cover
    """(bits of the attributes that start at `at`, where their tag ends: behind its '>')."""
    bits = np.uint64(0)
    while at < len(page) and page[at] != 62:
        if page[at] == 32 or page[at] == 47:
            at += 1
            continue
        begin = at
        while at < len(page) and page[at] != 61 and page[at] != 62 and page[at] != 32:
            at += 1
        name_end = at
        value = value_end = at
        if at + 1 < len(page) and page[at] == 61 and page[at + 1] == 34:
            value = value_end = at + 2
            while value_end < len(page) and page[value_end] != 34:
                value_end += 1
            at = value_end + 1
        elif at < len(page) and page[at] == 61:
            at += 1
        if (
            _is(page, begin, name_end, b"class")
            or _is(page, begin, name_end, b"id")
            or _is(page, begin, name_end, b"role")
            or _is(page, begin, name_end, b"itemprop")
        ):
            bits |= _groups(page, value, value_end, words)
        elif _is(page, begin, name_end, b"hidden") or (
            _is(page, begin, name_end, b"style") and _hides(page, value, value_end)
        ):
            bits |= np.uint64(1) << np.uint64(UNSHOWN)
    return bits, min(at + 1, len(page))


@kernel
def behind_raw(page: Bytes, at: int, name_begin: int, name_end: int) -> int:  # pragma: no cover
    """Where the end tag of a raw element stands; the end of the page where there is none."""
    length = name_end - name_begin
    while at + 2 + length <= len(page):
        if page[at] == 60 and page[at + 1] == 47:
            same = 0
            while same < length and page[at + 2 + same] == page[name_begin + same]:
                same += 1
            if same == length:
                return at
        at += 1
    return len(page)


@kernel
def behind_comment(page: Bytes, at: int) -> int:  # pragma: no cover
    """Behind the comment, doctype or instruction whose '<' stands at `at`."""
    comment = at + 3 < len(page) and page[at + 2] == 45 and page[at + 3] == 45
    at += 4 if comment else 2
    while at < len(page):
        if page[at] == 62 and (not comment or (page[at - 1] == 45 and page[at - 2] == 45)):
            return at + 1
        at += 1
    return at


@kernel
def _weight(byte: int) -> int:  # pragma: no cover
    """Letters that the character at a leading byte counts for: three in scripts of syllables and ideographs."""
    if byte < 128:
        return 1
    if byte < 192:
        return 0
    return 3 if 0xE3 <= byte <= 0xED else 1


@kernel
def _mark(page: Bytes, at: int) -> int:  # pragma: no cover
    """Whether a punctuation mark of a sentence starts at `at`, in any script: 1, or 2 for one that ends it."""
    byte = page[at]
    if byte == 46 or byte == 33 or byte == 63:
        return 2
    if byte == 44 or byte == 59 or byte == 58:
        return 1
    if byte < 192 or at + 2 >= len(page):
        return 0
    second, third = page[at + 1], page[at + 2]
    if byte == 0xE3 and second == 0x80 and (third == 0x82 or third == 0x81):
        return 2 if third == 0x82 else 1
    if byte == 0xEF and second == 0xBC:
        return 2 if third == 0x81 or third == 0x9F else (1 if third == 0x8C else 0)
    if byte == 0xD8 and (second == 0x9F or second == 0x8C or second == 0x9B):
        return 2 if second == 0x9F else 1
    if byte == 0xE0 and second == 0xA5 and third == 0xA4:
        return 2
    return 0


@kernel
def _text(page: Bytes, at: int, block: Ints, link: bool) -> tuple[int, int]:  # pragma: no cover
    """Count the text from `at` to the next tag into `block`; returns (where that tag stands, letters)."""
    letters = 0
    spaced = True
    while at < len(page) and page[at] != 60:
        byte = page[at]
        if byte == 38:  # an entity: &nbsp; is white space, the others are marks
            space = page[at + 1] == 110 if at + 1 < len(page) else False
            while at < len(page) and page[at] != 59 and page[at] != 60:
                at += 1
            at += at < len(page) and page[at] == 59
            letters += not space
            spaced = space
            continue
        if byte <= 32:
            spaced = True
        else:
            weight = _weight(byte)
            block[WORDS] += spaced or weight == 3
            spaced = False
            letters += weight
            mark = _mark(page, at)
            block[MARKS] += mark > 0
            block[STOPPED] = (
                1 if mark == 2 else (block[STOPPED] if byte in (34, 39, 41, 93) or 128 <= byte < 192 else 0)
            )
            block[DIGITS] += 48 <= byte <= 57
        at += 1
    block[SIZE] += letters
    if link:
        block[LINKED] += letters
    return at, letters


@kernel
def _end_block(blocks: Ints, state: State, begin: int, end: int) -> None:  # pragma: no cover
    """End the block before the tag [begin, end), if it holds text, and begin the next behind the tag."""
    block = blocks[state[N_BLOCKS]]
    if block[FIRST] >= 0:
        block[END] = begin
        state[N_BLOCKS] += 1
        block = blocks[state[N_BLOCKS]]
    block[:] = 0
    block[BEGIN], block[FIRST] = end, -1


@kernel
def _open(elements: Ints, state: State, code: int, inline: Kinds) -> int:  # pragma: no cover
    """Add an element below the current one and make it the current one."""
    parent, element = state[CURRENT], state[N_ELEMENTS]
    state[N_ELEMENTS] += 1
    state[CURRENT] = element
    elements[parent, CHILDREN] += 1
    row = elements[element]
    row[TAG], row[PARENT], row[DEPTH] = code, parent, elements[parent, DEPTH] + 1
    row[ORDINAL], row[LAST] = elements[parent, CHILDREN], element
    row[HOLDER] = elements[parent, HOLDER] if inline[code] else element
    return element


@kernel
def _leave(elements: Ints, state: State, skipped: Kinds) -> None:  # pragma: no cover
    """End the current element."""
    element = state[CURRENT]
    if element > 0:
        elements[element, LAST] = state[N_ELEMENTS] - 1
        state[HIDDEN] -= skipped[elements[element, TAG]]
        state[LINK] = 0 if state[LINK] == element else state[LINK]
        state[CURRENT] = elements[element, PARENT]


@kernel
def _start_tag(
    page: Bytes,
    at: int,
    names: Names,
    words: Words,
    sets: Sets,
    elements: Ints,
    bits: Bits,
    blocks: Ints,
    state: State,
) -> int:  # pragma: no cover
    """Take in the start tag at `at`; returns where to go on."""
    inline, void, raw, skipped, tag_bits = sets
    code, name_end = element_name(page, at + 1, names)
    groups, end = _attributes(page, name_end, words)
    if not inline[code] and not state[HIDDEN]:
        _end_block(blocks, state, at, end)
    if void[code]:
        blocks[state[N_BLOCKS], BREAKS] += code == BR
        return end
    parent = state[CURRENT]
    element = _open(elements, state, code, inline)
    groups |= tag_bits[code]
    bits[element, 0] = groups
    bits[element, 1] = np.uint64(0) if code in (HTML, BODY) else groups | bits[parent, 1]
    state[HIDDEN] += skipped[code]
    if code == A and not state[HIDDEN]:
        state[LINK] = element
        blocks[state[N_BLOCKS], LINKS] += 1
    return behind_raw(page, end, at + 1, name_end) if raw[code] else end


@kernel
def _end_tag(
    page: Bytes, at: int, names: Names, sets: Sets, elements: Ints, blocks: Ints, state: State
) -> int:  # pragma: no cover
    """Take in the end tag at `at`; returns where to go on."""
    code, name_end = element_name(page, at + 2, names)
    hidden = state[HIDDEN]
    _leave(elements, state, sets[3])
    if not sets[0][code] and not state[HIDDEN]:
        _end_block(blocks, state, at if not hidden else blocks[state[N_BLOCKS], BEGIN], name_end + 1)
    return name_end + 1


@kernel
def _run(page: Bytes, at: int, elements: Ints, blocks: Ints, state: State) -> int:  # pragma: no cover
    """Take in the text at `at`; returns where the next tag stands."""
    if state[HIDDEN]:
        while at < len(page) and page[at] != 60:
            at += 1
        return at
    block = blocks[state[N_BLOCKS]]
    at, letters = _text(page, at, block, state[LINK] > 0)
    if letters and block[FIRST] < 0:
        block[FIRST], block[ELEMENT] = state[CURRENT], elements[state[CURRENT], HOLDER]
    return at


@kernel
def _scan(
    page: Bytes,
    names: Names,
    words: Words,
    sets: Sets,
    elements: Ints,
    bits: Bits,
    blocks: Ints,
    state: State,
) -> None:  # pragma: no cover
    blocks[0, FIRST] = -1
    at = 0
    while at < len(page):
        following = page[at + 1] if at + 1 < len(page) else 0
        if page[at] != 60:
            at = _run(page, at, elements, blocks, state)
        elif following == 33 or following == 63:  # ! ?
            at = behind_comment(page, at)
        elif following == 47:  # /
            at = _end_tag(page, at, names, sets, elements, blocks, state)
        else:
            at = _start_tag(page, at, names, words, sets, elements, bits, blocks, state)
    _end_block(blocks, state, len(page), len(page))
