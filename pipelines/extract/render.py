"""Blocks of a page as text: plain, or light Markdown with headings, lists, code and table rows marked.

White space is collapsed as a browser does, except in preformatted text, which stays as it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.extract.scan import (
    BEGIN,
    BR,
    ELEMENT,
    END,
    NAMES,
    ORDINAL,
    PARENT,
    SIZE,
    TAG,
    Bytes,
    Ints,
    Page,
    Sets,
    behind_comment,
    behind_raw,
    element_name,
)  # fmt: skip
from pipelines.extract.tags import CODE, RAW, SKIPPED, VOID, codes
from pipelines.kernels.compile import kernel

Marks = NDArray[np.bool_]

MAX_INDENT = 8
"""List levels that are indented; deeper ones stand as deep."""
MAX_CELLS = 64
"""Separators for empty cells in a row, at most."""
MAX_CELL = 300
"""Letters of a block above which its table is one for layout, and its cells are paragraphs."""
PER_BLOCK = 4 * MAX_CELLS
"""Bytes of marks before a block, at most."""

OL, TABLE, H1, H6, ITEM_CODE = (CODE[name] for name in ("ol", "table", "h1", "h6", "li"))
LISTS, CELLS, PRE = codes("ul ol menu dir"), codes("td th"), codes("pre listing xmp plaintext")
APART_CODES = codes(
    "p h1 h2 h3 h4 h5 h6 blockquote pre listing ul ol dl table figure article section main header footer aside"
)

ITEM, LEVEL, LIST, CELL, GRID, VERBATIM, RANK, APART, N_KIN = range(9)
"""What an element stands in: list item, list levels, outermost list, cell, table, preformatted text, heading of
which rank, nearest element with space around it.
"""

TAB, NEWLINE, SPACE, BACKTICK = 9, 10, 32, 96


def render(page: Page, keep: NDArray[np.bool_], markdown: bool) -> str:
    """The text of the blocks of `page` that `keep` (blocks,) marks."""
    blocks = page.blocks[keep]
    kin = np.zeros((len(page.elements), N_KIN), np.int32)
    layout = np.zeros((len(page.elements), 2), np.bool_)
    content = int((blocks[:, END] - blocks[:, BEGIN]).sum())
    out = np.empty(2 * content + PER_BLOCK * (len(blocks) + 1), np.uint8)
    kinds, sets = (LISTS, CELLS, PRE, APART_CODES), (NAMES, VOID, RAW, SKIPPED)
    size = _render(page.html, page.elements, page.blocks, blocks, kin, layout, kinds, sets, markdown, out)
    return out[:size].tobytes().decode(errors="replace").strip("\n")


@kernel
def _find_kin(
    elements: Ints, blocks: Ints, kin: Ints, layout: Marks, kinds: Sets
) -> None:  # pragma: no cover
    """Fill `kin`, and in the first column of `layout` which tables are there for layout."""
    lists, cells, pre, apart = kinds
    for element in range(1, len(elements)):
        code, row = elements[element, TAG], kin[element]
        row[:] = kin[elements[element, PARENT]]
        row[LEVEL] += lists[code]
        row[LIST] = element if lists[code] and row[LIST] == 0 else row[LIST]
        row[ITEM] = element if code == ITEM_CODE else row[ITEM]
        row[CELL] = element if cells[code] else row[CELL]
        row[APART] = element if apart[code] else row[APART]
        row[RANK] = code - H1 + 1 if H1 <= code <= H6 else row[RANK]
        if pre[code] and row[VERBATIM] == 0:
            row[VERBATIM] = element
        if code == TABLE:
            layout[row[GRID], 0] = True
            row[GRID], row[CELL], row[ITEM], row[LIST] = element, 0, 0, 0
    for block in blocks:
        row = kin[block[ELEMENT]]
        if block[SIZE] > MAX_CELL or row[VERBATIM] > 0:
            layout[row[GRID], 0] = True


@kernel
def _cell(row: Ints, layout: Marks) -> int:  # pragma: no cover
    """The cell of a table of data in which a block stands, else 0."""
    return 0 if layout[row[GRID], 0] else row[CELL]


@kernel
def _put(out: Bytes, at: int, byte: int, times: int) -> int:  # pragma: no cover
    for _ in range(times):
        out[at] = byte
        at += 1
    return at


@kernel
def _separators(out: Bytes, at: int, cells: int, markdown: bool) -> int:  # pragma: no cover
    for _ in range(min(cells, MAX_CELLS)):
        if markdown:
            at = _put(out, at, SPACE, at > 0 and out[at - 1] != NEWLINE and out[at - 1] != SPACE)
            at = _put(out, at, 124, 1)  # |
            at = _put(out, at, SPACE, 1)
        else:
            at = _put(out, at, TAB, 1)
    return at


@kernel
def _between(
    elements: Ints, before: Ints, after: Ints, layout: Marks, markdown: bool, out: Bytes, at: int
) -> int:  # pragma: no cover
    """Write what stands between two blocks."""
    left, right = _cell(before, layout), _cell(after, layout)
    if left > 0 and right > 0 and before[GRID] == after[GRID]:
        if left == right:
            return _put(out, at, SPACE, 1)
        if elements[left, PARENT] == elements[right, PARENT]:
            return _separators(out, at, elements[right, ORDINAL] - elements[left, ORDINAL], markdown)
        return _put(out, at, NEWLINE, 1)
    near = before[APART] == after[APART] or (before[LIST] > 0 and before[LIST] == after[LIST])
    return _put(out, at, NEWLINE, 1 if near else 2)


@kernel
def _number(out: Bytes, at: int, number: int) -> int:  # pragma: no cover
    scale = 1
    while scale * 10 <= number:
        scale *= 10
    while scale > 0:
        out[at] = 48 + number // scale % 10
        at, scale = at + 1, scale // 10
    return at


@kernel
def _item_mark(
    elements: Ints, row: Ints, layout: Marks, markdown: bool, out: Bytes, at: int
) -> int:  # pragma: no cover
    """Write a list item's indent and, before its first block, its bullet or number."""
    item = row[ITEM]
    at = _put(out, at, SPACE, 2 * min(max(row[LEVEL] - 1, 0), MAX_INDENT))
    if layout[item, 1]:
        return _put(out, at, SPACE, 2)
    layout[item, 1] = True
    if elements[elements[item, PARENT], TAG] == OL:
        at = _number(out, at, elements[item, ORDINAL])
        at = _put(out, at, 46, 1)  # .
    elif markdown:
        at = _put(out, at, 45, 1)  # -
    else:
        out[at], out[at + 1], out[at + 2] = 0xE2, 0x80, 0xA2  # U+2022
        at += 3
    return _put(out, at, SPACE, 1)


@kernel
def _fence(page: Bytes, blocks: Ints, index: int, kin: Ints) -> int:  # pragma: no cover
    """Backticks that fence the preformatted text which begins with block `index`: more than stand in it."""
    verbatim, longest, run = kin[blocks[index, ELEMENT], VERBATIM], 2, 0
    while index < len(blocks) and kin[blocks[index, ELEMENT], VERBATIM] == verbatim:
        for at in range(blocks[index, BEGIN], blocks[index, END]):
            run = run + 1 if page[at] == BACKTICK else 0
            longest = max(longest, run)
        index += 1
    return longest + 1


@kernel
def _mark(
    elements: Ints, row: Ints, layout: Marks, markdown: bool, out: Bytes, at: int
) -> int:  # pragma: no cover
    """Write what stands before a block: bullet, number sign of a heading, separators of empty cells."""
    cell = _cell(row, layout)
    if cell > 0:
        first = at == 0 or out[at - 1] == NEWLINE
        return _separators(out, at, elements[cell, ORDINAL] - 1 if first else 0, markdown)
    if row[ITEM] > 0:
        at = _item_mark(elements, row, layout, markdown, out, at)
    if row[RANK] > 0 and markdown:
        at = _put(out, at, 35, row[RANK])  # #
        at = _put(out, at, SPACE, 1)
    return at


@kernel
def _entity(page: Bytes, at: int) -> tuple[int, int]:  # pragma: no cover
    """(the byte that the entity at `at` stands for, where it ends)."""
    end = at + 1
    while end < len(page) and end < at + 7 and page[end] != 59:
        end += 1
    following = page[at + 1] if at + 1 < len(page) else 0
    if following == 97:
        return 38, end + 1
    if following == 108:
        return 60, end + 1
    if following == 103:
        return 62, end + 1
    return (34 if following == 113 else SPACE), end + 1


@kernel
def _trim(out: Bytes, at: int, begin: int) -> int:  # pragma: no cover
    while at > begin and (out[at - 1] == SPACE or out[at - 1] == NEWLINE or out[at - 1] == TAB):
        at -= 1
    return at


@kernel
def _break(out: Bytes, at: int, begin: int, verbatim: bool, flat: bool) -> int:  # pragma: no cover
    """Write a line break: one space in a heading or cell, never more than one blank line."""
    if verbatim:
        return _put(out, at, NEWLINE, 1)
    while at > begin and out[at - 1] == SPACE:
        at -= 1
    if at == begin or (at > begin + 1 and out[at - 1] == NEWLINE and out[at - 2] == NEWLINE):
        return at
    return _put(out, at, SPACE if flat else NEWLINE, 1)


@kernel
def _tag(page: Bytes, at: int, sets: Sets, hidden: int) -> tuple[int, int, int]:  # pragma: no cover
    """(code of the tag at `at` or -1, where to go on, open elements whose content is no text)."""
    names, void, raw, skipped = sets
    following = page[at + 1] if at + 1 < len(page) else 0
    if following == 33 or following == 63:  # ! ?
        return -1, behind_comment(page, at), hidden
    closing = following == 47
    code, end = element_name(page, at + 1 + closing, names)
    name_end = end
    while end < len(page) and page[end] != 62:
        end += 1
    end += 1
    if closing:
        return -1, end, hidden - skipped[code]
    if raw[code]:
        end = behind_raw(page, end, at + 1, name_end)
    return code, end, hidden + (skipped[code] and not void[code])


@kernel
def _write(
    page: Bytes, begin: int, end: int, sets: Sets, verbatim: bool, flat: bool, out: Bytes, at: int
) -> int:  # pragma: no cover
    """Write the text of the bytes [begin, end) of the page."""
    start, hidden = at, 0
    while begin < end:
        byte = page[begin]
        if byte == 60:
            code, begin, hidden = _tag(page, begin, sets, hidden)
            if code == BR and hidden == 0:
                at = _break(out, at, start, verbatim, flat)
            continue
        if byte == 38:
            byte, begin = _entity(page, begin)
        else:
            begin += 1
        if hidden > 0:
            continue
        if byte <= SPACE and not verbatim:
            blank = at == start or out[at - 1] == SPACE or out[at - 1] == NEWLINE
            at = _put(out, at, SPACE, not blank)
        elif not (verbatim and byte == NEWLINE and at == start):
            at = _put(out, at, byte, 1)
    return _trim(out, at, start)


@kernel
def _render(
    page: Bytes,
    elements: Ints,
    all_blocks: Ints,
    blocks: Ints,
    kin: Ints,
    layout: Marks,
    kinds: Sets,
    sets: Sets,
    markdown: bool,
    out: Bytes,
) -> int:  # pragma: no cover
    _find_kin(elements, all_blocks, kin, layout, kinds)
    at, fence, nothing = 0, 0, kin[0]
    before = nothing
    for index in range(len(blocks)):
        block, row = blocks[index], kin[blocks[index, ELEMENT]]
        verbatim = row[VERBATIM]
        same = verbatim > 0 and verbatim == before[VERBATIM]
        if fence and not same:
            at = _put(out, at, NEWLINE, 1)
            at, fence = _put(out, at, BACKTICK, fence), 0
        if same:
            at = _put(out, at, NEWLINE, 1)
        elif index > 0:
            at = _between(elements, before, row, layout, markdown, out, at)
        if verbatim > 0 and not same and markdown:
            fence = _fence(page, blocks, index, kin)
            at = _put(out, at, BACKTICK, fence)
            at = _put(out, at, NEWLINE, 1)
        if verbatim == 0:
            at = _mark(elements, row, layout, markdown, out, at)
        flat = row[RANK] > 0 or _cell(row, layout) > 0
        at = _write(page, block[BEGIN], block[END], sets, verbatim > 0, flat, out, at)
        before = row
    if fence:
        at = _put(out, at, NEWLINE, 1)
        at = _put(out, at, BACKTICK, fence)
    return at
