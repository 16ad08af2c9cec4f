"""Articles for days of news: prose paragraphs of the installed documentation, no two articles much alike."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from daybreak.sample import gather
from daybreak.sample.documents import Document, digest
from daybreak.sample.gather import Package
from daybreak.sample.pages import TEMPLATE

PARAGRAPH = re.compile(r"[A-Z][A-Za-z0-9_ ,.;:'()/\"?!-]+\.")
"""Plain sentences: no markup, no code."""
STOP_WORDS = frozenset(("the", "be", "to", "of", "and", "that", "have", "with"))
PARAGRAPH_WORDS = (18, 160)
ARTICLE_WORDS = (180, 400)
SHINGLE = 5
MOST_SHARED = 0.1  # of an article's word 5-grams, with all articles before it
ADDED = ("reportedly", "meanwhile", "however")
MENU = ("Home", "Politics", "Science", "Sport", "Log in")


@dataclass(frozen=True)
class Article:
    """One article; `origin` is where its text stands among the installed files, unique in a sample."""

    origin: str
    title: str
    paragraphs: tuple[str, ...]

    @property
    def package(self) -> str:
        """The distribution it is from."""
        return self.origin.partition("/")[0]


def articles(installed: list[Package]) -> Iterator[Article]:
    """Articles in one order, which the environment's packages decide alone."""
    seen: set[str] = set()
    for document in chain(gather.topics(), gather.prose(installed)):
        for article in _cut(document):
            listed = _shingles(article)
            shingles = set(listed)
            # One that says a thing twice would be dropped by rules on repetition.
            if len(shingles) == len(listed) and len(shingles & seen) <= MOST_SHARED * len(shingles):
                seen |= shingles
                yield article


def _cut(document: Document) -> Iterator[Article]:
    """The document's plain paragraphs, in articles of ARTICLE_WORDS words."""
    held: list[str] = []
    number = words = 0
    for paragraph in dict.fromkeys(_paragraphs(document.text)):
        held.append(paragraph)
        words += len(paragraph.split())
        if words >= ARTICLE_WORDS[0]:
            if words <= ARTICLE_WORDS[1]:
                number += 1
                yield Article(f"{document.origin}-{number}", _title(document.origin), tuple(held))
            held, words = [], 0


def _paragraphs(text: str) -> Iterator[str]:
    for part in re.split(r"\n\s*\n", text):
        line = " ".join(part.replace("`", "").split())
        words = line.lower().split()
        long = PARAGRAPH_WORDS[0] <= len(words) <= PARAGRAPH_WORDS[1]
        if long and PARAGRAPH.fullmatch(line) and len(STOP_WORDS.intersection(words)) >= 2:
            yield line


def _title(origin: str) -> str:
    package, _, path = origin.partition("/")
    words = re.findall(r"[A-Za-z]+", path.partition("#")[0].removesuffix(".py"))
    return f"A note on {package}: {' '.join(words)}"


def _shingles(article: Article) -> list[str]:
    words = re.findall(r"\w+", " ".join(article.paragraphs).lower())
    return [" ".join(words[n : n + SHINGLE]) for n in range(len(words) - SHINGLE + 1)]


def near_copy(article: Article, key: str) -> Article:
    """The article with three words put in at places that `key` decides: most of its 5-grams stay."""
    paragraphs = list(article.paragraphs)
    for word in ADDED:
        at = digest(key, word)[0] % len(paragraphs)
        words = paragraphs[at].split()
        place = 1 + digest(key, word)[1] % (len(words) - 1)
        paragraphs[at] = " ".join([*words[:place], word, *words[place:]])
    return Article(f"{article.origin}-near", article.title, tuple(paragraphs))


def spam(article: Article) -> Article:
    """One sentence of the article again and again."""
    line = article.paragraphs[0]
    return Article(f"{article.origin}-spam", article.title, (line,) * 25)


def garbled(article: Article) -> Article:
    """The article as a broken decoder leaves it: half of the letters are other signs."""
    wrong = {ord(letter): sign for letter, sign in zip("aeionrstl", "#@%$~^|*+", strict=True)}
    return Article(
        f"{article.origin}-garbled",
        article.title.translate(wrong),
        tuple(paragraph.translate(wrong) for paragraph in article.paragraphs),
    )


def as_html(article: Article) -> str:
    """The page: the same bytes wherever it stands."""
    return TEMPLATE.format(
        lang="en",
        title=html.escape(article.title),
        menu="".join(f"<li><a href='#{label}'>{label}</a></li>" for label in MENU),
        body="\n".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in article.paragraphs),
        footer="All rights reserved",
    ).replace("{charset}", "utf-8")
