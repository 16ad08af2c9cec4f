"""Detectors: golden values of every rule, what only looks like one, pseudonyms that keep shape and stay put."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.pii_accuracy import look_alikes
from daybreak.errors import RecipeError
from pipelines.pii.pseudonym import VARIABLE, Key
from pipelines.pii.registry import DETECTORS
from pipelines.pii.scrub import Scrub

KEY = Key.from_environment({VARIABLE: "a key for tests, long enough"})
PSEUDONYMS = dict.fromkeys(DETECTORS, "pseudonym")

GOLDEN = [
    # issuers' published test numbers
    ("card", "luhn", "4111 1111 1111 1111"),
    ("card", "luhn", "5555555555554444"),
    ("card", "luhn", "3782-822463-10005"),
    ("card", "luhn", "3056 930902 5904"),
    ("card", "luhn", "6011111111111117"),
    ("card", "luhn", "3530111333300000"),
    # the registry's examples
    ("iban", "mod97", "GB82 WEST 1234 5698 7654 32"),
    ("iban", "mod97", "DE89370400440532013000"),
    ("iban", "mod97", "FR1420041010050500013M02606"),
    ("iban", "mod97", "NO93 8601 1117 947"),
    # the examples of each number's own documentation
    ("national_id", "cn_ric", "11010519491231002X"),
    ("national_id", "us_ssn", "536-90-4399"),
    ("national_id", "br_cpf", "390.533.447-05"),
    ("national_id", "kr_rrn", "971013-9019902"),
    ("national_id", "be_nn", "85.07.30-033.28"),
    ("national_id", "ch_ssn", "756.9217.0769.85"),
    ("national_id", "fr_nir", "2 95 10 99 126 111 93"),
    ("national_id", "it_codicefiscale", "RCCMNL83S18D969H"),
    ("national_id", "mx_curp", "BOXW310820HNERXN09"),
    ("national_id", "gb_nino", "AB 12 34 56 C"),
    # BIP-173, BIP-350 and EIP-55
    ("wallet", "base58check", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    ("wallet", "bech32", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    ("wallet", "bech32", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"),
    ("wallet", "ethereum", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ("secret", "aws", "AKIA" + "Q3EGRZ5SVTWX7ABC"),
    ("secret", "github", "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"),
    ("secret", "slack", "xoxb-" + "2345678901-ab12cd34ef56"),
    ("secret", "stripe", "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"),
    ("secret", "google", "AIza" + "SyA1bC2dE3fG4hI5jK6lM7nO8pQ9rS0tU1v"),
    ("secret", "jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.dBjftJeZ4CVP-mB92K27uhbUJU1p1r"),
    ("secret", "private_key", "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIPd\n-----END EC PRIVATE KEY-----"),
    ("phone", "china_mobile", "138-1234-5678"),
    ("phone", "national", "(010) 6552 9988"),
    ("phone", "national", "090-1234-5678"),
    ("phone", "international", "+86 138 1234 5678"),
]  # fmt: skip

CUED = [
    ("gb_nhs_cued", "NHS 9434765870"),
    ("pl_pesel_cued", "PESEL: 44051401359"),
    ("nl_bsn_cued", "BSN 1112.22.333"),
    ("in_aadhaar_cued", "Aadhaar no. 2341 2341 2346"),
    ("ca_sin_cued", "SIN: 123-456-782"),
    ("es_dni", "DNI 54362315K"),
    ("es_nie", "NIE X2482300W"),
    ("dk_cpr_cued", "CPR 211062-5629"),
    ("us_ssn_cued", "social security number 536904399"),
    ("gb_nino", "National Insurance number AB123456C"),
]


def scrub(text: str, **settings_: Any) -> dict[str, Any]:
    return Scrub(**settings_)(pa.record_batch({"text": [text]})).to_pylist()[0]


def found(text: str) -> list[tuple[str, str]]:
    return [(finding["type"], finding["rule"]) for finding in scrub(text)["findings"]]


@pytest.mark.parametrize(("kind", "rule", "value"), GOLDEN)
def test_each_rule_takes_its_examples(kind: str, rule: str, value: str) -> None:
    row = scrub(f"It is {value}, they said.")
    assert row["text"] == f"It is {DETECTORS[kind].placeholder}, they said."
    (finding,) = row["findings"]
    assert (finding["type"], finding["rule"]) == (kind, rule)
    placed = row["text"].encode()[finding["begin"] : finding["end"]].decode()
    assert (placed, finding["length"]) == (DETECTORS[kind].placeholder, len(value.encode()))
    assert row[f"pii_{kind}"] == 1


@pytest.mark.parametrize(("rule", "text"), CUED)
def test_weak_numbers_need_a_word_before_them(rule: str, text: str) -> None:
    assert found(text) == [("national_id", rule)]
    assert found(re.sub(r"^\D+?(?=(?:X?\d|AB))", "it is ", text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112 4111111111111112 9111111111111111",
        "GB83 WEST 1234 5698 7654 32 XX89370400440532013000",
        "11010519491231002Y 110105194912310021 000-12-3456 666-12-3456 390.533.447-06",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
        "AKIAIOSFODNN7EXAMPLE ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx sk-learn task-based eyJ",
        "0x0000000000000000000000000000000000000000 0xdeadbeef",
        "1f8e7d6c5b4a39281706f5e4d3c2b1a0 550e8400-e29b-41d4-a716-446655440000",
        "ISBN 978-0-306-40615-7, doi:10.1038/nphys1170, arXiv:2112.11446v2, PMID 12345678, RFC 5321",
        "2021-03-04T12:30:45Z 04.05.2021 1614861045 1614861045123 12:30:45.123456",
        "version 10.20.30.40, section 12.20.30.41, v1.2.30.41, pi is 3.14159265358979323846",
        "His sins: 123456782, and 9434765870 voters; 44051401359 rows, 2341 2341 2346 people",
        "-----BEGIN PUBLIC KEY-----\nMHcCAQEEIPd\n-----END PUBLIC KEY-----",
        "500 000 000 mobile users, 1 234 567 890 phones, call 911 or 999",
    ],
)
def test_what_only_looks_like_a_value_stays(text: str) -> None:
    assert scrub(text)["text"] == text


def test_lines_full_of_numbers_hold_next_to_nothing() -> None:
    lines = look_alikes(2000, seed=1)
    rows = Scrub()(pa.record_batch({"text": lines})).to_pylist()
    assert sum(len(row["findings"]) for row in rows) <= 4


@pytest.mark.parametrize(
    "value",
    ["a@b.org", "40.50.60.5", "2600:4860:4860::8888", "+44 20 7946 0958", *(value for _, _, value in GOLDEN)],
)
def test_pseudonyms_keep_the_shape_and_are_found_no_more(value: str) -> None:
    row = scrub(f"It is {value}, they said.", actions=PSEUDONYMS, key=KEY)
    token = row["text"].removeprefix("It is ").removesuffix(", they said.")
    assert token != value
    assert scrub(row["text"], public_only=False)["text"] == row["text"]
    assert scrub(f"tel {token} ssn {token} card {token}")["findings"] == []
    if row["findings"][0]["rule"] not in ("mailbox", "ipv4", "ipv6", "private_key", "bech32"):
        assert re.sub(r"\w", "x", token) == re.sub(r"\w", "x", value)


def test_pseudonyms_are_well_formed() -> None:
    text = scrub("A@B.org c@b.org 40.50.60.5 2600:4860:4860::8888", actions=PSEUDONYMS, key=KEY)["text"]
    first, second, v4, v6 = text.split()
    assert re.fullmatch(r"[a-z]{12}@[a-z]{8}\.invalid", first)
    assert first.split("@")[1] == second.split("@")[1] and first != second
    assert not ipaddress.ip_address(v4).is_global and ipaddress.ip_address(v6) in ipaddress.ip_network(
        "2001:db8::/32"
    )


def test_one_value_one_token_one_key() -> None:
    text = "+1 415-555-2671 jo@example.org, +1 (415) 555 2671 JO@example.org"
    row = scrub(text, actions=PSEUDONYMS, key=KEY)
    first, second = (re.sub(r"[^\da-z@.]", "", part) for part in row["text"].split(","))
    assert first == second
    other = Key.from_environment({VARIABLE: "another key for tests, long enough"})
    assert scrub(text, actions=PSEUDONYMS, key=other)["text"] != row["text"]
    assert KEY.fingerprint != other.fingerprint and "key for tests" not in repr(KEY)


def test_findings_point_at_pseudonyms_too() -> None:
    row = scrub("é jo@example.org x +1 415 555 2671", actions={"email": "pseudonym"}, key=KEY)
    places = [row["text"].encode()[f["begin"] : f["end"]].decode() for f in row["findings"]]
    assert places[0].endswith(".invalid") and places[1] == "<PHONE>"


def test_a_missing_or_short_key_is_an_error() -> None:
    for environment in ({}, {VARIABLE: "short"}):
        with pytest.raises(RecipeError, match=VARIABLE):
            Key.from_environment(environment)
    with pytest.raises(RecipeError, match="need a key"):
        Scrub(actions={"email": "pseudonym"})
    with pytest.raises(RecipeError, match="unknown type of personal data 'mail'"):
        Scrub(types=("mail",))
    with pytest.raises(RecipeError, match="unknown action"):
        Scrub(actions={"email": "hash"})


VALUES = st.sampled_from([value for _, _, value in GOLDEN] + ["jo@example.org", "40.50.60.5", "415-555-2671"])
BETWEEN = st.sampled_from(
    [" ", ", ", "\n", "-", "/", ".", "", " tel ", " ssn ", " card ", "00", "0000 ", "12 ", ":", "@"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(BETWEEN, VALUES), max_size=6), BETWEEN, st.booleans())
@example([(".", "2 95 10 99 126 111 93")], " ", True)  # four zeros behind a mark that no digit stands before
def test_scrubbing_again_changes_nothing(parts: list[tuple[str, str]], end: str, pseudonyms: bool) -> None:
    text = "".join(between + value for between, value in parts) + end
    how: dict[str, Any] = {"actions": PSEUDONYMS, "key": KEY} if pseudonyms else {}
    once = scrub(text, **how)
    again = scrub(once["text"], **how)
    assert (again["text"], again["findings"]) == (once["text"], [])


def test_density_is_findings_per_thousand_characters() -> None:
    assert scrub("jo@example.org " + "é" * 985)["pii_density"] == 1.0
    rows = Scrub()(pa.record_batch({"text": pa.array(["", None, "x"], pa.string())}))
    assert rows.column("pii_density").to_pylist() == [0.0, 0.0, 0.0]
    assert rows.column("text").to_pylist() == ["", None, "x"]
