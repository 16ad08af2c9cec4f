"""Many layouts in one recipe, good and bad records in each, through the whole pass of ingest: nothing is lost."""

from __future__ import annotations

import gzip
import json
import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ingest_shards import page, warc
from test_common_crawl import CRAWL, news, published
from test_layouts_text import BOOK
from test_selection import PAGES, SEGMENT, crawl_file, row, save_index

from daybreak.accounting import check
from daybreak.recipe import Recipe
from daybreak.storage import Store
from pipelines.steps.ingest import Ingest, IngestUnit, inputs

PROSE = "The harbour lay quiet in the morning, and the boats that had come in at night were being unloaded."


def jsonl(path: Path, values: list[Any]) -> None:
    path.write_bytes(gzip.compress("".join(json.dumps(value) + "\n" for value in values).encode()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data, places = crawl_file(PAGES)
    name = f"{SEGMENT}/CC-MAIN-20240220211055-20240221001055-00000.warc.gz"
    published(tmp_path, f"crawl-data/{CRAWL}/warc.paths.gz", {name: data})
    save_index(tmp_path, [row(*one, name, *place) for one, place in zip(PAGES, places, strict=True)])
    papers = {news("20260101000000", 1): warc([page(1)]), news("20260102000000", 2): warc([page(2)] * 3)}
    published(tmp_path, "crawl-data/CC-NEWS/2026/01/warc.paths.gz", papers)
    bad = [{"text": None}, {"other": 1}, "x"]
    pile = [{"text": PROSE, "meta": {"pile_set_name": name}} for name in ("ArXiv", "Enron Emails")]
    jsonl(tmp_path / "pile.jsonl.gz", [*pile, *bad])
    jsonl(tmp_path / "dolma.json.gz", [{"id": "1", "text": PROSE, "metadata": {"license": "MIT"}}, *bad])
    pq.write_table(pa.table({"text": [PROSE, None], "language": ["en", None]}), tmp_path / "fineweb.parquet")
    (tmp_path / "a.csv").write_bytes(f'text,n\n"{PROSE}",1\n,2\nragged\nb\xff,3\n'.encode("latin-1"))
    (tmp_path / "a.txt").write_text(f"{PROSE}\n\n{PROSE}\n")
    (tmp_path / "book.txt").write_text(BOOK)
    (tmp_path / "hub/data").mkdir(parents=True)
    jsonl(tmp_path / "hub/data/train-0.jsonl.gz", [{"text": PROSE}, *bad])
    return tmp_path


def recipe(folder: Path) -> Recipe:
    crawl = {"format": "commoncrawl_warc", "base": str(folder)}
    sources = {
        "whole": {**crawl, "crawl": CRAWL},
        "chosen": {**crawl, "crawl": CRAWL, "select": {"languages": ["de"]}},
        "news": {**crawl, "crawl": "CC-NEWS", "day": "2026-01-02"},
        "pile": {"format": "the_pile", "paths": ["pile.jsonl.gz"], "options": {"components": ["ArXiv"]}},
        "dolma": {"format": "dolma", "paths": ["dolma.json.gz"]},
        "fineweb": {"format": "fineweb", "paths": ["fineweb.parquet"]},
        "table": {"format": "csv", "paths": ["a.csv"]},
        "notes": {"format": "text", "paths": ["a.txt"], "options": {"document": "paragraph"}},
        "book": {"format": "gutenberg", "paths": ["book.txt"]},
        "hub": {"format": "huggingface", "paths": ["hub"]},
    }
    for source in sources.values():
        source.update({"paths": [str(folder / p) for p in source["paths"]]} if "paths" in source else {})
    return Recipe.model_validate({"name": "x", "workspace": str(folder / "ws"), "sources": sources})


OUTCOMES = {
    "whole": {"kept": 7, "record_type": 9, "mime": 1},
    "chosen": {"kept": 2, "mime": 1},
    "news": {"kept": 3, "record_type": 1},
    "pile": {"kept": 1, "not_selected": 1, "unreadable_record": 3},
    "dolma": {"kept": 1, "unreadable_record": 3},
    "fineweb": {"kept": 1, "unreadable_record": 1},
    "table": {"kept": 2, "unreadable_record": 2},
    "notes": {"kept": 2},
    "book": {"kept": 1},
    "hub": {"kept": 1, "unreadable_record": 3},
}


def test_every_record_of_every_layout_is_kept_dropped_by_name_or_quarantined(folder: Path) -> None:
    asked = recipe(folder)
    store = Store.at(folder / "out")
    unit = IngestUnit(store, asked)
    results = [unit(pickle.loads(pickle.dumps(item))) for item in inputs(asked)]
    assert [result.failure for result in results] == [None] * len(OUTCOMES)
    counts = [count for result in results for count in result.counts]
    check(counts)
    found: dict[str, dict[str, int]] = {}
    for count in counts:
        if count.stage == "ingest" and count.outcome not in ("in", "edited"):
            found.setdefault(count.source, {})[count.rule or "kept"] = count.documents
    assert found == OUTCOMES


def test_a_page_bears_the_same_identity_chosen_or_read_with_its_file(folder: Path) -> None:
    """The name of the source is part of it, so both go by one."""
    asked = recipe(folder)
    found = []
    for name in ("chosen", "whole"):
        one = asked.model_copy(update={"sources": {"web": asked.sources[name]}})
        store = Store.at(folder / name)
        (result,) = [IngestUnit(store, one)(item) for item in inputs(one)]
        table = pq.read_table(store.path(result.parts["documents"].path))
        columns = [table.column(key).to_pylist() for key in ("doc_id", "file", "offset", "length", "url")]
        found.append(set(zip(*columns, strict=True)))
    assert found[0] < found[1]
    assert len(found[0]) == 2


def test_what_is_selected_is_an_input_from_outside_that_the_fingerprint_knows(folder: Path) -> None:
    asked = recipe(folder)
    step = Ingest()
    before = step.outside(asked)
    chosen = asked.sources["chosen"]
    assert chosen.select is not None
    fewer = chosen.select.model_copy(update={"limit": 1})
    sources = {**asked.sources, "chosen": chosen.model_copy(update={"select": fewer})}
    after = step.outside(asked.model_copy(update={"sources": sources}))
    changed = {key for key in before if before[key] != after.get(key)}
    assert changed == {key for key in before if key.startswith("chosen/")}
