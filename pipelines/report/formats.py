"""How numbers and foreign text are written on the page."""

from __future__ import annotations

CONTROLS = {code: "\ufffd" for code in [*range(0x20), *range(0x7F, 0xA0)] if code not in (0x09, 0x0A)}
"""C0 and C1 control characters, which HTML forbids or reads as something else."""


def whole(count: int | float | None) -> str:
    """An integer with thousands separated; a dash where there is none."""
    return "–" if count is None else f"{count:,.0f}"


def compact(count: float | None) -> str:
    """Three significant digits with k, M, B (thousand, million, billion) or T; below 10,000 in full."""
    if count is None:
        return "–"
    if abs(count) < 10_000:
        return f"{count:,.0f}"
    for unit in ("k", "M", "B"):
        count /= 1000
        if abs(count) < 999.5:
            return f"{_digits(count)}{unit}"
    return f"{_digits(count / 1000)}T"


def size(count: float | None) -> str:
    """Bytes in decimal units: 48.8 MB."""
    if count is None:
        return "–"
    if abs(count) < 1000:
        return f"{count:,.0f} B"
    for unit in ("kB", "MB", "GB", "TB"):
        count /= 1000
        if abs(count) < 999.5:
            return f"{_digits(count)} {unit}"
    return f"{_digits(count / 1000)} PB"


def percent(part: float | None, whole: float | None = 1) -> str:
    """`part` of `whole` in per cent, one decimal; a dash where there is nothing to divide by."""
    if part is None or not whole:
        return "–"
    if part == whole:
        return "100%"
    share = part / whole
    return "<0.1%" if 0 < share < 0.0005 else f"{share:.1%}"


def signal(value: float | None) -> str:
    """A signal's value or threshold, four significant digits."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:.4g}"


def duration(seconds: float | None) -> str:
    """Seconds as 4.2 s, 3 min 05 s or 2 h 10 min."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def printable(text: str | None) -> str:
    """Foreign text without control characters; escaping is the template's part."""
    return (text or "").translate(CONTROLS)


def _digits(value: float) -> str:
    """Three significant digits, without an exponent."""
    return f"{value:.{2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0}f}"
