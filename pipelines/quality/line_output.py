"""Writing the lines that an editor keeps, as UTF-8 bytes."""

from __future__ import annotations

from pipelines.kernels.compile import kernel
from pipelines.kernels.lines import NEWLINE


@kernel
def copy(data, start, stop, out, written):  # type: ignore[no-untyped-def]
    """Copy the bytes [start, stop) of `data` to `out` from `written` on; returns how many."""
    for at in range(start, stop):
        out[written + at - start] = data[at]
    return stop - start


@kernel
def newline(length, out, written):  # type: ignore[no-untyped-def]
    """Begin another line where there is one already: `length` bytes of the page are written; returns how
    many are then.
    """
    if length:
        out[written + length] = NEWLINE
        length += 1
    return length


@kernel
def put_point(line, at, m, points, classes, places):  # type: ignore[no-untyped-def]
    """Take the code point at `at` into `line`, a scratch of three arrays, as its number `m`.

    The places of `line` hold each code point's place in the bytes, times eight, plus its width, since what
    stands side by side in an edited line need not do so in the page.
    """
    line[0][m], line[1][m] = points[at], classes[at]
    line[2][m] = places[at] << 3 | (places[at + 1] - places[at])


@kernel
def write_points(data, line, begin, end, out, written):  # type: ignore[no-untyped-def]
    """Copy the bytes of the code points [begin, end) of the scratch `line`; returns how many."""
    length = 0
    for k in range(begin, end):
        start = line[2][k] >> 3
        length += copy(data, start, start + (line[2][k] & 7), out, written + length)
    return length
