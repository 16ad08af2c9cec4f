"""Classes of code points: the table by which every rule holds in every script.

| class | code points |
|---|---|
| LETTER | general category L* (what `str.isalpha` accepts) |
| DIGIT | general category Nd (`str.isdecimal`) |
| SPACE | `str.isspace` |
| UPPER, LOWER | general categories Lu and Lt; Ll |
| LOGOGRAM | Han ideographs, hiragana, katakana: written without spaces, each counted as a word |
| SYLLABLE | letters and marks of Thai, Lao, Khmer, Myanmar, Tibetan, Tai and others without spaces |
| STOP | a sentence may end here: . ? ! and the marks of other scripts |
| FULL_STOP | a STOP that ends a sentence even with no space after it: every STOP but . ? ! |
| CLOSER | quotation marks and closing brackets, which belong to the sentence before them |
| LINE_END | C4's terminal marks . ? ! " and, as our extension, every STOP, the closing quotes ” » 」 』 and ፡ |
| BULLET | marks that open a list item: • ‣ ⁃ ● ○ ◦ ▪ ■ ・ - * |
| LINE_BREAK | \\n alone |
| WORD | `\\w` of Python's regular expressions: `str.isalnum`, and the low line |
| NUMERIC | `str.isnumeric` |
| CAPITAL | `str.isupper` of the character alone (property Uppercase, so Ⅳ and Ⓐ as well) |
| SMALL | `str.islower` of the character alone, or title case: what keeps a word from being all capitals |
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np

LETTER = 1 << 0
DIGIT = 1 << 1
SPACE = 1 << 2
UPPER = 1 << 3
LOWER = 1 << 4
LOGOGRAM = 1 << 5
SYLLABLE = 1 << 6
STOP = 1 << 7
FULL_STOP = 1 << 8
CLOSER = 1 << 9
LINE_END = 1 << 10
BULLET = 1 << 11
LINE_BREAK = 1 << 12
WORD = 1 << 20
NUMERIC = 1 << 21
CAPITAL = 1 << 22
SMALL = 1 << 23
UNSPACED = LOGOGRAM | SYLLABLE

SIZE = 0x33480
"""Code points from here on (private use, tags, unassigned) have no class; the last ideographs lie just
below.
"""

_STOPS = "。！？．｡؟۔।॥։።፧፨။។៕།༎෴⁇⁈⁉‼"
_ETHIOPIC_WORDSPACE = "፡"
"""Typed twice for the Ethiopic full stop; it ends lines, but within them it may stand between words."""
_CLOSING_QUOTES = "”»」』"
_OTHER_CLOSERS = "\"'’›）］｝】〉》〕）｣"
_BULLETS = "•‣⁃●○◦▪■・-*"
_LOGOGRAMS = (
    "CJK UNIFIED",
    "CJK COMPAT",
    "HIRAGANA",
    "KATAKANA",
    "HALFWIDTH KATAKANA",
    "IDEOGRAPHIC ITERATION",
)
_SYLLABLES = ("THAI ", "LAO ", "KHMER ", "MYANMAR ", "TIBETAN ", "TAI ", "NEW TAI ", "JAVANESE ", "BALINESE ")
_CATEGORIES = {"Nd": DIGIT, "Lu": LETTER | UPPER, "Lt": LETTER | UPPER, "Ll": LETTER | LOWER, "Lo": LETTER,
               "Lm": LETTER, "Pe": CLOSER, "Pf": CLOSER}  # fmt: skip


@cache
def class_table() -> np.ndarray:
    """Bit mask of the classes of each code point below `SIZE`: uint32 (SIZE,), read-only. Built once a
    process.
    """
    categories = [unicodedata.category(chr(point)) for point in range(SIZE)]
    bits = [_CATEGORIES.get(category, 0) | _kinds(chr(point)) for point, category in enumerate(categories)]
    table = np.array(bits, np.uint32)
    for point, category in enumerate(categories):
        if category in ("Lo", "Lm", "Mn", "Mc"):
            table[point] |= _script(unicodedata.name(chr(point), ""))
    for characters, mask in _characters():
        table[[ord(character) for character in characters]] |= mask
    table.flags.writeable = False
    return table


def _script(name: str) -> int:
    if name.startswith(_LOGOGRAMS):
        return LOGOGRAM
    return SYLLABLE if name.startswith(_SYLLABLES) else 0


def _kinds(character: str) -> int:
    """WORD, NUMERIC, CAPITAL and SMALL of one character, as Python's str methods have them."""
    small = character.islower() or (character.istitle() and not character.isupper())
    return (
        (WORD if character.isalnum() or character == "_" else 0)
        | (NUMERIC if character.isnumeric() else 0)
        | (CAPITAL if character.isupper() else 0)
        | (SMALL if small else 0)
    )


def _characters() -> tuple[tuple[str, int], ...]:
    """Classes that name their members, with the bits of each."""
    spaces = "".join(chr(point) for point in range(0x3001) if chr(point).isspace())
    return (
        (spaces, SPACE),
        ("\n", LINE_BREAK),
        (".?!", STOP | LINE_END),
        (_STOPS, STOP | FULL_STOP | LINE_END),
        (_CLOSING_QUOTES, CLOSER | LINE_END),
        (_OTHER_CLOSERS, CLOSER),
        ('"', CLOSER | LINE_END),
        (_ETHIOPIC_WORDSPACE, LINE_END),
        (_BULLETS, BULLET),
    )
