"""URLs in the form that duplicates are judged by."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dedup.urls import normal_urls, url_hash


def normal(*urls: str | None) -> list[str | None]:
    return normal_urls(pa.array(urls, pa.string())).to_pylist()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://www.Example.org:443/a/b/?utm_source=x&id=3&gclid=1#part", "example.org/a/b?id=3"),
        ("http://example.org", "example.org"),
        ("http://example.org/?", "example.org"),
        ("//example.org/a?b=1&fbclid=z", "example.org/a?b=1"),
        ("http://example.org:8080/x", "example.org:8080/x"),
        ("http://example.org/?utm_source=a&utm_medium=b", "example.org"),
        ("http://example.org/?gclidx=1&gclid-x=2&a", "example.org?gclidx=1&gclid-x=2&a"),
        ("http://example.org/Case?Q=A", "example.org/Case?Q=A"),
        ("http://example.org/?b=2&a=1", "example.org?b=2&a=1"),
        ("http://example.org/%7euser/%c3%bc%2f", "example.org/~user/%C3%BC%2F"),
        ("http://example.org/~user/ü%2F", "example.org/~user/%C3%BC%2F"),
        (" http://name:word@example.org/x ", "example.org/x"),
        (None, None),
        ("no address", None),
        ("http:///path", None),
    ],
)
def test_normal_form(url: str | None, expected: str | None) -> None:
    assert normal(url) == [expected]


def test_equal_forms_have_equal_hashes_and_no_url_has_none() -> None:
    urls = ["http://example.org/a/", "https://www.example.org/a", "http://example.org/b", None, "nothing"]
    hashes = url_hash(pa.array(urls, pa.string())).to_pylist()
    assert hashes[0] == hashes[1] != hashes[2]
    assert hashes[3:] == [None, None]


@given(st.lists(st.text(max_size=40).map(lambda tail: f"http://example.org/{tail}"), max_size=6))
def test_a_normal_form_is_normal_and_depends_on_its_url_alone(urls: list[str]) -> None:
    once = normal(*urls)
    assert [normal(url)[0] for url in urls] == once
    assert normal(*(f"//{url}" for url in once)) == once
