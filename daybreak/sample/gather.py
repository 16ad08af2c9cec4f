"""English texts and source code of the installed distributions, read from their files and never imported."""

from __future__ import annotations

import inspect
import re
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import cast

from daybreak.sample.documents import Document, digest

PROJECT = "daybreak-corpus"
LICENCE = re.compile(r"(licen[cs]e|copying|notice|authors)", re.IGNORECASE)
NOT_PROSE = re.compile(r"(^|/)(tests?|testing|_vendor|vendor|data)/|/test_|conftest")
# A def or class line, or a triple-quoted string; tokenising whole files costs twenty times as much.
DEFINITION_OR_STRING = re.compile(
    r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(?P<name>\w+)"
    r"|(?P<lead>^[ \t]*[rR]?)?(?P<quote>\"\"\"|''')(?P<body>(?:\\.|[^\\])*?)(?P=quote)",
    re.MULTILINE | re.DOTALL,
)
PART_BYTES = 6_000  # about the length of a web article
CODE_BYTES = (1_000, 40_000)


@dataclass(frozen=True)
class SourceFile:
    """One installed file: its path below site-packages, and where it lies."""

    origin: str
    path: Path


@dataclass(frozen=True)
class Package:
    """One installed distribution: files sorted by path, and the long description from its metadata."""

    name: str
    version: str
    files: tuple[SourceFile, ...]
    description: str
    description_type: str


def packages() -> list[Package]:
    """Distributions in this environment's site-packages, by name, without the project itself."""
    paths = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    found: dict[str, Distribution] = {}
    for distribution in distributions(path=paths):
        name = re.sub(r"[-_.]+", "-", str(distribution.metadata["Name"])).lower()
        if name != PROJECT:
            found.setdefault(name, distribution)
    return [_package(name, found[name]) for name in sorted(found)]


def _package(name: str, distribution: Distribution) -> Package:
    meta = cast(Message, distribution.metadata)
    described = str(meta.get("Description") or meta.get_payload() or "")
    return Package(
        name=name,
        version=distribution.version,
        files=tuple(_files(distribution)),
        description=described.replace("\r\n", "\n").strip(),
        description_type=str(meta.get("Description-Content-Type") or "text/plain").partition(";")[0],
    )


def _files(distribution: Distribution) -> Iterator[SourceFile]:
    paths = {str(file) for file in distribution.files or ()}
    root = Path(str(distribution.locate_file("")))
    for path in sorted(paths):
        if not path.startswith("..") and "__pycache__" not in path:
            yield SourceFile(path, root / path)


def read_text(path: Path, limit: int = 500_000) -> str | None:
    """A file's text with Unix line ends; None where it is missing, longer than `limit` bytes or not UTF-8."""
    try:
        if path.stat().st_size > limit:
            return None
        return path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError):
        return None


def python_files(installed: list[Package], salt: str) -> list[SourceFile]:
    """Modules of all packages by keyed hash, tests and vendored copies left out."""
    files = [f for p in installed for f in p.files if f.origin.endswith(".py")]
    return sorted((f for f in files if not NOT_PROSE.search(f.origin)), key=lambda f: digest(salt, f.origin))


def docstrings(source: str) -> Iterator[str]:
    """The docstrings of a module in order, each under the name it documents."""
    name = ""
    for match in DEFINITION_OR_STRING.finditer(source):
        if match["name"]:
            name = match["name"]
        elif match["lead"] is not None and len(match["body"]) > 80:
            body = inspect.cleandoc(match["body"])
            yield f"{name}\n{body}" if name else body
            name = ""


def prose(installed: list[Package]) -> Iterator[Document]:
    """Docstrings of one module after the other, cut into articles of about PART_BYTES."""
    for file in python_files(installed, "prose"):
        source = read_text(file.path)
        if source and '"""' in source:
            yield from _articles(file.origin, list(docstrings(source)))


def _articles(origin: str, sections: list[str]) -> Iterator[Document]:
    part: list[str] = []
    number = 0
    for index, section in enumerate(sections):
        part.append(section)
        size = sum(map(len, part))
        if size >= PART_BYTES or (index == len(sections) - 1 and size >= 500):
            number += 1
            title = part[0].partition("\n")[0]
            yield Document(f"{origin}#{number}", title, "\n\n".join(part))
            part = []


def code(installed: list[Package]) -> Iterator[Document]:
    """Source files whole, between CODE_BYTES[0] and CODE_BYTES[1] bytes."""
    for file in python_files(installed, "code"):
        source = read_text(file.path, CODE_BYTES[1])
        if source and len(source) >= CODE_BYTES[0]:
            yield Document(f"{file.origin}#source", file.path.name, source)


def licences(installed: list[Package]) -> Iterator[Document]:
    """Licences and notices as each distribution carries them: the same few texts again and again."""
    for package in installed:
        for file in package.files:
            if ".dist-info/" in file.origin and LICENCE.search(file.origin.partition(".dist-info/")[2]):
                text = read_text(file.path, 120_000)
                if text and len(text) > 200:
                    name = file.origin.partition(".dist-info/")[2]
                    yield Document(f"{package.name}/{name}", f"{package.name} {name}", text)


def descriptions(installed: list[Package]) -> Iterator[Document]:
    """Long descriptions, as package indexes show them."""
    for package in installed:
        if len(package.description) > 300:
            yield Document(f"{package.name}/about", package.name, package.description)


def topics() -> Iterator[Document]:
    """The language reference that pydoc carries, one document a topic."""
    from pydoc_data import topics as reference  # a table of a few hundred kilobytes: loaded on need

    for name in sorted(reference.topics):
        if len(reference.topics[name]) > 500:
            yield Document(f"python/reference/{name}", name, reference.topics[name].strip())


def readmes(installed: list[Package]) -> Iterator[Document]:
    """Markdown and reStructuredText files that packages ship."""
    for package in installed:
        for file in package.files:
            if file.origin.endswith((".md", ".rst")) and not LICENCE.search(file.origin):
                text = read_text(file.path, 100_000)
                if text and len(text) > 500:
                    yield Document(f"{file.origin}#text", file.path.stem, text.strip())
