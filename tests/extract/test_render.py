"""The text of pages as our extractor writes it, plain and as Markdown: nothing of their structure is destroyed."""

from __future__ import annotations

import numpy as np
import pytest
from resiliparse.parse.html import HTMLTree

from pipelines.extract.extractors import EXTRACTORS, MAX_WORK
from pipelines.extract.html import Extract
from pipelines.extract.nesting import NEVER_NESTS, SVG, nesting_work
from pipelines.extract.scan import scan


def read(html: str, markdown: bool = False, main: bool = False, extractor: str = "daybreak") -> str:
    chosen = Extract(main_content=main, extractor=extractor, format="markdown" if markdown else "text")
    return chosen.text(html, HTMLTree.parse(html))


LISTS = (
    "<ul><li>one<ul><li>one a</li><li>one b</li></ul></li><li><p>two</p><p>more of two</p></li></ul>"
    "<ol><li>first</li><li>second</li></ol>"
)
TABLE = (
    "<table><caption>Ferries</caption><tr><th>Port</th><th>Day</th><th>Hour</th></tr>"
    "<tr><td>Aal</td><td></td><td>7</td></tr><tr><td></td><td>Mon<br>Tue</td><td><b>8</b> or 9</td></tr></table>"
)
CODE = "<p>So:</p><pre><code>def f(a):\n    if a &lt; 1:\n\n\treturn 'x &amp; y'\n</code></pre><p>Then.</p>"


@pytest.mark.parametrize(
    ("html", "plain", "markdown"),
    [
        ("<h1>A<br>title</h1><h3>Part</h3><p>Text", "A title\n\nPart\n\nText", "# A title\n\n### Part\n\nText"),
        (
            LISTS,
            "• one\n  • one a\n  • one b\n• two\n  more of two\n\n1. first\n2. second",
            "- one\n  - one a\n  - one b\n- two\n  more of two\n\n1. first\n2. second",
        ),
        (
            TABLE,
            "Ferries\nPort\tDay\tHour\nAal\t\t7\n\tMon Tue\t8 or 9",
            "Ferries\nPort | Day | Hour\nAal | | 7\n| Mon Tue | 8 or 9",
        ),
        (
            CODE,
            "So:\n\ndef f(a):\n    if a < 1:\n\n\treturn 'x & y'\n\nThen.",
            "So:\n\n```\ndef f(a):\n    if a < 1:\n\n\treturn 'x & y'\n```\n\nThen.",
        ),
        ("<pre>a ``` b</pre>", "a ``` b", "````\na ``` b\n````"),
        ("<pre> in\n<div>a line</div><div>  b</div></pre>", " in\na line\n  b", "```\n in\na line\n  b\n```"),
        ("<p>a\n  b&nbsp; &nbsp;c<br> d <br><br><br>e</p>", "a b c\nd\n\ne", None),
        ("<p>&lt;b&gt; &amp;amp; &quot;q&quot; &eacute;&#8364;&#x4e2d;</p>", '<b> &amp; "q" é€中', None),
        ("<div>a</div><div>b <i>c</i>d</div><p>e</p>f", "a\nb cd\n\ne\n\nf", None),
        (
            "<p>مرحبا <b>بالعالم</b></p><p>שלום</p><p>渡轮准时<em>离开</em>了。</p><p>เรือข้ามฟาก</p>",
            "مرحبا بالعالم\n\nשלום\n\n渡轮准时离开了。\n\nเรือข้ามฟาก",
            None,
        ),
        ("<p>a<script>if (a<b) '</p>'</script><style>p>a{}</style><!-- c > d --> b</p>", "a b", None),
        ("<p>a<button>Buy</button><select><option>x</select><textarea>y</textarea> b", "a\nb", None),
        ("<p>a<svg><title>t</title><text>x</text></svg> b<iframe>z</iframe> c", "a b\nc", None),
        ("<p>seen</p><p hidden>a</p><p style='top:0; display: none'>b</p><noscript>c</noscript>", "seen", None),
        ("<noscript><p>all there is</p></noscript>", "all there is", None),
        (
            "<table><tr><td><table><tr><td>in</td><td>side</td></tr></table></td><td>out</td></tr></table>",
            "in\tside\n\nout",
            "in | side\n\nout",
        ),
    ],
)  # fmt: skip
def test_structure_is_kept(html: str, plain: str, markdown: str | None) -> None:
    assert read(html) == plain
    assert read(html, markdown=True) == (markdown or plain)


def links(words: str, count: int) -> str:
    return "<ul>" + "".join(f"<li><a href=/{n}>{words} {n}</a></li>" for n in range(count)) + "</ul>"


SAID = [f"On day {n} the harbour was quiet, and the ferry left on time, with few aboard." for n in range(8)]
FRAMED = f"""<html><body><div class="nav menu">{links("Topic", 30)}</div>
<div class="article-body"><h1>The ferry</h1>{"".join(f"<p>{said}</p>" for said in SAID)}
<pre>a
  b</pre><table><tr><td>1</td><td>2</td></tr></table>
<p>It came back at noon, as it does, and nobody waited there. The wind had turned by then.</p></div>
<div class="related-posts"><h3>Related</h3>{links("Another story of", 10)}</div>
<footer class="footer"><p>Copyright, imprint and <a href=/terms>terms</a></p></footer></body></html>"""


@pytest.mark.parametrize("extractor", sorted(EXTRACTORS))
@pytest.mark.parametrize("markdown", [False, True])
def test_every_extractor_keeps_the_article_in_both_formats(extractor: str, markdown: bool) -> None:
    text = read(FRAMED, markdown, main=True, extractor=extractor)
    assert all(said in text for said in SAID)
    assert "Copyright" not in text
    assert "Topic 3" not in text
    assert ("# The ferry" in text) == markdown
    assert "a\n  b" in text


def test_related_links_are_left_out_and_a_table_of_the_article_is_not() -> None:
    text = read(FRAMED, main=True)
    assert "Another story of 9" not in text
    assert "1\t2" in text


@pytest.mark.parametrize("extractor", sorted(EXTRACTORS))
def test_all_of_a_page_is_taken_where_the_recipe_says_so(extractor: str) -> None:
    text = read(FRAMED, main=False, extractor=extractor)
    for part in ("Topic 3", "The ferry", "Another story", "Copyright", *SAID):
        assert part in text


HOSTILE = (
    "<div>",
    "<b><p>",
    "<ul><li>",
    "<table><tr><td>",
    "<a href=x>",
    "<div class=share>",
    "<svg><path>",
    "<x-y>",
)


@pytest.mark.parametrize("tag", HOSTILE)
def test_deep_pages_are_cut_in_time_that_grows_with_their_size_alone(tag: str) -> None:
    html = tag * 3000 + "<p>The end of it, with words enough to be read.</p>"
    page = scan(HTMLTree.parse(html).document.html)  # type: ignore[union-attr]
    assert len(page.elements) <= np.count_nonzero(page.html == ord("<")) + 1
    assert len(page.blocks) <= len(page.elements)
    assert (page.elements[1:, 1] < np.arange(1, len(page.elements))).all()
    assert "The end of it" in read(html, main=True) or tag.startswith("<svg")


def test_a_page_too_deep_for_resiliparse_is_none_for_ours() -> None:
    article = "".join(f"<p>Paragraph {n} says something, and then it says some more.</p>" for n in range(20))
    html = "<nav><a href=/>Home</a></nav>" + "<div>" * 5000 + article
    assert nesting_work(np.frombuffer(html.encode(), np.uint8), NEVER_NESTS, SVG) > MAX_WORK
    assert "Paragraph 19" in read(html, main=True)
    assert "Paragraph 19" in read(html, main=True, extractor="resiliparse")
