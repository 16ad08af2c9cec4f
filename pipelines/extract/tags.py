"""What HTML elements are to extraction, and the words in class and id attributes that tell what a part is for."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_ELEMENTS: Final = """
a abbr area article aside audio b base basefont bdi bdo bgsound big blockquote body br button canvas caption
center cite code col colgroup dd del details dfn dialog dir div dl dt em embed fieldset figcaption figure font
footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins kbd keygen label
legend li link listing main map mark menu meta nav noembed noframes noscript object ol optgroup option p param
plaintext pre progress q rp rt ruby s samp script search section select small source span strike strong style
sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u ul var video wbr xmp
"""
KNOWN: Final = tuple(_ELEMENTS.split())
"""Elements that extraction tells apart, alphabetically; an element's code is its place here, plus one."""

CODE: Final = {name: code for code, name in enumerate(KNOWN, 1)}


def codes(names: str) -> NDArray[np.bool_]:
    """Which codes belong to `names`: bool (codes,)."""
    chosen = np.zeros(len(KNOWN) + 1, bool)
    chosen[[CODE[name] for name in names.split()]] = True
    return chosen


INLINE = codes(
    "a abbr b bdi bdo big br button cite code del dfn em font i img input ins kbd keygen label mark q rp rt ruby s "
    "samp small source span strike strong sub sup time tt u var wbr svg link meta script style template"
)
INLINE[0] = True
"""Elements that do not end a block of text; an unknown element is inline, as in browsers."""

VOID = codes(
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr"
)
"""Elements without an end tag."""

RAW = codes("iframe noembed noframes plaintext script style xmp")
"""Elements whose content is serialised as it is, without escapes."""

SKIPPED = codes(
    "audio button canvas embed head iframe input map meta noembed noframes object option progress rp "
    "script select style svg template textarea title video"
)
"""Elements whose content is never text of the page."""

VOCABULARY: Final = {
    "nav": "nav menu breadcrumb crumb",
    "share": "share social sharing follow addthis sharedaddy twitter facebook",
    "related": "related recommend similar popular trending recent readmore read-more read_more also "
    "most-read mostread latest",
    "comment": "comment disqus respond discussion reply replies",
    "side": "sidebar aside rail secondary side",
    "foot": "footer foot copyright legal",
    "head": "header masthead topbar banner",
    "ad": "advert ads ad- sponsor promo outbrain taboola dfp",
    "subscribe": "newsletter subscri signup sign-up optin login register paywall",
    "consent": "cookie consent gdpr privacy",
    "modal": "modal popup overlay dialog lightbox tooltip dropdown",
    "byline": "byline author bio profile avatar",
    "meta": "meta date time publish posted info",
    "tag": "tags taglist tag- tag_ categor label topic",
    "page": "pagin pager prev next",
    "caption": "caption credit photo image gallery carousel slider slide thumb",
    "widget": "widget module block",
    "tool": "toolbar button btn icon print tools action",
    "teaser": "teaser card listing grid feed promo",
    "hidden": "hidden hide invisible sr-only screen-reader visually noprint",
    "search": "search form filter",
    "content": "content",
    "article": "article story",
    "body": "body text richtext prose",
    "post": "post entry blog single",
    "main": "main page-content primary",
    "title": "title headline heading",
    "lead": "lead intro summary descri excerpt standfirst subtitle deck",
    "thread": "thread message answer question forum topic",
    "product": "product price item detail spec",
    "code": "code highlight doc markdown wiki",
    "quote": "quote note footnote refer cite toc",
}
"""Words by the group that they belong to; a group is one bit, in this order."""

TAGGED: Final = {
    "article": "article",
    "main": "main",
    "section": "section",
    "aside": "aside",
    "nav": "nav menu",
    "header": "header",
    "footer": "footer",
    "form": "form fieldset",
    "figure": "figure figcaption caption",
    "table": "table",
    "cell": "td th",
    "list": "ul ol dl",
    "item": "li dt dd",
    "paragraph": "p",
    "heading": "h1 h2 h3 h4 h5 h6",
    "top": "h1",
    "pre": "pre listing xmp plaintext",
    "quote": "blockquote",
    "summary": "details summary dialog",
    "link": "a",
    "strong": "b strong em i",
    "small": "small time label cite",
    "noscript": "noscript",
}
"""Elements by the group that they belong to: bits behind those of the words."""

GROUPS: Final = (*VOCABULARY, *(f"<{name}>" for name in TAGGED))
UNSHOWN: Final = len(GROUPS)
"""The bit of an element that its page does not show: hidden, or display:none."""


def _tag_bits() -> NDArray[np.uint64]:
    """The bits of each element's code."""
    bits = np.zeros(len(KNOWN) + 1, np.uint64)
    for bit, names in enumerate(TAGGED.values(), len(VOCABULARY)):
        bits[codes(names)] |= np.uint64(1 << bit)
    return bits


TAG_BITS = _tag_bits()


def _table() -> tuple[NDArray[np.uint8], NDArray[np.int32], NDArray[np.int64], NDArray[np.int32]]:
    """(all words end to end, where each starts, its group, first word of each initial): for the kernel."""
    pairs = sorted(
        (word, group) for group, name in enumerate(VOCABULARY) for word in VOCABULARY[name].split()
    )
    letters = np.frombuffer("".join(word for word, _ in pairs).encode(), np.uint8)
    starts = np.cumsum([0, *(len(word) for word, _ in pairs)], dtype=np.int32)
    initials = np.searchsorted([ord(word[0]) for word, _ in pairs], np.arange(97, 124)).astype(np.int32)
    return letters, starts, np.array([group for _, group in pairs]), initials


WORD_TABLE = _table()
ANYWHERE: Final = 6
"""Words of at least so many letters count anywhere in an attribute, shorter ones where a word starts."""
