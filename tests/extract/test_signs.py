"""What pages say of themselves arrives in the metadata, and reservations are honoured as the recipe says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest

from daybreak.recipe import load_recipe
from daybreak.schema import RAW
from pipelines.extract.html import Extract
from pipelines.extract.licences import licence_name
from pipelines.extract.signs import robots_directives
from pipelines.ingest.frames import Frame
from pipelines.ingest.rows import Row, batches
from pipelines.ingest.warc import row_of
from pipelines.pii.scrub import Scrub

BODY = b"<p>The ferry left on time, and nobody waited at the harbour for it.</p>"


def extract(payload: bytes, metadata: str | None = None, **options: Any) -> dict[str, Any]:
    row = {
        "offset": 0,
        "length": 1,
        "n_raw": 1,
        "payload": payload,
        "metadata": metadata,
        "url": "https://a.org/b/c",
    }
    (found,) = Extract(**options)(pa.RecordBatch.from_pylist([row], schema=RAW)).to_pylist()
    return dict(found)


def known(head: str, body: bytes = BODY, metadata: str | None = None) -> dict[str, Any]:
    page = f"<html lang=de-AT><head>{head}</head><body>".encode() + body
    parsed: dict[str, Any] = orjson.loads(extract(page, metadata, honour=())["metadata"])
    assert parsed.pop("html_lang") == "de-AT"
    return parsed


LINKED_DATA = """<script type="application/ld+json">{"@graph": [{"@type": "WebSite", "name": "x"}, {"headline":
"A  day", "datePublished": "2024-03-01T10:00:00+01:00", "author": [{"name": "A. Writer"}, "B. Other"],
"license": "https://creativecommons.org/licenses/by-nc/4.0/"}]}</script>"""


def test_what_a_page_says_of_itself_becomes_metadata() -> None:
    head = (
        "<title>Site | The&nbsp;ferry</title><meta property=og:title content='The ferry'>"
        "<meta name=Author content=' A. Writer '><meta property=article:published_time content=2024-03-01T10:00:00Z>"
        "<link rel=canonical href=/b?id=1><link rel='license' href='//creativecommons.org/licenses/by-sa/4.0/deed.de'>"
    )
    linked = b"<a href=http://creativecommons.org/publicdomain/zero/1.0/>picture</a>" + BODY
    assert known(head, linked, '{"http_status":200}') == {
        "http_status": 200,
        "title": "The ferry",
        "author": "A. Writer",
        "published": "2024-03-01T10:00:00Z",
        "canonical_url": "https://a.org/b?id=1",
        "licence": "CC-BY-SA-4.0",
        "licences_linked": ["CC0-1.0"],
    }


def test_linked_data_is_read_and_what_is_broken_in_it_is_not() -> None:
    found = {
        "title": "A day",
        "author": "A. Writer, B. Other",
        "published": "2024-03-01T09:00:00Z",
        "licence": "CC-BY-NC-4.0",
    }
    assert known(LINKED_DATA) == found
    broken = '<script type="application/ld+json">{"headline": </script><meta name=author><meta content=x><link rel>'
    assert known(broken + LINKED_DATA) == found
    odd = '<script type="application/ld+json">[1, {"headline": 7, "author": {"name": [1]}, "license": {}}, []]</script>'
    assert known(odd) == {}


def test_times_and_bylines_in_the_page_serve_where_the_head_is_silent() -> None:
    body = b"<a rel=author href=/me>By <b>Me</b></a><time datetime=2020-02-30>x</time>" + BODY
    assert known("<title>t</title>", body) == {"title": "t", "author": "By Me"}
    assert known("", b"<time datetime=2020-02-03>x</time>" + BODY) == {"published": "2020-02-03T00:00:00Z"}


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
        ("http://CreativeCommons.org/licenses/by-nc-nd/3.0/at/", "CC-BY-NC-ND-3.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/legalcode", "CC0-1.0"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "PDM-1.0"),
        ("https://creativecommons.org/licenses/by-sa/", "CC-BY-SA"),
        ("https://opensource.org/licenses/MIT", "MIT"),
        ("https://creativecommons.org/about", None),
        ("/terms", None),
    ],
)
def test_licences_have_one_name_each(url: str, name: str | None) -> None:
    assert licence_name(url) == name


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("noai, noimageai", {"noai", "noimageai"}),
        ("NoIndex,NOARCHIVE", {"noindex", "noarchive"}),
        ("none", {"noindex"}),
        ("index, follow, max-snippet:-1, noarchive", {"noarchive"}),
        ("googlebot: noai, noindex", set()),
        ("googlebot: noindex, CCBot: noai", {"noai"}),
        ("unavailable_after: 25 Jun 2030, noai", {"noai"}),
    ],
)
def test_robots_directives(value: str, found: set[str]) -> None:
    assert robots_directives(value) >= found
    assert robots_directives(value) <= found | {"noarchive"}


NOAI = b"<meta name=robots content='index, noai'>" + BODY
TDM = b"<meta name=tdm-reservation content=1><meta name=tdm-policy content=https://a.org/p.json>" + BODY


def test_reservations_drop_a_page_by_name_and_only_if_honoured() -> None:
    assert extract(NOAI)["drop"] == "opt_out_noai"
    assert extract(TDM)["drop"] == "opt_out_tdm"
    assert extract(NOAI, honour=("tdm",))["drop"] is None
    kept = extract(TDM, honour=())
    assert kept["drop"] is None
    assert orjson.loads(kept["metadata"])["opt_out"] == ["tdm"]
    assert orjson.loads(kept["metadata"])["tdm_policy"] == "https://a.org/p.json"
    assert extract(b"<meta name=robots content=noindex>" + BODY)["drop"] is None
    assert (
        extract(b"<meta name=robots content=noindex>" + BODY, honour=("noindex",))["drop"]
        == "opt_out_noindex"
    )
    assert extract(b"<meta name=tdm-reservation content=0>" + BODY)["drop"] is None


def test_headers_reserve_as_meta_elements_do() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
    head += b"X-Robots-Tag: noarchive\r\nx-robots-tag: noai\r\nTDM-Reservation: 1\r\n"
    fields = {"warc-type": "response", "content-type": "application/http; msgtype=response"}
    row: Row = row_of(Frame(0, 100, fields, head + b"\r\n" + BODY))
    told = orjson.loads(row.metadata or "")
    assert told == {"http_status": 200, "x_robots_tag": "noarchive, noai", "tdm_reservation": "1"}
    (batch,) = batches([row], 1 << 20)
    (found,) = Extract()(batch).to_pylist()
    assert found["drop"] == "opt_out_noai"
    assert orjson.loads(found["metadata"])["opt_out"] == ["noai", "noarchive", "tdm"]


def test_personal_data_in_what_was_captured_is_scrubbed() -> None:
    head = "<title>Write to me@example.org</title><meta name=author content='me@example.org'>"
    head += "<link rel=canonical href='https://a.org/?by=me%40example.org'>"
    page = extract(f"<head>{head}</head>".encode() + BODY)
    batch = pa.record_batch(
        {name: pa.array([page[name]], pa.string()) for name in ("text", "url", "metadata")}
    )
    scrubbed = Scrub()(batch)["metadata"][0].as_py()
    assert "example.org" not in scrubbed
    assert set(orjson.loads(scrubbed)) == {"title", "author", "canonical_url"}


def test_a_page_with_more_elements_than_are_looked_at_is_read() -> None:
    page = extract(b"<meta name=x content=y>" * 100_000 + BODY)
    assert page["text"].startswith("The ferry")


def test_a_wrong_extractor_or_reservation_is_refused_before_any_work(tmp_path: Path) -> None:
    recipe = tmp_path / "r.yaml"
    for wrong in ("extractor: trafilature", "honour: [noia]", "format: html"):
        recipe.write_text(f"name: x\nsources: {{a: {{format: c4, paths: [x]}}}}\nextract: {{{wrong}}}\n")
        with pytest.raises(Exception, match=f"extract.{wrong.split(':')[0]}"):
            load_recipe(recipe)
