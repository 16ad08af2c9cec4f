"""The extractors that a recipe may name: each takes a parsed page and gives its text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from pipelines.extract.features import N_BITS
from pipelines.extract.model import main_blocks
from pipelines.extract.nesting import NEVER_NESTS, SVG, nesting_work
from pipelines.extract.render import render
from pipelines.extract.scan import FIRST, scan
from pipelines.extract.tags import GROUPS

Extractor = Callable[[str, HTMLTree, bool, bool], str]
"""(HTML, the same parsed, main content only, as Markdown) to text, empty where it finds none."""

MAX_WORK = 10_000_000
"""Nesting work above which a page's whole text is taken instead of its main content (about two seconds)."""

ASIDE = np.uint64(1 << (N_BITS - 1) | 1 << GROUPS.index("<noscript>"))
"""Bits of what a browser does not show."""


def daybreak(html: str, tree: HTMLTree, main: bool, markdown: bool) -> str:
    """Our own: blocks judged by `model`; linear in the page, so nothing about it can be nested too deep."""
    page = scan(tree.document.html if tree.document is not None else "")
    if not len(page.blocks):
        return ""
    shown = (page.inherited[page.blocks[:, FIRST]] & ASIDE) == 0
    keep = main_blocks(page) if main else shown | ~shown.any()
    return render(page, keep, markdown)


def resiliparse(html: str, tree: HTMLTree, main: bool, markdown: bool) -> str:
    """resiliparse's rules; all of the page where those leave nothing or it is nested too deep for them."""
    main = main and not _deep(html)
    return (main and _resiliparse(tree, True, markdown)) or _resiliparse(tree, False, markdown)


def _resiliparse(tree: HTMLTree, main: bool, markdown: bool) -> str:
    form: Literal[True, "minimal_html"] = "minimal_html" if markdown else True
    text: str = extract_plain_text(
        tree, preserve_formatting=form, main_content=main, comments=True, alt_texts=False
    )
    return daybreak(text, HTMLTree.parse(text), False, True) if markdown else text


def trafilatura(html: str, tree: HTMLTree, main: bool, markdown: bool) -> str:
    """trafilatura's cascade with its default settings; our whole text where it finds none, or for all of a page."""
    from trafilatura import extract

    if not main or _deep(html):
        return daybreak(html, tree, False, markdown)
    text = extract(html, output_format="markdown" if markdown else "txt", include_comments=False)
    return text or daybreak(html, tree, False, markdown)


def _deep(html: str) -> bool:
    tags = np.frombuffer(html.encode(errors="replace"), np.uint8)
    return bool(nesting_work(tags, NEVER_NESTS, SVG) > MAX_WORK)


EXTRACTORS: dict[str, Extractor] = {
    "daybreak": daybreak,
    "resiliparse": resiliparse,
    "trafilatura": trafilatura,
}
"""By the name that a recipe gives."""
