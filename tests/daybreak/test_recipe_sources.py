"""Sources in a recipe: a crawl by name, a day on the command line, and options that no reader knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from daybreak.errors import RecipeError
from daybreak.recipe import Recipe, load_recipe
from daybreak.recipe.options import OPTIONS
from daybreak.recipe.sources import FORMATS
from pipelines.ingest import READERS


def load(folder: Path, source: dict[str, Any], *overrides: str) -> Recipe:
    content = {"name": "x", "workspace": "ws", "sources": {"web": source}}
    (folder / "x.yaml").write_text(yaml.safe_dump(content))
    return load_recipe(folder / "x.yaml", overrides)


NEWS = {"format": "commoncrawl_warc", "crawl": "CC-NEWS", "day": "2026-01-01"}


def test_a_day_may_be_changed_on_the_command_line_unquoted_as_it_is(tmp_path: Path) -> None:
    assert load(tmp_path, NEWS, "sources.web.day=2026-01-02").sources["web"].day == "2026-01-02"
    text = "name: x\nworkspace: ws\nsources:\n  web: {format: commoncrawl_warc, crawl: CC-NEWS, day: 2026-01-03}\n"
    (tmp_path / "y.yaml").write_text(text)
    assert load_recipe(tmp_path / "y.yaml").sources["web"].day == "2026-01-03"


def test_a_base_is_an_address_or_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYBREAK_HOME", str(tmp_path))
    assert load(tmp_path, NEWS).sources["web"].base == "https://data.commoncrawl.org/"
    assert load(tmp_path, {**NEWS, "base": "s3://commoncrawl/"}).sources["web"].base == "s3://commoncrawl/"
    assert load(tmp_path, {**NEWS, "base": "mirror"}).sources["web"].base == str(tmp_path / "mirror")


CRAWL = {"format": "commoncrawl_warc", "crawl": "CC-MAIN-2024-10"}
JSONL = {"format": "jsonl", "paths": ["x"]}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"format": "jsonl"}, "paths is missing"),
        ({**CRAWL, "paths": ["x"]}, "paths and crawl exclude each other"),
        ({**CRAWL, "format": "c4"}, "crawl needs one of the formats commoncrawl_warc"),
        ({**CRAWL, "crawl": "CC-MAIN-24-10"}, "sources.web.crawl: String should match"),
        ({**NEWS, "day": None}, "crawl CC-NEWS needs `day`"),
        ({**NEWS, "format": "commoncrawl_wet"}, "holds WARC only"),
        ({**NEWS, "last_day": "2025-12-31"}, "last_day needs `day`, and does not come before it"),
        ({**CRAWL, "day": "2026-01-01"}, "day is for crawl CC-NEWS"),
        ({**JSONL, "files": {"first": 3}}, "base and files are for a `crawl`"),
        ({**JSONL, "select": {}}, "select needs a crawl"),
        ({**CRAWL, "select": {}, "files": {}}, "select and files exclude each other"),
        ({**CRAWL, "select": {"langages": ["de"]}}, "did you mean `languages`?"),
        ({**CRAWL, "select": {"url": "("}}, "not a regular expression"),
        ({**CRAWL, "files": {"share": 1.5}}, "sources.web.files.share"),
        ({**NEWS, "day": "tomorrow"}, "sources.web.day"),
    ],
)
def test_a_source_that_cannot_be_is_refused(tmp_path: Path, source: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError) as error:
        load(tmp_path, source)
    assert said in str(error.value)
    assert "sources.web" in str(error.value)


@pytest.mark.parametrize(
    ("layout", "options", "said"),
    [
        ("jsonl", {"text_kye": "x"}, "unknown option `text_kye` of jsonl; did you mean `text_key`?"),
        ("jsonl", {"text_key": 7}, "text_key"),
        ("parquet", {"metadata_keys": "id"}, "metadata_keys"),
        ("c4", {"text_key": "x"}, "unknown option `text_key` of c4; known: none"),
        ("commoncrawl_warc", {"max_record_bytes": 0}, "max_record_bytes"),
        ("commoncrawl_warc", {"ranges": [[0, 1]]}, "unknown option `ranges`"),
        ("csv", {"delimiter": "||"}, "delimiter"),
        ("the_pile", {"component": ["ArXiv"]}, "did you mean `components`?"),
        ("text", {"document": "page"}, "'file', 'paragraph' or 'line'"),
        ("text", {"encoding": "utf-9"}, "utf-9 is no encoding"),
        ("text", {"encoding": "utf-16"}, "line feed"),
        ("huggingface", {"split": ["test"]}, "did you mean `splits`?"),
    ],
)
def test_an_option_that_the_reader_does_not_know_is_refused_when_the_recipe_loads(
    tmp_path: Path, layout: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(RecipeError, match=r"sources\.web\.options: ") as error:
        load(tmp_path, {"format": layout, "paths": ["x"], "options": options})
    assert said in str(error.value)


def test_options_of_a_data_set_to_compare_with_are_checked_too(tmp_path: Path) -> None:
    against = {"path": "y", "format": "jsonl", "options": {"text": "body"}}
    content = {
        "name": "x",
        "workspace": "ws",
        "sources": {"web": JSONL},
        "dedup": {"against": {"y": against}},
    }
    (tmp_path / "x.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(RecipeError, match="unknown option `text` of jsonl"):
        load_recipe(tmp_path / "x.yaml")


def test_every_layout_has_a_reader_and_every_table_of_options_a_layout() -> None:
    assert set(FORMATS) == set(READERS)
    assert set(OPTIONS) <= set(FORMATS)
