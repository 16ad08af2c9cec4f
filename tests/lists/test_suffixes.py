"""Registered domains: what publicsuffixlist itself answers, on made and on real addresses; ports, IPs, case, dots."""

from __future__ import annotations

import gzip
from pathlib import Path

import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from publicsuffixlist import PSLFILE, PublicSuffixList

from pipelines.lists.suffixes import registered_domains

LIBRARY = {private: PublicSuffixList(only_icann=not private) for private in (True, False)}
RULES = [
    line.split(" ")[0]
    for line in Path(PSLFILE).read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("//")
]


def domains(*urls: str | None, private: bool = True) -> list[str | None]:
    return registered_domains(pa.array(urls, pa.string()), private).to_pylist()


def expected(host: str, private: bool) -> str | None:
    """The library's answer; ours are always in punycode."""
    found = LIBRARY[private].privatesuffix(host.encode("idna").decode())
    return None if found is None else found.lower()


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://a.b.example.co.uk/x?y#z", "example.co.uk"),
        ("http://user:secret@WWW.Example.COM:8080/", "example.com"),
        ("http://www.example.com./", "example.com"),
        ("  www.example.com/path ", "example.com"),
        ("https://example.com?u=https://other.org/", "example.com"),
        ("https://user.github.io/", "user.github.io"),
        ("https://a.b.ck/", "a.b.ck"),  # *.ck
        ("https://b.ck/", None),
        ("https://a.www.ck/", "www.ck"),  # !www.ck
        ("https://x.city.kobe.jp/", "city.kobe.jp"),  # !city.kobe.jp
        ("https://kobe.jp/", None),  # *.kobe.jp takes it in
        ("https://a.例子.公司.cn/", "xn--fsqu00a.xn--55qx5d.cn"),
        ("https://XN--FSQU00A.公司.cn/", "xn--fsqu00a.xn--55qx5d.cn"),
        ("https://a.b.nosuchtld/", "b.nosuchtld"),
        ("https://co.uk/", None),
        ("https://localhost/", None),
        ("http://192.0.2.7:80/", None),
        ("http://192.0.2.7./", None),
        ("http://0x7f.0xAF/", None),
        ("http://[2001:db8::1]:443/", None),
        ("http://a..example.com/", None),
        ("https://", None),
        ("", None),
        (None, None),
    ],
)
def test_the_registered_domain(url: str | None, domain: str | None) -> None:
    assert domains(url) == [domain]


def test_suffixes_of_companies_count_by_setting() -> None:
    urls = ("https://a.b.github.io/", "https://me.blogspot.com/", "https://a.b.co.uk/")
    assert domains(*urls) == ["b.github.io", "me.blogspot.com", "b.co.uk"]
    assert domains(*urls, private=False) == ["github.io", "blogspot.com", "b.co.uk"]


@pytest.mark.parametrize("private", [True, False])
def test_every_rule_of_the_list_and_what_stands_below_it(private: bool) -> None:
    names = [rule.removeprefix("!").replace("*", "any") for rule in RULES]
    hosts = [f"{below}{name}" for name in names for below in ("", "one.", "two.one.", "www.two.one.")]
    found = domains(*(f"https://{host}/" for host in hosts), private=private)
    assert found == [expected(host, private) for host in hosts]


LABEL = st.sampled_from(
    ["a", "WWW", "city", "kobe", "jp", "co", "uk", "ck", "com", "github", "io", "x-1", "größe", "公司", "cn"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(LABEL, min_size=1, max_size=6), st.sampled_from(RULES), st.booleans(), st.booleans())
def test_made_hosts_agree_with_the_library(labels: list[str], rule: str, ends: bool, private: bool) -> None:
    host = ".".join([*labels, rule.removeprefix("!").removeprefix("*.")] if ends else labels)
    assert domains(f"http://u@{host}.:81/a.b", private=private) == [expected(host, private)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.none() | st.text(max_size=40), max_size=5), st.integers(0, 5))
def test_any_text_has_an_answer_that_its_neighbours_do_not_change(urls: list[str | None], cut: int) -> None:
    column = pa.array(urls, pa.string())
    whole = registered_domains(column)
    whole.validate(full=True)
    parts = [registered_domains(column.slice(0, cut)), registered_domains(column.slice(cut))]
    assert whole.to_pylist() == [domain for part in parts for domain in part.to_pylist()]


def test_real_addresses_agree_with_the_library(shared_data: Path) -> None:
    files = {"lists/url_blocklist.jsonl.gz": "value", "c4/c4-train.00000-of-00001.json.gz": "url"}
    texts = {name: gzip.decompress((shared_data / name).read_bytes()) for name in files}
    found = [orjson.loads(line)[files[name]] for name, text in texts.items() for line in text.splitlines()]
    addresses = [url.partition("://")[2] or url for url in found]
    hosts = [address.partition("/")[0].partition(":")[0] for address in addresses]
    named = [host for host in hosts if host.isascii() and not host.rpartition(".")[2].isdigit()]
    assert len(named) > 20_000
    assert domains(*named) == [LIBRARY[True].privatesuffix(host) for host in named]
