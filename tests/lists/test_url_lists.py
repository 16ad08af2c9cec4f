"""URL categories and words: hosts by label, prefixes by boundary, what a list may look like."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.errors import InputError
from pipelines.kernels import compile as compiling
from pipelines.lists import urls as urls_module
from pipelines.lists.hosts import find
from pipelines.lists.url_words import UrlWords
from pipelines.lists.urls import UrlCategories, column_of, index_for

UT1 = {
    "games/domains": [
        "# a comment",
        "play.example",
        "LOUD.example.",
        "xn--spiel-mua.example",
        "co.uk",
        "com",
        "kawasaki.jp",
        "any.ck",
        "www.ck",
        "github.io",
        "公司.cn",
    ],
    "games/urls": ["host.example/games", "www.host.example/arcade/", "host.example/q?id=1"],
    "dice-and_cards/domains": ["cards.example", "karten-größe.example", "play.example"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("urls")
    for name, lines in UT1.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
    (place / "README").write_text("not a list")
    return place


def listed(folder: Path, *urls: str | None) -> list[tuple[int, int]]:
    rows = UrlCategories(str(folder))(pa.record_batch({"url": pa.array(urls, pa.string())}))
    columns = [rows.column(name).to_pylist() for name in ("url_games", "url_dice_and_cards")]
    assert [a + b for a, b in zip(*columns, strict=True)] == rows.column("url_listed").to_pylist()
    return list(zip(*columns, strict=True))


@pytest.mark.parametrize(
    ("url", "games", "cards"),
    [
        ("https://play.example", 1, 1),
        ("http://a.b.PLAY.example:8080/x", 1, 1),
        ("http://user:secret@play.example./", 1, 1),
        ("play.example/x", 1, 1),
        ("https://display.example/", 0, 0),
        ("https://play.example.org/", 0, 0),
        ("https://example/", 0, 0),
        ("https://other.example/?u=https://play.example/", 0, 0),
        ("https://other.example/play.example", 0, 0),
        ("https://loud.example", 1, 0),
        ("https://spielä.example/", 0, 0),
        ("https://karten-größe.example/a", 0, 1),
        ("https://user:ü@karten-größe.example:81/a://b", 0, 1),
        ("https://sub.KARTEN-grösse.example/a", 0, 1),  # IDNA 2003: ß is ss
        ("https://site.co.uk/", 0, 0),
        ("https://site.com/", 0, 0),
        ("https://a.kawasaki.jp/", 0, 0),  # a suffix, for there is a rule for what stands below it
        ("https://site.any.ck/", 0, 0),  # a suffix by a wildcard
        ("https://www.ck/", 1, 0),  # its exception
        ("https://user.github.io/", 1, 0),  # a company's suffix is a domain that may be listed
        ("https://site.公司.cn/", 0, 0),
        ("https://host.example/", 0, 0),
        ("https://host.example/games", 1, 0),
        ("https://www.host.example/Games/x?y#z", 1, 0),
        ("https://host.example/games?x", 1, 0),
        ("https://host.example/gamestop", 0, 0),
        ("https://host.example/arcade", 1, 0),
        ("https://host.example/q?id=1&more=2", 1, 0),
        ("https://host.example/q?id=12", 0, 0),
        ("https://sub.host.example/games", 0, 0),
        ("http://[2001:db8::1]:80/games", 0, 0),
        ("", 0, 0),
        (None, 0, 0),
        ("://", 0, 0),
    ],
)
def test_addresses_and_categories(folder: Path, url: str | None, games: int, cards: int) -> None:
    assert listed(folder, url) == [(games, cards)]


def test_punycode_and_unicode_hosts_are_one(folder: Path) -> None:
    encoded = "karten-größe.example".encode("idna").decode()
    assert listed(folder, f"https://www.{encoded}/x") == [(0, 1)]


LABELS = st.lists(
    st.sampled_from(["play", "example", "x", "cards", "display", "www"]), min_size=1, max_size=5
)


@settings(max_examples=200, deadline=None)
@given(LABELS, st.sampled_from(["", "/a", "?b", ":81/c"]))
def test_a_domain_stands_for_whole_labels(folder: Path, labels: list[str], rest: str) -> None:
    host = ".".join(labels)
    below = {name: host == name or host.endswith("." + name) for name in ("play.example", "cards.example")}
    expected = (int(below["play.example"]), int(any(below.values())))
    assert listed(folder, f"https://{host}{rest}") == [expected]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.none() | st.text(max_size=30), max_size=6), st.integers(0, 6))
def test_how_a_batch_is_cut_never_changes_a_row(folder: Path, urls: list[str | None], cut: int) -> None:
    batch = pa.record_batch({"url": pa.array([f"http://{u}" if u else u for u in urls], pa.string())})
    stage = UrlCategories(str(folder))
    assert (
        stage(batch).to_pylist()
        == stage(batch.slice(0, cut)).to_pylist() + stage(batch.slice(cut)).to_pylist()
    )


def test_rows_of_json_and_folders_make_one_index(folder: Path, tmp_path: Path) -> None:
    rows = [
        {"category": name.split("/")[0], "kind": name.split("/")[1], "value": value}
        for name, values in UT1.items()
        for value in values
    ]
    (tmp_path / "u.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    one, other = index_for(str(folder), None), index_for(str(tmp_path / "u.jsonl"), None)
    assert one.categories == other.categories == ("dice-and_cards", "games")
    assert one.keys.tolist() == other.keys.tolist() and one.bits.tolist() == other.bits.tolist()


def test_the_index_is_the_same_with_no_place_to_keep_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = index_for(str(folder), ("games",))
    monkeypatch.setattr(urls_module, "cache_folder", lambda: None)
    built = index_for.__wrapped__(str(folder), ("games",))
    assert kept.keys.tolist() == built.keys.tolist() and set(built.bits.tolist()) == {1}
    assert compiling.cache_folder() is None or kept.keys.base is not None


def test_a_second_process_maps_the_file_of_the_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if compiling.cache_folder() is None:
        pytest.skip("no place to keep an index")
    index_for(str(folder), None)

    def never(*_: object) -> None:
        raise AssertionError("built again")

    monkeypatch.setattr(urls_module, "_build", never)
    again = index_for.__wrapped__(str(folder), None)
    assert isinstance(again.keys, np.memmap) and isinstance(again.bits, np.memmap)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), max_size=60, unique=True), st.integers(0, 2**64 - 1))
def test_every_key_is_found_and_no_other(held: list[int], other: int) -> None:
    keys = np.array(sorted(held), np.uint64)
    bits = np.arange(1, len(keys) + 1).astype(np.uint64)
    assert [int(find(keys, bits, key)) for key in keys] == bits.tolist()
    assert (int(find(keys, bits, np.uint64(other))) != 0) == (other in held)


def test_chosen_categories_alone_become_columns(folder: Path) -> None:
    rows = UrlCategories(str(folder), ("games",))(pa.record_batch({"url": ["https://cards.example"]}))
    assert rows.schema.names == ["url", "url_games", "url_listed"]
    assert column_of("Dice & Cards") == "url_dice_cards"
    with pytest.raises(InputError, match=r"no category 'game'; it has: dice-and_cards, games"):
        index_for(str(folder), ("game",))


def test_a_wrong_layout_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="CATEGORY/domains"):
        index_for(str(tmp_path), None)
    (tmp_path / "u.jsonl").write_text('{"category": "a", "kind": "hosts", "value": "x.example"}\n')
    with pytest.raises(InputError, match="line 1: kind 'hosts'"):
        index_for(str(tmp_path / "u.jsonl"), None)
    with pytest.raises(InputError, match=r"holds: u\.jsonl"):
        index_for(str(tmp_path / "v.jsonl"), None)


def words_in(place: Path, *urls: str | None) -> list[tuple[int, int, int]]:
    rows = UrlWords(str(place))(pa.record_batch({"url": pa.array(urls, pa.string())}))
    columns = [rows.column(f"url_{kind}").to_pylist() for kind in ("strict", "hard", "soft")]
    return list(zip(*columns, strict=True))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://turn-ip.example/", (1, 0, 0)),
        ("https://MyTurnips.example/", (1, 0, 0)),
        ("https://win.ter-sq.uash.example/", (1, 0, 0)),  # broken up, as is the list's own word
        ("https://рЕ-па.example/", (1, 0, 0)),
        ("https://ре.example/", (0, 0, 0)),
        ("https://BEET.example/", (0, 1, 0)),
        ("https://beet.example/", (0, 1, 0)),
        ("https://beets.example/", (0, 0, 0)),
        ("https://leaf.example/leaf/leaf", (0, 0, 1)),
        ("https://leaf.example/Root_beet", (0, 1, 2)),
        ("https://leafroot.example", (0, 0, 0)),
        ("", (0, 0, 0)),
        (None, (0, 0, 0)),
    ],
)
def test_words_in_addresses(tmp_path: Path, url: str | None, expected: tuple[int, int, int]) -> None:
    for name, words in {
        "strict.txt": "turnip\nWinter-Squash\nрепа\n--",
        "hard.txt": "beet",
        "soft.txt": "leaf\nroot",
    }.items():
        (tmp_path / name).write_text(words + "\n")
    assert words_in(tmp_path, url) == [expected]


def test_words_in_rows_of_json(tmp_path: Path) -> None:
    file = tmp_path / "words.jsonl"
    file.write_text('{"kind": "soft", "word": "leaf"}\n')
    assert words_in(file, "https://leaf.example") == [(0, 0, 1)]
    (tmp_path / "other.jsonl").write_text('{"kind": "weak", "word": "leaf"}\n')
    with pytest.raises(InputError, match="strict, hard, soft"):
        words_in(tmp_path / "other.jsonl", "https://leaf.example")
