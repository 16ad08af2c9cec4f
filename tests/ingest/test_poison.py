"""Records that hang, explode in memory or crash the process: found, parked, and passed; real ones in real children."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ingest_shards import page, warc

from daybreak.accounting import breaks, differences
from daybreak.errors import InputError
from daybreak.recipe import Recipe, load_recipe
from daybreak.storage import Store
from pipelines.fused.chain import Chain, build_chain
from pipelines.fused.watched import guarded
from pipelines.guard import Guarded, Limits, at_row, progressed
from pipelines.ingest import READERS, jsonl
from pipelines.spark.narrow import UnitResult
from pipelines.steps import ingest
from pipelines.steps.ingest import IngestUnit, inputs

SECONDS, MEMORY = 1.5, 128 << 20
PATIENT = 120.0
"""Seconds that no growth to `MEMORY` takes, however slow the machine is."""
RECIPE = """
name: poison
workspace: {folder}/ws
sources: {{web: {{format: {format}, paths: ["{folder}/shard"]}}}}
ingest: {{record_seconds: {seconds}, record_memory: {memory}, guard: {guard}}}
"""
MISNESTED = b"<a><div>" * 120_000
"""HTML's adoption agency algorithm takes quadratic time on it: minutes, here (WHATWG HTML, 13.2.6.4.7)."""

BLOATED = b"<b><p>" * 400_000
"""Every paragraph opens all formatting elements before it anew: 2.4 MB become hundreds."""


def recipe_of(folder: Path, layout: str, guard: bool = True, seconds: float = SECONDS) -> Recipe:
    file = folder / "poison.yaml"
    content = RECIPE.format(
        folder=folder, format=layout, seconds=seconds, memory=MEMORY, guard=str(guard).lower()
    )
    file.write_text(content)
    return load_recipe(file)


def run(folder: Path, layout: str, guard: bool = True, seconds: float = SECONDS) -> tuple[UnitResult, Store]:
    """The unit that `folder/shard` makes, as the step does it."""
    recipe, store = recipe_of(folder, layout, guard, seconds), Store.at(folder / f"out-{guard}")
    (item,) = inputs(recipe)
    result = guarded(IngestUnit(store, recipe), recipe)(item)
    assert differences(result.counts) == []
    assert breaks(result.counts) == []
    return result, store


def rows(result: UnitResult, store: Store, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(store.path(result.parts[table].path)).to_pylist()
    return found


def content(result: UnitResult, store: Store) -> dict[str, bytes]:
    return {table: store.read(entry.path) for table, entry in result.parts.items()}


def quarantined(result: UnitResult) -> dict[str | None, int]:
    return {c.rule: c.documents for c in result.counts if c.outcome == "quarantined" and c.documents}


@dataclass(frozen=True)
class Poison:
    """A stage that does to the process what marked texts say."""

    name: str = "poison"

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        for row, text in enumerate(batch.column("text").to_pylist()):
            if "HANG" in text or "SWELL" in text:
                at_row(row)
            for mark, act in ACTS.items():
                if mark in text:
                    act()
        return batch


def hang() -> None:
    while True:
        pass


def swell() -> None:
    held = []
    while True:
        held.append(bytearray(b"x" * (1 << 20)))


def fail() -> None:
    raise ValueError("the stage fails")


def slowly() -> None:
    """Longer than a record may take, but forward."""
    began = time.process_time()
    while time.process_time() < began + 1.5 * SECONDS:
        progressed()


ACTS: dict[str, Callable[[], object]] = {
    "HANG": hang,
    "SWELL": swell,
    "SEGFAULT": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "ABORT": os.abort,
    "LEAVE": lambda: os._exit(0),
    "EXIT": lambda: os._exit(3),
    "RAISE": fail,
    "SLOW": slowly,
}
WHY = {
    "HANG": "The record took more than 1.5 s in poison",
    "SWELL": "The record needed more than 128 MiB in poison",
    "SEGFAULT": "The record crashed with SIGSEGV in poison",
    "ABORT": "The record crashed with SIGABRT in poison",
    "LEAVE": "The record ended the process with code 0 in poison",
    "EXIT": "The record ended the process with code 3 in poison",
    "RAISE": "ValueError: the stage fails",
}


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every chain ends with the poisoned stage; children inherit that."""

    def build(recipe: Recipe, source: str) -> Chain:
        chain = build_chain(recipe, source)
        return replace(chain, stages=(*chain.stages, Poison()))

    monkeypatch.setattr(ingest, "build_chain", build)


def shard(folder: Path, texts: list[str]) -> None:
    (folder / "shard").write_bytes(b"".join(json.dumps({"text": text}).encode() + b"\n" for text in texts))


@pytest.mark.usefixtures("poisoned")
def test_every_kind_of_poison_in_a_stage_is_parked_and_its_neighbours_go_through(tmp_path: Path) -> None:
    clean = [f"Sentence number {n} of a page about ferries and harbours." for n in range(16)]
    texts = list(clean)
    for place, mark in enumerate(WHY):
        texts.insert(3 * place + 1, mark)
    shard(tmp_path, texts)
    result, store = run(tmp_path, "jsonl")
    assert [row["text"] for row in rows(result, store, "documents")] == clean
    parked = rows(result, store, "quarantine")
    assert {row["raw"].decode(): row["error"] for row in parked} == WHY
    lines = (tmp_path / "shard").read_bytes()
    for row in parked:
        stored = lines[row["offset"] : row["offset"] + row["length"]]
        assert json.loads(stored)["text"].encode() == row["raw"]
    assert quarantined(result) == {"stage_failed": len(WHY)}
    assert result.failure is None


@pytest.mark.usefixtures("poisoned")
def test_what_goes_forward_is_no_hang_however_long_it_takes(tmp_path: Path) -> None:
    shard(tmp_path, ["SLOW", "quick"])
    result, store = run(tmp_path, "jsonl")
    assert [row["text"] for row in rows(result, store, "documents")] == ["SLOW", "quick"]


@pytest.mark.usefixtures("poisoned")
def test_a_unit_with_poison_has_the_documents_of_the_same_unit_without(tmp_path: Path) -> None:
    texts = [f"Text {n} has some words of its own." for n in range(30)]
    poison = {3: "EXIT 3", 17: "EXIT 17", 18: "EXIT 18"}
    (tmp_path / "whole").mkdir(), (tmp_path / "raising").mkdir()
    shard(tmp_path / "whole", [poison.get(n, text) for n, text in enumerate(texts)])
    shard(
        tmp_path / "raising", [poison.get(n, text).replace("EXIT", "RAISE") for n, text in enumerate(texts)]
    )
    careful, plain = run(tmp_path / "whole", "jsonl"), run(tmp_path / "raising", "jsonl", guard=False)
    for table in ("documents", "signals", "findings", "decisions"):
        strip = [
            {k: v for k, v in row.items() if k not in ("offset", "doc_id")} for row in rows(*careful, table)
        ]
        assert strip == [
            {k: v for k, v in row.items() if k not in ("offset", "doc_id")} for row in rows(*plain, table)
        ]
    again = run(tmp_path / "whole", "jsonl")
    assert content(*again) == content(*careful)


@pytest.mark.parametrize(
    ("poison", "seconds", "why"),
    [
        (MISNESTED, SECONDS, "The record took more than 1.5 s in extract"),
        (BLOATED, PATIENT, "The record needed more than 128 MiB in extract"),
    ],
    ids=["hangs", "bloats"],
)
def test_a_page_that_hangs_or_bloats_the_parser_is_parked(
    tmp_path: Path, poison: bytes, seconds: float, why: str
) -> None:
    pages = [page(n) for n in range(5)]
    pages[2:2] = [poison]
    (tmp_path / "shard").write_bytes(warc(pages))
    result, store = run(tmp_path, "commoncrawl_warc", seconds=seconds)
    (parked,) = rows(result, store, "quarantine")
    assert parked["error"] == why
    assert parked["raw"] == poison[: 1 << 20]
    assert {row["url"] for row in rows(result, store, "documents")} == {
        f"http://example.org/{n}" for n in (0, 1, 3, 4, 5)
    }
    assert quarantined(result) == {"extraction_failed": 1}


@pytest.mark.parametrize("layout", ["commoncrawl_warc", "jsonl"])
def test_clean_input_makes_the_same_bytes_with_and_without_guard(tmp_path: Path, layout: str) -> None:
    shard(tmp_path, [f"Text {n} stands here, mail a{n}@example.org." for n in range(2500)])
    if layout == "commoncrawl_warc":
        (tmp_path / "shard").write_bytes(warc([page(n) for n in range(50)]))
    on, off = run(tmp_path, layout), run(tmp_path, layout, guard=False)
    assert content(*on) == content(*off)
    assert on[0].counts == off[0].counts


def stuck(path: str, *arguments: Any, **options: Any) -> Any:
    """JSON Lines, by a reader that hangs at one line."""
    for batch in jsonl.read(path, *arguments, **options):
        if any("HANG" in text for text in batch["text"].to_pylist()):
            hang()
        yield batch


def test_a_reader_that_hangs_gives_what_stands_before_and_the_file_counts_as_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(READERS, "jsonl", stuck)
    before = [f"Text {n} is before." for n in range(1500)]
    shard(tmp_path, [*before, "HANG", "behind"])
    result, store = run(tmp_path, "jsonl")
    assert [row["text"] for row in rows(result, store, "documents")] == before
    place = (tmp_path / "shard").read_bytes().index(b'{"text": "HANG')
    assert result.failure is not None
    assert (
        f"reading took more than 1.5 s behind byte {place}; 1500 records before that were read"
        in result.failure
    )
    assert [row["error"] for row in rows(result, store, "quarantine")] == [result.failure]
    assert quarantined(result) == {"unreadable_file": 1}


def test_a_unit_that_dies_where_no_record_is_to_blame_fails_alone_with_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(ingest, "doc_id", die)
    shard(tmp_path, ["text"])
    result, store = run(tmp_path, "jsonl")
    assert "its work was killed from outside" in (result.failure or "")
    assert "3 times" in (result.failure or "")
    assert rows(result, store, "documents") == []
    assert quarantined(result) == {"unreadable_file": 1}


def test_an_error_in_the_child_is_raised_as_it_is() -> None:
    with pytest.raises(InputError, match="no such thing") as caught:
        Guarded.of(refuse, Limits(), lambda item: None)(7)
    assert "in refuse" in caught.value.__notes__[0]


def refuse(item: int) -> None:
    raise InputError(f"no such thing: {item}")


def test_children_die_with_their_parent(tmp_path: Path) -> None:
    """A worker is killed while the child of its child hangs."""
    pids = tmp_path / "pids"
    worker = os.fork()
    if worker == 0:
        Guarded.of(Nested(pids), Limits(), lambda item: None)(0)
        os._exit(0)
    while not pids.exists() or pids.read_text().count("\n") < 2:
        time.sleep(0.01)
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    while any(psutil.pid_exists(int(pid)) for pid in pids.read_text().split()):
        time.sleep(0.01)


@dataclass(frozen=True)
class Nested:
    """Work that starts guarded work of its own, which hangs; each writes its process id down."""

    pids: Path

    def __call__(self, item: int) -> None:
        with self.pids.open("a") as file:
            file.write(f"{os.getpid()}\n")
        if item == 1:
            hang()
        Guarded.of(self, Limits(), lambda item: None)(1)
