"""Shingles in plain Python: slow, with nothing shared with the kernels but the rule."""

from __future__ import annotations

import re
import unicodedata

ALONE = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\u0e01-\u0e30\u0e40-\u0e46]")


def tokens(text: str) -> list[str]:
    """Tokens of a text of Latin, Greek, Cyrillic, Arabic, Indic, Han, Kana or Thai characters."""
    found: list[str] = []
    joins = False
    for char in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(char)
        if kind in ("Cf", "Cc") and not char.isspace():
            continue
        folded = char.lower()[0]
        if kind[0] == "M" and found and joins is not None:
            found[-1] += folded
        elif kind[0] in "LNM":
            if ALONE.match(folded) or not joins:
                found.append(folded)
            else:
                found[-1] += folded
            joins = not ALONE.match(folded)
        else:
            joins = None
    return found


def shingles(text: str, ngram: int = 5) -> set[tuple[str, ...]]:
    """Set of windows of `ngram` tokens."""
    words = tokens(text)
    return {tuple(words[i : i + ngram]) for i in range(len(words) - ngram + 1)}


def jaccard(left: set, right: set) -> float:
    """Jaccard similarity; 0 where both are empty."""
    return len(left & right) / len(left | right) if left or right else 0.0
