"""HTML pages: pydoc's, package descriptions, pages in other languages, and HTML that packages ship."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from markdown_it import MarkdownIt

from daybreak.errors import DaybreakError
from daybreak.sample.documents import Document, Page, digest
from daybreak.sample.gather import NOT_PROSE, Package, read_text
from daybreak.sample.modules import IMPORTABLE, PRIVATE, STANDARD_LIBRARY

PAGE_LIMIT = 400_000  # bytes; tkinter alone would be 1.5 MB
ADDRESS = re.compile(r"\b(at(?: |&nbsp;)+)0x[0-9a-fA-F]{6,}")
TEMPLATE = """<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="{{charset}}">
<title>{title}</title>
</head>
<body>
<header><nav><ul>{menu}</ul></nav></header>
<main><article>
<h1>{title}</h1>
{body}
</article></main>
<footer><p>{footer}</p></footer>
</body>
</html>
"""


def page(document: Document, menu: list[str], body: str) -> Page:
    """A page around a rendered body; the charset stays open as `{charset}` until the page gets its bytes."""
    items = "".join(f"<li><a href='#{n}'>{html.escape(label)}</a></li>" for n, label in enumerate(menu))
    text = TEMPLATE.format(
        lang=document.lang,
        title=html.escape(document.title),
        menu=items,
        body=body.replace("{charset}", "charset"),
        footer=html.escape(document.origin),
    )
    return Page(document.origin, text, document.lang)


def pydoc_pages(installed: list[Package], budget: int) -> Iterator[Page]:
    """About `budget` bytes of pages that pydoc renders, standard library and light packages mixed."""
    names = sorted(set(STANDARD_LIBRARY) | set(_modules(installed)), key=lambda n: digest("pydoc", n))
    request = json.dumps({"modules": names, "budget": budget, "limit": PAGE_LIMIT})
    program = [sys.executable, "-P", "-s", "-B", str(Path(__file__).with_name("render.py"))]
    done = subprocess.run(
        program, input=request, env=_environment(), cwd="/", capture_output=True, text=True, timeout=600
    )
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise DaybreakError(f"pydoc could not render the sample's pages: {reason[0]}; run `daybreak doctor`")
    for line in done.stdout.splitlines():
        row = json.loads(line)
        package, _, rest = row["name"].partition(".")
        host = (
            f"{package}/docs/{rest or 'index'}.html"
            if package in IMPORTABLE
            else f"python/library/{row['name']}.html"
        )
        yield Page(host, anonymous(row["html"]))


def _environment() -> dict[str, str]:
    """No variable of the caller, as pages print defaults; a fixed hash seed, as they print sets."""
    return {
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "LC_ALL": "C.UTF-8",
        "HOME": "/nonexistent",
        "TZ": "UTC",
    }


def _modules(installed: list[Package]) -> Iterator[str]:
    for package in installed:
        for file in package.files:
            if file.origin.endswith(".py") and not NOT_PROSE.search(file.origin):
                name = file.origin.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                if name.partition(".")[0] in IMPORTABLE and not PRIVATE.search(name):
                    yield name


def anonymous(text: str) -> str:
    """The text without what differs between two machines: object addresses and where Python is installed."""
    text = ADDRESS.sub(r"\g<1>0x7f0000000000", text)
    roots = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), sysconfig.get_path("stdlib")}
    places = [*sorted(roots, key=len, reverse=True), sys.prefix, sys.base_prefix]
    for place in places:
        for spelling in (place, quote(place)):
            text = text.replace(spelling, "/usr/lib/python3")
    return text


def description_pages(installed: list[Package]) -> Iterator[Page]:
    """Long descriptions: Markdown rendered as a package index does, other markup in paragraphs."""
    markdown = MarkdownIt("commonmark").enable("table")
    for package in installed:
        if len(package.description) > 300:
            about = Document(
                f"{package.name}/project", f"{package.name} {package.version}", package.description
            )
            is_markdown = package.description_type == "text/markdown"
            body = markdown.render(about.text) if is_markdown else _paragraphs(about.text)
            yield page(about, ["Search", "Help", "Release history", "Download files", "Log in"], body)


def language_pages(documents: list[Document]) -> Iterator[Page]:
    """A page for each document in another language: its labels as the menu, its sentences as the article."""
    for document in documents:
        menu, _, article = document.text.partition("\n\n")
        source = Document(document.origin + ".html", document.title, document.text, document.lang)
        yield page(source, menu.split("\n"), _paragraphs(article or menu))


def _paragraphs(text: str) -> str:
    return "\n".join(f"<p>{html.escape(part)}</p>" for part in re.split(r"\n{2,}", text))


def shipped_pages(installed: list[Package]) -> Iterator[Page]:
    """HTML files as packages ship them."""
    for package in installed:
        for file in package.files:
            if file.origin.endswith((".html", ".htm")):
                text = read_text(file.path, PAGE_LIMIT)
                if text and len(text) > 300:
                    yield Page(file.origin, text.replace("{charset}", "charset"))
