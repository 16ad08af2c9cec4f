"""Texts in many languages: the message catalogues that installed packages ship, joined into documents."""

from __future__ import annotations

import gettext
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from daybreak.sample.documents import Document
from daybreak.sample.gather import Package, SourceFile, read_text

# ISO 639-1 to 639-3, which WET headers carry; only these languages are taken.
ISO_639_3 = {
    "ar": "ara", "bg": "bul", "ca": "cat", "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng",
    "es": "spa", "fa": "fas", "fi": "fin", "fr": "fra", "he": "heb", "hi": "hin", "hu": "hun", "id": "ind",
    "it": "ita", "ja": "jpn", "kk": "kaz", "ko": "kor", "nb": "nob", "nl": "nld", "pl": "pol", "pt": "por",
    "ro": "ron", "ru": "rus", "sk": "slk", "sl": "slv", "sv": "swe", "ta": "tam", "th": "tha", "tr": "tur",
    "uk": "ukr", "vi": "vie", "zh": "zho",
}  # fmt: skip
FORMER_CODES = {"in": "id", "iw": "he", "no": "nb"}  # codes that Java kept after ISO 639 changed them
JSON_CATALOGUE = re.compile(r"/(?:locales?|i18n)/([a-z]{2})(?:[-_][A-Za-z]+)?/[^/]+\.json$")
MO_CATALOGUE = re.compile(r"/locales?/([a-z]{2})(?:_[A-Z]{2})?(?:/LC_MESSAGES/[^/]+)?\.mo$")
PROPERTIES = re.compile(r"_([a-z]{2})(?:_[A-Z]{2})?\.properties$")
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
PLACEHOLDER = re.compile(r"\{\{\s*(?:[\w.]+,\s*)?(\w+)[^{}]*\}\}|\$t\([^)]*\)|\{(\d)[^{}]*\}|<[^<>]*>")
NO_SPACES = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff]")
WORD = re.compile(r"[^\W\d_]{2,}")  # what has none is a format or a separator
SENTENCE_END = (".", "!", "?", ":", "。", "？", "！", "।", "؟")
DOCUMENT_CHARS = 2_400
DENSE_DOCUMENT_CHARS = 900  # Chinese, Japanese and Thai say as much in fewer characters
LEAST_CHARS = 200


@dataclass(frozen=True)
class Catalogue:
    """Messages of one file, in the file's order."""

    package: str
    lang: str
    messages: tuple[str, ...]


def foreign(installed: list[Package]) -> list[Document]:
    """Documents from every catalogue found: by package, language and file, all but empty ones."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for package in installed:
        for catalogue in _catalogues(package):
            grouped.setdefault((catalogue.package, catalogue.lang), []).extend(catalogue.messages)
    return [d for key in sorted(grouped) for d in _documents(*key, grouped[key])]


def _catalogues(package: Package) -> Iterator[Catalogue]:
    for file in package.files:
        if match := JSON_CATALOGUE.search(file.origin):
            yield from _catalogue(package.name, match[1], _json_messages(file))
        elif match := MO_CATALOGUE.search(file.origin):
            yield from _catalogue(package.name, match[1], _mo_messages(file))
        elif file.origin.endswith(".jar"):
            yield from _jar_catalogues(file)


def _catalogue(package: str, code: str, messages: list[str]) -> Iterator[Catalogue]:
    lang = FORMER_CODES.get(code, code)
    shown = tuple(m for m in map(as_shown, messages) if WORD.search(m) and "|||" not in m)
    if lang in ISO_639_3 and shown:
        yield Catalogue(package, lang, shown)


def _json_messages(file: SourceFile) -> list[str]:
    try:
        return list(_strings(json.loads(read_text(file.path) or "{}")))
    except ValueError:
        return []


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key in value:
            yield from _strings(value[key])


def _mo_messages(file: SourceFile) -> list[str]:
    with file.path.open("rb") as stream:
        catalogue = gettext.GNUTranslations(stream)._catalog  # type: ignore[attr-defined]
    return [message for key, message in catalogue.items() if key and isinstance(message, str)]


def _jar_catalogues(file: SourceFile) -> Iterator[Catalogue]:
    jar = file.path.stem.rstrip("0123456789.-")
    try:
        with zipfile.ZipFile(file.path) as archive:
            for name in sorted(archive.namelist()):
                if match := PROPERTIES.search(name):
                    yield from _catalogue(jar, match[1], properties_messages(archive.read(name)))
    except (OSError, zipfile.BadZipFile):
        return


def properties_messages(data: bytes) -> list[str]:
    """Values of a Java properties file (java.util.Properties.load): Latin-1 or UTF-8, with escapes."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    text = re.sub(r"\\\r?\n[ \t]*", "", text)
    lines = (line.strip() for line in text.splitlines())
    pairs = (re.split(r"\s*[=:]\s*", line, maxsplit=1) for line in lines if line and line[0] not in "#!")
    return [ESCAPE.sub(_unescape, pair[1]) for pair in pairs if len(pair) == 2]


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] == "u" and len(code) == 5:
        return chr(int(code[1:], 16))
    return {"n": "\n", "t": "\t", "r": ""}.get(code, code)


def as_shown(message: str) -> str:
    """A message as its reader sees it: placeholders filled, markup and doubled quotes gone."""

    def value(match: re.Match[str]) -> str:
        if match[1]:
            return "3" if match[1] in {"count", "total", "number"} else match[1]
        return "ABCDEFGHIJ"[int(match[2])] if match[2] else ""

    return " ".join(PLACEHOLDER.sub(value, message).replace("''", "'").split())


def is_sentence(message: str) -> bool:
    """At least five words, or a dozen characters in a script without spaces."""
    return len(message.split()) >= 5 or (len(message) >= 12 and bool(NO_SPACES.search(message)))


def _documents(package: str, lang: str, messages: list[str]) -> Iterator[Document]:
    """Cuts one package's messages in one language into documents; each keeps its labels as a menu on top."""
    seen = dict.fromkeys(messages)
    limit = DENSE_DOCUMENT_CHARS if lang in {"ja", "zh", "th"} else DOCUMENT_CHARS
    labels: list[str] = []
    sentences: list[str] = []
    number = 0
    for message in seen:
        (sentences if is_sentence(message) else labels).append(message)
        if sum(map(len, sentences)) >= limit:
            number += 1
            yield _document(package, lang, number, labels, sentences)
            labels, sentences = [], []
    if sum(map(len, sentences)) + sum(map(len, labels)) >= LEAST_CHARS:
        yield _document(package, lang, number + 1, labels, sentences)


def _document(package: str, lang: str, number: int, labels: list[str], sentences: list[str]) -> Document:
    title = labels[0] if labels else sentences[0]
    text = "\n\n".join([*labels[:40], *paragraphs(sentences)])
    return Document(f"{package}/{lang}/{number}", title, text.replace("\n\n", "\n", len(labels[:40])), lang)


def paragraphs(sentences: list[str], length: int = 4) -> list[str]:
    """Sentences joined `length` at a time; a message without an end mark stands alone, as a heading does."""
    joined: list[list[str]] = []
    for sentence in sentences:
        if joined and joined[-1][-1].endswith(SENTENCE_END) and len(joined[-1]) < length:
            joined[-1].append(sentence)
        else:
            joined.append([sentence])
    return [" ".join(group) for group in joined]
