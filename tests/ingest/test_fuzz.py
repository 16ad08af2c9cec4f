"""The fuzz campaign: broken records by the thousand through ingest as it runs: nothing ends it, nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from ingest_shards import read
from mutations import Shard, damaged_files, shards

from daybreak.accounting import breaks, differences
from daybreak.errors import InputError
from daybreak.recipe import load_recipe
from daybreak.storage import Store
from pipelines.fused.watched import guarded
from pipelines.ingest import READERS
from pipelines.spark.narrow import UnitResult
from pipelines.steps.ingest import IngestUnit, inputs
from tests.pipelines.script_texts import GOOD

RECIPE = """
name: fuzz
workspace: {folder}/ws
sources: {{web: {{format: {layout}, paths: ["{folder}/{name}"]}}}}
ingest: {{record_seconds: {seconds}}}
"""
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<link rel="canonical" href="http://example.org/{title}"></head><body><nav><ul><li><a href="/">Home</a></ul></nav>
<article><h1>{title}</h1><p>{text}</p><ul><li>one<li>two</ul><table><tr><td>1<td>2</table><pre>x = 1</pre>
<img alt="a picture" src="a.png"><svg><path d="M0 0"/></svg><p>{text}</article><footer>&copy; 2024</footer>"""
TEXTS = list(GOOD.values())
PAGES = [PAGE.format(title=name, text=text).encode() for name, text in GOOD.items()]
POISON = ("The record took", "The record needed", "The record crashed", "The record ended", "The record was")


@dataclass
class Tally:
    """What a campaign saw: records broken, records read, what became of them, errors of poison."""

    mutated: int = 0
    read: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    poison: list[str] = field(default_factory=list)


def run(folder: Path, name: str, layout: str, seconds: float = 60) -> tuple[UnitResult, Store]:
    """The unit of the file `name` in `folder`, as the step does it."""
    file = folder / "fuzz.yaml"
    file.write_text(RECIPE.format(folder=folder, layout=layout, name=name, seconds=seconds))
    recipe, store = load_recipe(file), Store.at(folder / "out")
    (item,) = inputs(recipe)
    return guarded(IngestUnit(store, recipe), recipe)(item), store


def table(result: UnitResult, store: Store, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(store.path(result.parts[name].path)).to_pylist()
    return found


def checked(folder: Path, shard: Shard, tally: Tally) -> None:
    """Run a shard; every record that was read stands in one table, and what was whole came through."""
    (folder / "shard").write_bytes(shard.data)
    result, store = run(folder, "shard", shard.layout)
    assert differences(result.counts) == []
    assert breaks(result.counts) == []
    documents = [row["text"] for row in table(result, store, "documents")]
    parked = table(result, store, "quarantine")
    came = sum(c.documents for c in result.counts if (c.stage, c.outcome) == ("ingest", "in"))
    assert came == len(documents) + len(parked) + len(table(result, store, "decisions"))
    assert came - bool(result.failure) == rows_read(folder / "shard", shard.layout)
    assert set(shard.whole) <= set(documents)
    assert all(row["error"] and 0 <= row["offset"] <= len(shard.data) * 5000 for row in parked)
    tally.mutated, tally.read = tally.mutated + shard.mutated, tally.read + came
    tally.outcomes += Counter(
        {f"{c.stage} {c.outcome}": c.documents for c in result.counts if c.outcome != "in"}
    )
    tally.poison += [row["error"] for row in parked if row["error"].startswith(POISON)]


def rows_read(path: Path, layout: str) -> int:
    """How many records the reader alone finds before the file's end, or before it is refused."""
    try:
        return sum(len(batch) for batch in READERS[layout](str(path), options={}))
    except InputError:
        return 0


def campaign(folder: Path, broken: Iterable[Shard], tally: Tally | None = None) -> Tally:
    """Run all shards; `tally` is what came before."""
    tally = tally or Tally()
    for shard in broken:
        checked(folder, shard, tally)
    return tally


def test_thousands_of_broken_records_are_read_dropped_or_quarantined(tmp_path: Path) -> None:
    tally = campaign(tmp_path, shards("gate", TEXTS, PAGES, 3000, 400))
    assert tally.mutated >= 3000
    assert tally.poison == []
    assert min(tally.outcomes[f"ingest {outcome}"] for outcome in ("kept", "dropped", "quarantined")) > 0


def test_damaged_files_of_every_layout_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    tally = campaign(tmp_path, damaged_files("gate", TEXTS, 36))
    assert tally.poison == []
    assert min(tally.outcomes["ingest kept"], tally.outcomes["ingest quarantined"]) > 50


def layout_of(name: str) -> str:
    """The layout of a file by its name."""
    ends = {".parquet": "refinedweb", ".xz": "openwebtext", ".json.gz": "c4", ".zst": "the_pile"}
    return next((layout for end, layout in ends.items() if name.endswith(end)), "commoncrawl_warc")


def test_all_broken_files_that_others_keep_are_accounted_for(shared_data: Path, tmp_path: Path) -> None:
    files = [
        file for file in sorted((shared_data / "bad").rglob("*")) if file.is_file() and file.suffix != ".md"
    ]
    assert len(files) > 25
    tally = campaign(tmp_path, (Shard(layout_of(file.name), file.read_bytes(), 1, []) for file in files))
    assert tally.poison == []
    assert tally.outcomes["clean kept"] > 100


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(7200)
def test_a_hundred_thousand_broken_records_of_real_pages(tmp_path: Path, sample_shards: Path) -> None:
    folder = sample_shards / "commoncrawl"
    found = [row for file in sorted(folder.glob("*.warc.gz")) for row in read("commoncrawl_warc", file)]
    pages = [row["payload"] for row in found if row["payload"] and len(row["payload"]) < 20_000]
    tally = campaign(tmp_path, shards("campaign", TEXTS, PAGES + pages, 100_000, 2000))
    tally = campaign(tmp_path, damaged_files("campaign", TEXTS, 1000), tally)
    print(tally)
    assert tally.mutated >= 100_000
    assert tally.poison == []
