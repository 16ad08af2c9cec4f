"""Extraction: main content, the right charset, and no page that ends the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from resiliparse.parse.html import HTMLTree

from daybreak.schema import RAW
from pipelines.extract import Extract
from pipelines.extract.extractors import MAX_WORK
from pipelines.extract.nesting import NEVER_NESTS, SVG, nesting_work
from pipelines.ingest import READERS

SENTENCE = "The harbour was quiet that morning, and the ferry left on time with few people on board. "
ARTICLE = (
    "<html><body><nav><a href=/>Home</a><a href=/x>About us</a></nav>"
    f"<article><h1>Quiet</h1><p>{SENTENCE * 5}</p></article><footer>Imprint</footer></body></html>"
)


def raw_batch(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    full = [{"offset": number, "length": 1, "n_raw": 1, **row} for number, row in enumerate(rows)]
    return pa.RecordBatch.from_pylist(full, schema=RAW)


def extract(*rows: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    batch = Extract(**options)(raw_batch(list(rows)))
    batch.validate(full=True)
    assert batch.schema == RAW
    rows_out: list[dict[str, Any]] = batch.to_pylist()
    return rows_out


def text_of(payload: bytes, charset: str | None = None) -> Any:
    return extract({"payload": payload, "charset": charset})[0]["text"]


def test_main_content_leaves_the_frame_of_a_page_out() -> None:
    (main,) = extract({"payload": ARTICLE.encode()})
    (whole,) = extract({"payload": ARTICLE.encode()}, main_content=False)
    assert SENTENCE.strip() in main["text"]
    assert "Imprint" not in main["text"]
    assert "Imprint" in whole["text"]
    assert main["payload"] == ARTICLE.encode()


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("windows-1251", "Паром вышел из гавани вовремя. " * 5),
        ("shift_jis", "フェリーは定刻に港を出た。" * 5),
        ("gb18030", "渡轮准时离开了港口。" * 5),
        ("euc-kr", "여객선은 제시간에 항구를 떠났다. " * 5),
        ("windows-1252", "Le ferry quitta le port à l’heure, c’était l’été. " * 5),
    ],
)
@pytest.mark.parametrize("told", ["header", "meta"])
def test_the_charset_is_found_wherever_it_is_told(encoding: str, text: str, told: str) -> None:
    meta = f'<meta charset="{encoding}">' if told == "meta" else ""
    page = f"<html><head>{meta}</head><body><p>{text}</p></body></html>".encode(encoding)
    assert text_of(page, encoding if told == "header" else None) == text.strip()


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r"])
def test_the_charset_is_detected_where_nobody_tells_it(encoding: str) -> None:
    text = "Паром вышел из гавани вовремя, и на борту было совсем немного людей."
    assert text_of(f"<p>{text}</p>".encode(encoding)) == text


@pytest.mark.parametrize("charset", ["utf-8", "ISO-8859-1", "no-such-charset", '"utf-8"', "hex", "", None])
def test_utf8_is_read_as_such_whatever_the_header_says(charset: str | None) -> None:
    assert text_of("<p>naïve café 日本</p>".encode(), charset) == "naïve café 日本"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_decides(encoding: str) -> None:
    assert text_of("<p>naïve café</p>".encode(encoding), "windows-1251") == "naïve café"


def test_the_header_stands_before_the_meta_element_unless_its_charset_does_not_fit() -> None:
    page = '<meta charset="koi8-r"><p>Паром</p>'.encode("windows-1251")
    assert text_of(page, "windows-1251") == "Паром"
    page = '<meta charset="windows-1251"><p>Паром вышел</p>'.encode("windows-1251")
    assert text_of(page, "utf-8") == "Паром вышел"


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "shift_jis", None])
def test_a_page_pasted_together_from_two_encodings_is_read_in_both(charset: str | None) -> None:
    text = "L’été à Zürich, naïve façade, 渡轮. " * 5
    page = f"<p>{text}".encode() + "“C’était l’été”".encode("windows-1252") + f"{text}</p>".encode()
    assert text_of(page, charset) == f"{text}“C’était l’été”{text}".strip()


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(), st.sampled_from([None, "utf-8", "utf-16", "shift_jis", "iso-2022-jp", "nonsense"]))
def test_no_bytes_end_the_run_or_leave_nul_or_carriage_returns(payload: bytes, charset: str | None) -> None:
    (row,) = extract({"payload": b"<html><body>" + payload, "charset": charset})
    assert row["error"] is None
    assert not {"\0", "\r"} & set(row["text"])
    assert (row["drop"] == "empty") == (not row["text"].strip())


def test_entities_of_nul_and_lone_surrogates_make_valid_text() -> None:
    assert text_of(b"<p>a&#0;b&#xD800;c\0d</p>").replace("\ufffd", "") == "abcd"


def test_texts_pass_through_with_line_feeds_alone() -> None:
    rows = extract(
        {"text": "a\r\nb\rc\0d\u2028e"}, {"text": " \t\n\u00a0"}, {"text": ""}, {"payload": b"<p> </p>"}
    )
    assert [row["text"] for row in rows] == ["a\nb\ncd\u2028e", " \t\n\u00a0", "", ""]
    assert [row["drop"] for row in rows] == [None, "empty", "empty", "empty"]


def test_dropped_and_broken_rows_stay_as_they_are() -> None:
    given_rows = [{"drop": "mime"}, {"error": "broken", "payload": b"<p>x"}, {"payload": b"<p>kept</p>"}]
    rows = extract(*given_rows)
    assert [row["text"] for row in rows] == [None, None, "kept"]
    assert [(row["drop"], row["error"]) for row in rows] == [("mime", None), (None, "broken"), (None, None)]
    assert extract() == []


def test_a_page_on_which_the_parser_fails_is_an_error_and_the_others_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(self: Extract, html: str, tree: HTMLTree) -> str:
        if "bad" in html:
            raise RuntimeError("parser")
        return html

    monkeypatch.setattr(Extract, "text", fail)
    rows = extract({"payload": b"good"}, {"payload": b"bad" * 1_000_000}, {"payload": b"fine"})
    assert [row["text"] for row in rows] == ["good", None, "fine"]
    assert rows[1]["error"] == "The page's text cannot be extracted: RuntimeError: parser"
    assert len(rows[1]["payload"]) == 1 << 20


def test_a_page_without_main_content_keeps_its_whole_text() -> None:
    assert text_of(b"<html><body><nav>Only this stands here</nav></body></html>") == "Only this stands here"


SWALLOWED = ("<svg ", "<svg><path/>", "<table><tr><td>")
"""What swallows the text behind it, or is too deep for resiliparse to give it back."""


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "tag",
    [
        "<div>",
        "<div/>",
        "<div></x>",
        "<svg ",
        "<svg><path/>",
        "<font>",
        "<section><p>",
        "<ul><li>",
        "<table><tr><td>",
        "<x-y>",
    ],
)
def test_crafted_nesting_cannot_hang_the_run(tag: str) -> None:
    assert SENTENCE[:20] in text_of(tag.encode() * 50_000 + f"<p>{SENTENCE}".encode()) or tag in SWALLOWED


def work(html: str) -> int:
    return int(nesting_work(np.frombuffer(html.encode(), np.uint8), NEVER_NESTS, SVG))


def test_nesting_work_sums_depths() -> None:
    assert work("<div><div></div><div></div></div><div></div>") == 1 + 2 + 2 + 1
    assert work("<br><br><img src=x><p>a<p>b") == 0
    assert work("<div>" + "<p>x" * 10) == 1 + 10
    assert work("<svg>" + "<path/>" * 5 + "</svg><div></div>") == 1 + 1
    assert work("<path/>" * 3) == 1 + 2 + 3
    assert work("a < b <3 << </ <") == 0
    assert work("<div></x>" * 3) == 1 + 2 + 3
    assert work("<div>" * 5000) > MAX_WORK


def test_real_pages_stay_far_below_the_bound_and_all_are_read(shared_data: Path) -> None:
    path = shared_data / "commoncrawl/LAB-SHARED-00000.warc.gz"
    rows = []
    for batch in READERS["commoncrawl_warc"](str(path), options={}):
        for payload in batch["payload"].drop_null().to_pylist():
            assert work(payload.decode(errors="replace")) < MAX_WORK
        rows += Extract()(batch).to_pylist()
    assert len(rows) == 221
    assert [row["error"] for row in rows] == [None] * 221
    assert sum(row["drop"] is None for row in rows) > 200
