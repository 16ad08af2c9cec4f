"""WAT: what a crawl says of each page, title and description as its text."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from ingest_shards import kinds, page, read, warc
from warcio.warcwriter import WARCWriter

from daybreak.errors import InputError


def envelope(kind: str = "response", html: Any = None) -> dict[str, Any]:
    """The JSON of one record, as ia-hadoop-tools writes it."""
    answer = {
        "Response-Message": {"Status": "200", "Version": "HTTP/1.1", "Reason": "OK"},
        "Headers": {"Content-Type": "text/html"},
        "HTML-Metadata": html,
    }
    header = {"WARC-Type": kind, "WARC-Target-URI": "https://a/", "WARC-Date": "2024-05-18T01:58:10Z"}
    return {
        "Container": {"Filename": "a.warc.gz", "Compressed": True, "Offset": "1036"},
        "Envelope": {
            "Format": "WARC",
            "WARC-Header-Metadata": {**header, "WARC-Record-ID": "<urn:uuid:1>"},
            "Payload-Metadata": {"HTTP-Response-Metadata": answer},
        },
    }


def wat(folder: Path, blocks: list[bytes]) -> Path:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True)
    writer.write_record(writer.create_warcinfo_record("a.warc.wat.gz", {"software": "test"}))
    for block in blocks:
        content = {"warc_content_type": "application/json"}
        writer.write_record(writer.create_warc_record("https://a/", "metadata", io.BytesIO(block), **content))
    (folder / "a.warc.wat.gz").write_bytes(out.getvalue())
    return folder / "a.warc.wat.gz"


def test_a_document_is_title_and_description_and_the_rest_is_metadata(tmp_path: Path) -> None:
    head = {
        "Title": " A page ",
        "Metas": [{"name": "viewport", "content": "w"}, {"name": "Description", "content": "About."}],
        "Link": [{"path": "LINK@/href", "rel": "canonical", "url": "https://a/canonical"}],
    }
    html = {"Head": head, "Links": [{"path": "A@/href", "url": "/b", "text": "b"}, {"url": "/c"}]}
    (_, row) = read("commoncrawl_wat", wat(tmp_path, [json.dumps(envelope(html=html)).encode()]))
    assert row["text"] == "A page\n\nAbout."
    assert (row["url"], row["timestamp"]) == ("https://a/", "2024-05-18T01:58:10Z")
    assert json.loads(row["metadata"]) == {
        "title": "A page",
        "description": "About.",
        "links": 2,
        "canonical_url": "https://a/canonical",
        "http_status": "200",
        "record_id": "<urn:uuid:1>",
    }


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        (json.dumps(envelope()), "no_text"),
        (json.dumps(envelope(html={"Head": {"Title": 7, "Metas": {"name": "description"}}})), "no_text"),
        (json.dumps(envelope(html={"Head": ["x"], "Links": 3})), "no_text"),
        (json.dumps(envelope("request")), "record_type"),
        ("{}", "record_type"),
        ('{"Envelope": {', "error"),
        ("[]", "error"),
        (r'{"Envelope": "\ud800"}', "error"),
    ],
)
def test_every_record_has_its_outcome(tmp_path: Path, block: str, kind: str) -> None:
    whole = json.dumps(envelope(html={"Head": {"Title": "after"}}))
    rows = read("commoncrawl_wat", wat(tmp_path, [block.encode(), whole.encode()]))
    assert kinds(rows) == ["record_type", kind, "document"]
    assert rows[1]["length"] > 0


def test_a_file_of_pages_holds_no_metadata_and_junk_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.warc.gz").write_bytes(warc([page(1)]))
    assert kinds(read("commoncrawl_wat", tmp_path / "a.warc.gz")) == ["record_type"] * 2
    (tmp_path / "a.warc.gz").write_bytes(b"junk" * 99)
    with pytest.raises(InputError, match="no WARC"):
        read("commoncrawl_wat", tmp_path / "a.warc.gz")


def test_the_real_one_describes_a_request(shared_data: Path) -> None:
    folder = shared_data / "commoncrawl/real/commoncrawl+whirlwind-python"
    rows = read("commoncrawl_wat", folder / "whirlwind.warc.wat.gz")
    assert kinds(rows) == ["record_type", "record_type"]
    assert rows[1]["url"] == "https://an.wikipedia.org/wiki/Escopete"
