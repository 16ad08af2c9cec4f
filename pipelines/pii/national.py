"""National numbers of persons whose check digits can be tested (package python-stdnum).

A number whose shape and check digits fit a random number less than once in about five hundred times is
taken wherever it stands alone; every other one only after a word that names it.
"""

from __future__ import annotations

from functools import lru_cache, partial
from importlib import import_module
from typing import Any

import re2

from pipelines.pii import hints
from pipelines.pii.detector import Detector, Options, Rule, Span, byte_at, is_word
from pipelines.pii.groups import prefixes_of
from pipelines.pii.pseudonym import ZEROS, Key, only, refill

FREE: tuple[tuple[str, int, str], ...] = (
    ("cn.ric", hints.LONG_ID, r"\d{17,18}"),
    ("br.cpf", hints.LONG_ID, r"\d{3}\.\d{3}\.\d{3}-\d{2}"),
    ("kr.rrn", hints.LONG_ID, r"\d{6}-\d{7}"),
    ("be.nn", hints.LONG_ID, r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}"),
    ("ch.ssn", hints.LONG_ID, r"756\.\d{4}\.\d{4}\.\d{2}"),
    ("fr.nir", hints.LONG_ID, r"[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d{2} ?\d{3} ?\d{3} ?\d{2}"),
)
"""(module of stdnum, hint, pattern) of digits that need no word before them."""

FREE_WORDS: tuple[tuple[str, str], ...] = (
    ("it.codicefiscale", r"[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]"),
    ("mx.curp", r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[0-9A-Z]\d"),
)
"""(module, pattern) of capitals and digits that need no word before them."""

CUED: tuple[tuple[str, tuple[str, ...], tuple[int, ...]], ...] = (
    ("us.ssn", ("ssn", "social"), (9,)),
    ("ca.sin", ("sin", "social insurance"), (9,)),
    ("gb.nhs", ("nhs",), (10,)),
    ("nl.bsn", ("bsn", "burgerservicenummer", "sofinummer"), (9,)),
    ("be.nn", ("rijksregister", "registre national", "national register"), (11,)),
    ("de.idnr", ("steuer-id", "steueridentifikationsnummer", "identifikationsnummer", "idnr"), (11,)),
    ("fr.nir", ("nir", "curité sociale", "curite sociale", "insee"), (15,)),
    ("pl.pesel", ("pesel",), (11,)),
    ("cz.rc", ("rodné", "rodne"), (9, 10)),
    ("ro.cnp", ("cnp", "cod numeric"), (13,)),
    ("bg.egn", ("egn", "егн"), (10,)),
    ("hr.oib", ("oib",), (11,)),
    ("gr.amka", ("amka", "αμκα"), (11,)),
    ("se.personnummer", ("personnummer", "personal number"), (10, 12)),
    ("no.fodselsnummer", ("fødselsnummer", "fodselsnummer", "personnummer"), (11,)),
    ("dk.cpr", ("cpr",), (10,)),
    ("ee.ik", ("isikukood",), (11,)),
    ("lt.asmens", ("asmens kod",), (11,)),
    ("tr.tckimlik", ("kimlik", "tckn"), (11,)),
    ("za.idnr", ("id number", "rsa id", "sa id", "identity number"), (13,)),
    ("il.idnr", ("teudat", "ת.ז", "תעודת"), (9,)),
    ("in_.aadhaar", ("aadhaar", "aadhar", "uidai", "आधार"), (12,)),
    ("th.pin", ("ประชาชน", "thai id", "national id"), (13,)),
    ("kr.rrn", ("주민등록", "resident registration"), (13,)),
    ("jp.in_", ("マイナンバー", "my number"), (12,)),
    ("au.tfn", ("tfn", "tax file"), (8, 9)),
    ("br.cpf", ("cpf",), (11,)),
)
"""(module, words that name it, how many digits) of digits that count only after one of the words."""

CUED_WORDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("es.dni", r"\d{8}[A-Z]", ("dni", "nif", "documento nacional")),
    ("es.nie", r"[XYZ]\d{7}[A-Z]", ("nie", "extranjero", "dni", "nif")),
)
SSN = r"\d{3}[-. ]\d{2}[-. ]\d{4}"
NINO_CUES = ("national insurance", "nino", "ni number", "ni no")
NINO = r"[A-Z]{2}\d{6}[A-D]|[A-Z]{2} \d{2} \d{2} \d{2} [A-D]"

CUES = tuple(dict.fromkeys(cue for _, cues, _ in CUED for cue in cues))
"""Words that the kernel of number windows looks for."""

CONTEXT = 48
SHORT_CUE = 5
"""Letters of a cue that must be a whole word, at most."""
SOURCE = "python-stdnum {}, after the issuing authority's rules"


def _valid(module: str, number: str) -> bool:
    if only(b"0-9", number.encode()).startswith(ZEROS):
        return False
    if module == "us.ssn":
        return is_ssn(number)
    checks: Any = import_module(f"stdnum.{module}")
    return bool(checks.is_valid(number))


def check_digits(text: bytes, begin: int, end: int, module: str) -> Span | None:
    """Stands alone, check digits right; a Chinese number may end in X."""
    if end - begin == 17 and module == "cn.ric":
        end += 1 if byte_at(text, end) in b"xX" else 0
    number = only(b"0-9Xx", text[begin:end]).decode()
    return (begin, end) if is_word(text, begin, end) and _valid(module, number) else None


def check_word(text: bytes, begin: int, end: int, module: str, cues: Any = None) -> Span | None:
    """Stands alone, check characters right, and one of `cues` shortly before, if there are any."""
    if not is_word(text, begin, end) or (cues is not None and not cues.search(_before(text, begin))):
        return None
    return (begin, end) if _valid(module, text[begin:end].decode()) else None


def is_ssn(digits: str) -> bool:
    """Nine digits with an area, group and serial that are given out (SSA POMS RM 10201.030), or those of a tax
    number (area 9); not the numbers that advertisements made known.
    """
    known = digits in ("123456789", "078051120", "219099999")
    return not known and digits[:3] not in ("000", "666") and digits[3:5] != "00" and digits[5:] != "0000"


def check_ssn(text: bytes, begin: int, end: int) -> Span | None:
    """The same mark twice, and if it is a space no other digits beside."""
    if text[begin + 3] != text[begin + 6] or not is_word(text, begin, end):
        return None
    if text[begin + 3] == 0x20 and any(byte_at(text, at) in b"0123456789" for at in (begin - 2, end + 1)):
        return None
    return (begin, end) if is_ssn(only(b"0-9", text[begin:end]).decode()) else None


def named(text: bytes, begin: int) -> frozenset[str]:
    """Modules of the numbers that a word shortly before `begin` names: no other rule of `CUED` finds one there."""
    return _named(_before(text, begin))


@lru_cache(maxsize=4096)
def _named(before: bytes) -> frozenset[str]:
    """Modules of the numbers that a word in `before` names."""
    if not _ANY_CUE.search(before):
        return frozenset()
    return frozenset(module for module, pattern in _CUE_PATTERNS if pattern.search(before))


def check_cued(text: bytes, begin: int, end: int, lengths: tuple[int, ...], module: str) -> Span | None:
    """The longest beginning of the window, in whole groups, that has one of `lengths` and right check digits."""
    if module not in named(text, begin) or byte_at(text, begin - 1) in b".-/":
        return None
    begin += 1 if text[begin] == 0x28 else 0
    for stop in prefixes_of(text, begin, end):
        digits = only(b"0-9", text[begin:stop]).decode()
        if len(digits) in lengths and is_word(text, begin, stop) and _valid(module, digits):
            return begin, stop
    return None


def check_nino(text: bytes, begin: int, end: int, cues: Any) -> Span | None:
    """Letters that are in use (HMRC manual NIM39110), in pairs or after a word that names it."""
    first, second, pair = text[begin : begin + 1], text[begin + 1 : begin + 2], text[begin : begin + 2]
    if (
        first in b"DFIQUV"
        or second in b"DFIOQUV"
        or pair in (b"BG", b"GB", b"NK", b"KN", b"TN", b"NT", b"ZZ")
    ):
        return None
    if only(b"0-9", text[begin:end]).startswith(ZEROS):
        return None
    named = end - begin > 9 or cues.search(_before(text, begin))
    return (begin, end) if named and is_word(text, begin, end) else None


def check_nino_pairs(text: bytes, begin: int, end: int, cues: Any) -> Span | None:
    """A National Insurance number whose two letters end the window: in one word, or in pairs."""
    match = _NINO.match(text[begin : begin + 13])
    return check_nino(text, begin, begin + match.end(), cues) if match else None


_NINO = re2.compile(NINO.encode())


def _before(text: bytes, begin: int) -> bytes:
    return text[max(0, begin - CONTEXT) : begin].lower()


def _cue_pattern(cues: tuple[str, ...]) -> Any:
    """Any of `cues` at the start of a word, or as a whole word if it is short."""
    endings = (re2.escape(cue) + (r"(?:[^a-z]|$)" if len(cue) <= SHORT_CUE else "") for cue in cues)
    return re2.compile(rf"(?:^|[^a-z])(?:{'|'.join(endings)})".encode())


_CUE_PATTERNS = [(module, _cue_pattern(cues)) for module, cues, _ in CUED]
_ANY_CUE = _cue_pattern(CUES)


def pseudonym(value: bytes, key: Key) -> bytes:
    """Four zeros first, then digits and letters drawn anew, in the shape of `value`."""
    return refill(value, "national_id", only(b"0-9A-Za-z", value).upper(), key)


def _name(module: str) -> str:
    return module.replace("_.", ".").rstrip("_").replace(".", "_")


def rules(options: Options) -> tuple[Rule, ...]:
    """One rule a number and way of finding it."""
    free = [
        Rule(_name(m), "number", hint, pattern, partial(check_digits, module=m), SOURCE.format(m))
        for m, hint, pattern in FREE
    ]
    free.append(Rule("us_ssn", "number", hints.SSN, SSN, check_ssn, "SSA, POMS RM 10201.030"))
    words = [
        Rule(_name(m), "token", hints.LETTER_ID, pattern, partial(check_word, module=m), SOURCE.format(m))
        for m, pattern in FREE_WORDS
    ]
    for m, pattern, cues in CUED_WORDS:
        check = partial(check_word, module=m, cues=_cue_pattern(cues))
        words.append(Rule(_name(m), "token", hints.LETTER_ID, pattern, check, SOURCE.format(m)))
    nino = partial(check_nino_pairs, cues=_cue_pattern(NINO_CUES))
    words.append(Rule("gb_nino", "token", hints.LETTER_ID, r"[A-Z]{2}", nino, "HMRC, NIM39110"))
    cued = [
        Rule(f"{_name(m)}_cued", "number", hints.ID_CUE, None,
             partial(check_cued, lengths=lengths, module=m), SOURCE.format(m))
        for m, _, lengths in CUED
    ]  # fmt: skip
    return (*free, *words, *cued)


NATIONAL_ID = Detector("national_id", "<ID>", rules, pseudonym)
