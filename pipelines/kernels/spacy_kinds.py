"""Kinds of code points and special cases of spaCy's English tokenizer, as tables for `spacy_words`.

The facts are those of spaCy 3.8 (MIT licence): lang/char_classes.py, lang/punctuation.py,
lang/en/punctuation.py, lang/tokenizer_exceptions.py, lang/en/tokenizer_exceptions.py. Where a class is "every
character of a Unicode category", the ranges of its release are listed, so that a newer Python changes nothing.

| kind | code points |
|---|---|
| ALPHA | its ALPHA: the letters it knows, and whole blocks of scripts without case (ideographic marks too) |
| LOW, UP | its ALPHA_LOWER and ALPHA_UPPER; scripts without case are in both |
| OPENER | a prefix when first |
| ENDER | a suffix when last |
| BREAK | an infix anywhere: pictures and the ellipsis |
| QUOTE | its quotation marks |
| BEFORE_DOT | a full stop after it is a suffix |
| CURRENCY | a suffix after a digit |
| AFFIX | takes part in any rule on prefixes, suffixes and infixes: words without any are whole |
| FIGURE | 0 to 9 |
| WORDY | what \\w matches |
| BLANK | white space |
| NUMERAL, LETTERED | DIGIT and LETTER of `codepoints` |
| NARROW | one byte: up to U+00FF |
"""

from __future__ import annotations

from functools import cache

import numpy as np

from pipelines.kernels.codepoints import DIGIT, LETTER, SIZE, class_table

ALPHA = 1 << 0
LOW = 1 << 1
UP = 1 << 2
OPENER = 1 << 3
ENDER = 1 << 4
BREAK = 1 << 5
QUOTE = 1 << 6
BEFORE_DOT = 1 << 7
CURRENCY = 1 << 8
AFFIX = 1 << 9
FIGURE = 1 << 10
WORDY = 1 << 11
BLANK = 1 << 12
NUMERAL = 1 << 16
LETTERED = 1 << 17
NARROW = 1 << 18

_CASELESS = """
591-5F4 620-64A 66E-6D5 6E5-6FF 750-77F 8A0-8BD 900-9FF B80-CFF D80-DFF 1100-137F 2E80-2FDF 2FF0-30FF
31C0-31EF 3200-4DBF 4E00-9FFF AC00-D7AF F900-FAFF FB1D-FBB1 FBD3-FD3D FD50-FDC7 FDF0-FDFB FE30-FE4F FE70-FEFC
1EE00-1EEBB 1F200-1F2FF 20000-2A6DF 2A700-2EBEF 2F800-2FA1F
"""
_CASED = """
41-5A 61-7A C0-D6 D8-F6 F8-1BF 1C4-2AF 386 388-38A 38C 38E-38F 391-3A9 3AC-3AF 3B1-3C9 3CC-3CE 400-401
403-40A 40C-40D 410-451 453-45A 45C-45D 490-491 496-497 4A2-4A3 4AE-4AF 4BA-4BB 4D8-4D9 4E8-4E9 1D00-1D25
1D6B-1D77 1D79-1D9A 1E00-1EFF 2C60-2C7B 2C7E-2C7F A722-A76F A771-A787 A78B-A78E A790-A7B9 A7FA AB30-AB5A
AB60-AB64 FF21-FF3A FF41-FF5A
"""
_PICTURES = """
A6 A9 AE B0 482 58D-58E 60E-60F 6DE 6E9 6FD-6FE 7F6 9FA B70 BF3-BF8 BFA C7F D4F D79 F01-F03 F13 F15-F17
F1A-F1F F34 F36 F38 FBE-FC5 FC7-FCC FCE-FCF FD5-FD8 109E-109F 1390-1399 1940 19DE-19FF 1B61-1B6A 1B74-1B7C
2100-2101 2103-2106 2108-2109 2114 2116-2117 211E-2123 2125 2127 2129 212E 213A-213B 214A 214C-214D 214F
218A-218B 2195-2199 219C-219F 21A1-21A2 21A4-21A5 21A7-21AD 21AF-21CD 21D0-21D1 21D3 21D5-21F3 2300-2307
230C-231F 2322-2328 232B-237B 237D-239A 23B4-23DB 23E2-2426 2440-244A 249C-24E9 2500-25B6 25B8-25C0 25C2-25F7
2600-266E 2670-2767 2794-27BF 2800-28FF 2B00-2B2F 2B45-2B46 2B4D-2B73 2B76-2B95 2B98-2BC8 2BCA-2BFE 2CE5-2CEA
2E80-2E99 2E9B-2EF3 2F00-2FD5 2FF0-2FFB 3004 3012-3013 3020 3036-3037 303E-303F 3190-3191 3196-319F 31C0-31E3
3200-321E 322A-3247 3250 3260-327F 328A-32B0 32C0-32FE 3300-33FF 4DC0-4DFF A490-A4C6 A828-A82B A836-A837 A839
AA77-AA79 FDFD FFE4 FFE8 FFED-FFEE FFFC-FFFD 10137-1013F 10179-10189 1018C-1018E 10190-1019B 101A0 101D0-101FC
10877-10878 10AC8 1173F 16B3C-16B3F 16B45 1BC9C 1D000-1D0F5 1D100-1D126 1D129-1D164 1D16A-1D16C 1D183-1D184
1D18C-1D1A9 1D1AE-1D1E8 1D200-1D241 1D245 1D300-1D356 1D800-1D9FF 1DA37-1DA3A 1DA6D-1DA74 1DA76-1DA83
1DA85-1DA86 1ECAC 1F000-1F02B 1F030-1F093 1F0A0-1F0AE 1F0B1-1F0BF 1F0C1-1F0CF 1F0D1-1F0F5 1F110-1F16B
1F170-1F1AC 1F1E6-1F202 1F210-1F23B 1F240-1F248 1F250-1F251 1F260-1F265 1F300-1F3FA 1F400-1F6D4 1F6E0-1F6EC
1F6F0-1F6F9 1F700-1F773 1F780-1F7D8 1F800-1F80B 1F810-1F847 1F850-1F859 1F860-1F887 1F890-1F8AD 1F900-1F90B
1F910-1F93E 1F940-1F970 1F973-1F976 1F97A 1F97C-1F9A2 1F9B0-1F9B9 1F9C0-1F9C2 1F9D0-1F9FF 1FA60-1FA6D
"""
_QUOTES = "'\",`«´»‘’‚“”„〈〉⟦⟧〈〉《》「」『』【】〔〕（）"
_MARKS = "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪"
_CURRENCIES = "$£€¥฿₽﷼₴₠₡₢₣₤₥₦₧₨₩₪₫₭₮₯₰₱₲₳₵₶₷₸₹₺₻₼₾₿"
_NO_CASE_AT_ALL = (0x1BB, 0x1C5, 0x1C8, 0x1CB, 0x1F2)
"""Letters of ALPHA that are in neither of its cased classes."""


def spread(ranges: str) -> np.ndarray:
    """The code points of ranges written in hexadecimal (`41-5A 5F`), int64."""
    parts = [part.partition("-") for part in ranges.split()]
    return np.concatenate([np.arange(int(a, 16), int(b or a, 16) + 1) for a, _, b in parts])


def _points(text: str) -> list[int]:
    return [ord(character) for character in text]


@cache
def kind_table() -> np.ndarray:
    """Bit mask of the kinds of each code point below `SIZE`: uint32 (SIZE,), read-only. Built once a process."""
    table = np.zeros(SIZE, np.uint32)
    for points, mask in _kinds():
        table[points] |= mask
    table[[point for point in range(SIZE) if chr(point).isalnum() or point == 0x5F]] |= WORDY
    table[[point for point in range(SIZE) if chr(point).isspace()]] |= BLANK
    table[class_table() & DIGIT != 0] |= NUMERAL
    table[class_table() & LETTER != 0] |= LETTERED
    table[:0x100] |= NARROW
    table.flags.writeable = False
    return table


def _kinds() -> tuple[tuple[list[int] | np.ndarray, int], ...]:
    cased = [int(point) for point in spread(_CASED) if point not in _NO_CASE_AT_ALL]
    # Between the two: U+0294 has no case in Unicode but counts as lower, U+03A2 is unassigned and counts as upper.
    lower = [point for point in cased if chr(point).islower() or point == 0x294]
    upper = [point for point in cased if chr(point).isupper() or point == 0x3A2]
    affixes = _MARKS + _QUOTES + "—–"
    return (
        (spread(_CASED), ALPHA),
        (spread(_CASELESS), ALPHA | LOW | UP | BEFORE_DOT),
        (lower, LOW | BEFORE_DOT),
        (upper, UP),
        (spread(_PICTURES), OPENER | ENDER | BREAK | AFFIX),
        (_points("…"), BREAK),
        (_points(affixes), OPENER | ENDER | AFFIX),
        (_points("§%=" + _CURRENCIES), OPENER | AFFIX),
        (_points(_CURRENCIES), CURRENCY),
        (_points(_QUOTES), QUOTE),
        (_points(_MARKS + _QUOTES + "0123456789%²-+|"), BEFORE_DOT),
        (_points(".+-~*^/"), AFFIX),
        (_points("0123456789"), FIGURE),
    )


_UNITS = """
km km² km³ m m² m³ dm dm² dm³ cm cm² cm³ mm mm² mm³ ha µm nm yd in ft kg g mg µg t lb oz m/s km/h kmh mph
hPa Pa mbar mb MB kb KB gb GB tb TB T G M K % км км² км³ м м² м³ дм дм² дм³ см см² см³ мм мм² мм³ нм кг г мг
м/с км/ч кПа Па мбар Кб КБ кб Мб МБ мб Гб ГБ гб Тб ТБ тбكم كم² كم³ م م² م³ سم سم² سم³ مم مم² مم³ كم غرام جرام
جم كغ ملغ كوب اكواب
"""
UNITS = tuple(_UNITS.split())
"""Suffixes after a digit. (тб and كم are one entry there: a space is missing in spaCy's list.)"""
