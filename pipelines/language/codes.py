"""One table of languages over all identifiers and sources: ISO 639-3 with the script of ISO 15924, `eng_Latn`.

The spelling is that of FineWeb-2 and GlotLID, so that their lists and thresholds fit: the individual language,
not the macro-language, where one individual is what everybody means (`cmn_Hani`, `arb_Arab`, `ekk_Latn`), but
`fas_Arab` for Persian and `fil_Latn` for Tagalog. What is Chinese carries Hans or Hant where the text shows it.
Names, macro-languages and old codes come from the IANA language subtag registry in the package langcodes.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from langcodes.data_dicts import (
    ALL_SCRIPTS,
    LANGUAGE_ALPHA3,
    LANGUAGE_ALPHA3_BIBLIOGRAPHIC,
    LIKELY_SUBTAGS,
    MACROLANGUAGES,
    NORMALIZED_MACROLANGUAGES,
)
from langcodes.registry_parser import parse_registry

from daybreak.errors import RecipeError

UNDETERMINED = "und"
"""The code of a text without language (ISO 639-2)."""

CHINESE_SCRIPTS = ("Hans", "Hant")
PRINCIPALS = {"pus": "pbt", "kok": "gom", "nor": "nob", "bih": "bho", "tgl": "fil", "pes": "fas"}
"""Where FineWeb-2 and GlotLID choose another language for a macro-language than CLDR's aliases do."""

_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")
_PLAIN_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z]{4})?([-_]([A-Za-z]{2}|[0-9]{3}))?")


@dataclass(frozen=True)
class Languages:
    """names: language -> names, best first. three: any known code -> ISO 639-3. short: those with a code in
    ISO 639-1. macros: individual language -> macro-language. principals: macro-language -> the individual
    meant by it.
    """

    names: dict[str, tuple[str, ...]]
    three: dict[str, str]
    short: frozenset[str]
    macros: dict[str, str]
    principals: dict[str, str]


@cache
def languages() -> Languages:
    """The table, read once a process (0.1 s)."""
    names, old = _registry()
    three = {code: code for code in names if len(code) == 3}
    three |= {two: LANGUAGE_ALPHA3.get(two, two) for two in names if len(two) == 2}
    three |= {three[two]: three[two] for two in names if len(two) == 2}
    three |= {bibliographic: three[two] for two, bibliographic in LANGUAGE_ALPHA3_BIBLIOGRAPHIC.items()}
    three |= {former: three[now] for former, now in old.items() if now in three}
    macros = {three.get(one, one): three.get(macro, macro) for one, macro in MACROLANGUAGES.items()}
    principals = {
        three.get(macro, macro): one for one, macro in NORMALIZED_MACROLANGUAGES.items() if len(one) == 3
    }
    principals = {macro: one for macro, one in principals.items() if macro != "fas"} | PRINCIPALS
    return Languages(
        names={three[code]: found for code, found in names.items()},
        three=three,
        short=frozenset(three[code] for code in names if len(code) == 2),
        macros=macros,
        principals=principals,
    )


def _registry() -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Names of every language, and successors of deprecated codes, by the registry's codes."""
    names, old = {}, {}
    for entry in parse_registry():
        code = entry.get("Subtag", "")
        if entry.get("Type") != "language" or not code.isascii() or ".." in code or len(code) > 3:
            continue
        if "Preferred-Value" in entry:
            old[code] = entry["Preferred-Value"]
        names[code] = tuple(entry["Description"])
    return {code: found for code, found in names.items() if code not in old}, old


@cache
def language_of(tag: str) -> str | None:
    """ISO 639-3 code of a language tag in any usual spelling (en, eng, en-US, eng_Latn, zh-Hant, ger); None
    if it is none. A macro-language is read as the individual that is meant by it.
    """
    code = _three(tag)
    return None if code is None else languages().principals.get(code, code)


def _three(tag: str) -> str | None:
    if not _TAG.fullmatch(tag.strip()):
        return None
    return languages().three.get(re.split("[-_]", tag.strip())[0].lower())


def script_of(tag: str) -> str | None:
    """The script that a tag names (`zh-Hant` -> Hant), or None."""
    parts = (part.title() for part in re.split("[-_]", tag.strip())[1:])
    return next((part for part in parts if part in ALL_SCRIPTS), None)


@cache
def declared(tag: str) -> str:
    """What a source declared, in this table's spelling (`deu`, `cmn_Hant`); as it stands if it is no code."""
    language, script = language_of(tag), script_of(tag)
    if language is None:
        return tag
    return f"{language}_{script}" if script else language


@cache
def usual_script(language: str) -> str | None:
    """The script that a language is mostly written in (CLDR's likely subtags), or None where not known."""
    known = languages()
    two = {three: two for two, three in known.three.items() if len(two) == 2}
    macro = known.macros.get(language, "")
    for code in (two.get(language, language), two.get(macro, macro)):
        if code in LIKELY_SUBTAGS:
            return script_of(LIKELY_SUBTAGS[code])
    return None


def name_of(code: str) -> str:
    """A language's English name, `eng_Latn` -> English; the code itself where there is none."""
    names = languages().names.get(code[:3], (code,))
    return names[0]


@dataclass(frozen=True)
class Wanted:
    """What one entry of a recipe's list of languages stands for: languages, and a script if it names one."""

    languages: frozenset[str]
    script: str | None

    def covers(self, code: str) -> bool:
        """True if `code` (`eng_Latn`, `und`) is among it; Hani stands for Hans and Hant as well."""
        language, _, script = code.partition("_")
        same = self.script in (None, script) or (self.script == "Hani" and script in CHINESE_SCRIPTS)
        return language in self.languages and same


@cache
def wanted(tag: str) -> Wanted:
    """What `tag` stands for: `en`, `eng` and `eng_Latn` are English.

    A macro-language stands for itself, the individual meant by it, and its members without a two-letter
    code of their own: `ar` for every Arabic, `ms` not for Indonesian. Raises RecipeError for what is no
    code, with a suggestion.
    """
    code, form = _three(tag), _PLAIN_TAG.fullmatch(tag)
    if code is None or form is None or (form[1] and script_of(tag) is None):
        raise RecipeError(f"unknown language {tag!r}: {_suggestion(tag)}")
    known = languages()
    members = {one for one, macro in known.macros.items() if macro == code and one not in known.short}
    return Wanted(frozenset({code, known.principals.get(code, code)} | members), script_of(tag))


def any_covers(tags: Iterable[str], code: str | None) -> bool:
    """True if one of the recipe's entries covers `code`; a null is covered by none."""
    return code is not None and _any_covers(tuple(tags), code)


@lru_cache(maxsize=1 << 16)
def _any_covers(tags: tuple[str, ...], code: str) -> bool:
    return any(wanted(tag).covers(code) for tag in tags)


def macro_of(language: str) -> str:
    """The macro-language that a language belongs to (hrv -> hbs), else the language itself."""
    return languages().macros.get(language, language)


def _suggestion(tag: str) -> str:
    by_name = {name.lower(): code for code, names in languages().names.items() for name in names}
    asked = re.split("[-_]", tag.strip().lower())[0]
    near = [asked] if asked in by_name else difflib.get_close_matches(asked, by_name, n=1, cutoff=0.75)
    if near:
        return f"did you mean {by_name[near[0]]!r} ({near[0].title()})?"
    return "write ISO 639 codes such as en, eng or eng_Latn"
