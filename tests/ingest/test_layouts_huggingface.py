"""Data sets' folders: which files a card, their names, or save_to_disk give; and the reader of each kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ingest_shards import COMPRESS, read, texts

from daybreak.errors import InputError
from daybreak.recipe.sources import Source
from pipelines.ingest import Input
from pipelines.ingest.sources import files_of


def save(root: Path, name: str, values: list[str] | None = None) -> None:
    """A data file of the kind that its name says, one text or those given."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({"text": values or [name]})
    if name.endswith(".parquet"):
        pq.write_table(table, path)
    elif name.endswith(".arrow"):
        with pa.OSFile(str(path), "wb") as out, pa.ipc.new_stream(out, table.schema) as writer:
            writer.write_table(table)
    elif ".json" in name:
        data = "".join(json.dumps(row) + "\n" for row in table.to_pylist()).encode()
        path.write_bytes(COMPRESS["gzip"](data) if name.endswith(".gz") else data)
    else:
        path.write_text("".join(f"{line}\n" for line in (["text"] if ".csv" in name else []) + [name]))


def card(root: Path, configs: str) -> None:
    (root / "README.md").write_text(f"---\nlicense: odc-by\n{configs}---\n# A data set\n\n---\nmore\n")


def found(root: Path, **options: Any) -> list[Input]:
    return files_of("hub", Source(format="huggingface", paths=[str(root)], options=options))


def names(root: Path, **options: Any) -> list[str]:
    return [item.file for item in found(root, **options)]


def test_the_card_of_a_data_set_says_which_files_are_which_split(tmp_path: Path) -> None:
    for name in ("data/a.csv", "data/b.csv", "holdout/c.csv", "data/README.md"):
        save(tmp_path, name)
    card(
        tmp_path,
        "configs:\n- config_name: default\n  data_files:\n"
        '  - split: train\n    path:\n    - "data/a.csv"\n    - data/b.csv\n'
        "  - split: test\n    path: holdout/*.csv\n",
    )
    assert names(tmp_path) == ["data/a.csv", "data/b.csv"]
    assert names(tmp_path, splits=["test", "train"]) == ["data/a.csv", "data/b.csv", "holdout/c.csv"]
    assert [text for item in found(tmp_path) for text in texts(read("huggingface", Path(item.path)))] == [
        "data/a.csv",
        "data/b.csv",
    ]
    with pytest.raises(InputError, match=r"has no split dev; it has train, test\. Set options"):
        names(tmp_path, splits=["dev"])


def test_a_subset_is_chosen_by_config_by_default_or_as_the_only_one(tmp_path: Path) -> None:
    for name in ("deu/train/0.parquet", "fra/train/0.parquet", "deu/test/0.parquet"):
        save(tmp_path, name)
    both = (
        "configs:\n- config_name: deu_Latn\n  data_files:\n  - {split: train, path: deu/train/*}\n"
        "- config_name: fra_Latn\n  data_dir: fra\n"
    )
    card(tmp_path, both)
    assert names(tmp_path, config="fra_Latn") == ["fra/train/0.parquet"]
    with pytest.raises(InputError, match="no config 'default'; it has deu_Latn, fra_Latn"):
        names(tmp_path)
    card(tmp_path, both.replace("  data_dir", "  default: true\n  data_dir"))
    assert names(tmp_path) == ["fra/train/0.parquet"]
    card(tmp_path, "configs:\n- config_name: x\n  data_files: deu/**/*.parquet\n")
    assert names(tmp_path) == ["deu/test/0.parquet", "deu/train/0.parquet"]


@pytest.mark.parametrize(
    ("files", "train"),
    [
        (["train.csv", "test.csv", "validation.csv"], ["train.csv"]),
        (["data/train-00000-of-00002.parquet", "data/test-00000-of-00001.parquet"], ["data/train-"]),
        (["training/x.jsonl.gz", "eval/x.jsonl.gz"], ["training/x.jsonl.gz"]),
        (["0000.parquet", "constrained.parquet"], ["0000.parquet", "constrained.parquet"]),
        (["a/train/0.csv", "b/train/0.csv", "c/test/0.csv"], ["a/train/0.csv", "b/train/0.csv"]),
        (["my_train_file_1.txt", "notes.md", ".hidden.csv"], ["my_train_file_1.txt"]),
    ],
)
def test_without_a_card_names_tell_the_split(tmp_path: Path, files: list[str], train: list[str]) -> None:
    for name in files:
        save(tmp_path, name)
    assert all(name.startswith(start) for name, start in zip(names(tmp_path), train, strict=True))


def test_a_folder_that_save_to_disk_wrote(tmp_path: Path) -> None:
    for split in ("train", "test"):
        save(tmp_path / split, "data-00000-of-00001.arrow", [split])
        save(tmp_path / split, "cache-1234.arrow", ["left over"])
        state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_split": split}
        (tmp_path / split / "state.json").write_text(json.dumps(state))
        (tmp_path / split / "dataset_info.json").write_text("{}")
    assert names(tmp_path / "train") == ["data-00000-of-00001.arrow"]
    (tmp_path / "dataset_dict.json").write_text(json.dumps({"splits": ["train", "test"]}))
    (item,) = found(tmp_path, splits=["test"])
    assert item.file == "test/data-00000-of-00001.arrow"
    assert texts(read("huggingface", Path(item.path))) == ["test"]


@pytest.mark.parametrize("name", ["a.parquet", "a.jsonl", "a.json.gz", "a.csv", "a.txt", "a.arrow"])
def test_each_kind_of_file_has_its_reader(tmp_path: Path, name: str) -> None:
    save(tmp_path, name)
    assert texts(read("huggingface", tmp_path / name)) == [name]


def test_a_table_with_another_separator_is_read_by_the_options_of_csv(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text;n\none, two;1\n")
    (item,) = found(tmp_path, delimiter=";")
    assert texts(read("huggingface", Path(item.path), delimiter=";")) == ["one, two"]


def test_several_folders_keep_their_names_apart(tmp_path: Path) -> None:
    for name in ("one/a.csv", "two/a.csv"):
        save(tmp_path, name)
    paths = [str(tmp_path / "one"), str(tmp_path / "two/")]
    items = files_of("hub", Source(format="huggingface", paths=paths))
    assert [item.file for item in items] == ["one/a.csv", "two/a.csv"]


def test_a_file_that_the_card_names_and_nobody_fetched_is_named(tmp_path: Path) -> None:
    save(tmp_path, "data/a.csv")
    card(tmp_path, "configs:\n- config_name: x\n  data_files: [data/a.csv, data/b.csv]\n")
    with pytest.raises(InputError, match=r"'data/b\.csv' matches no file in .*Fetch the folder whole"):
        names(tmp_path)


def test_a_folder_without_data_and_a_broken_card_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("nothing")
    with pytest.raises(InputError, match="holds no data file"):
        names(tmp_path)
    card(tmp_path, "configs: [\n")
    with pytest.raises(InputError, match=r"README\.md: its YAML cannot be read"):
        names(tmp_path)


def test_the_folder_of_refinedweb_is_read_with_its_own_keys(shared_data: Path) -> None:
    (item,) = found(shared_data / "refinedweb")
    rows = read("huggingface", Path(item.path), text_key="content")
    assert len(texts(rows)) == 95
