from __future__ import annotations

from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pytest

from daybreak.errors import InputError, WorkspaceError
from tokenizer.shards import (
    BATCH_ROWS,
    ShardFile,
    ShardReader,
    ShardWriter,
    TokenType,
    shard_name,
    token_type,
    write_index,
)

DOCUMENTS = [
    ([i % 7] * (i % 5) + [2], f"{i:032x}", "web" if i % 2 else "books") for i in range(2 * BATCH_ROWS + 10)
]


def table(documents: list[tuple[list[int], str, str]]) -> pa.Table:
    ids, names, sources = zip(*documents, strict=True)
    return pa.table({"doc_id": names, "source": sources, "input_ids": pa.array(ids, pa.list_(pa.int32()))})


def write(
    folder: Path, parts: list[list[tuple[list[int], str, str]]], dtype: TokenType = "uint16", rows: int = 500
) -> list[ShardFile]:
    folder.mkdir(exist_ok=True)
    files = []
    for shard, documents in enumerate(parts):
        with ShardWriter(folder / shard_name(shard, len(parts)), dtype) as writer:
            for batch in table(documents).to_batches(max_chunksize=rows):
                writer.write(batch)
            files.append(writer.finish())
    return [*files, *write_index(folder, files, dtype)]


@pytest.mark.parametrize("dtype", ["uint16", "uint32"])
def test_hugging_face_datasets_opens_the_shards(tmp_path: Path, dtype: TokenType) -> None:
    write(tmp_path / "shards", [DOCUMENTS[:2000], DOCUMENTS[2000:]], dtype)
    data = datasets.load_from_disk(str(tmp_path / "shards"))
    assert data.column_names == ["doc_id", "source", "input_ids"]
    assert data.features["input_ids"].feature.dtype == dtype
    assert data["input_ids"][:] == [ids for ids, _, _ in DOCUMENTS]
    assert data["doc_id"][:] == [doc_id for _, doc_id, _ in DOCUMENTS]
    assert len(data.cache_files) == 2


def test_reader_gives_the_same_ids_as_datasets_without_a_copy(tmp_path: Path) -> None:
    write(tmp_path / "shards", [DOCUMENTS[:2000], DOCUMENTS[2000:]])
    data = datasets.load_from_disk(str(tmp_path / "shards"))
    reader = ShardReader(tmp_path / "shards")
    places = [(shard, row) for shard in range(len(reader)) for row in range(reader.rows(shard))]
    assert len(places) == len(data)
    for index in (0, 1023, 1024, 1999, 2000, len(data) - 1):
        ids = reader.input_ids(*places[index])
        assert ids.tolist() == data[index]["input_ids"] and ids.dtype == np.uint16
        assert not ids.flags.owndata and not ids.flags.writeable
        assert reader.document(*places[index]) == {k: data[index][k] for k in ("doc_id", "source")}
    assert pa.total_allocated_bytes() < 50_000_000
    with pytest.raises(IndexError):
        reader.input_ids(0, 2000)


def test_bytes_depend_on_the_rows_alone(tmp_path: Path) -> None:
    first = write(tmp_path / "a", [DOCUMENTS], rows=7)
    second = write(tmp_path / "b", [DOCUMENTS], rows=5000)
    changed = write(tmp_path / "c", [[*DOCUMENTS[:-1], ([9, 2], "f" * 32, "web")]])
    assert first == second
    assert [f.sha256 for f in changed if f.file == "state.json"] != [
        f.sha256 for f in first if f.file == "state.json"
    ]


def test_a_written_file_is_described(tmp_path: Path) -> None:
    written = write(tmp_path / "s", [DOCUMENTS])[0]
    assert (written.rows, written.tokens) == (len(DOCUMENTS), sum(len(ids) for ids, _, _ in DOCUMENTS))
    assert written.bytes == (tmp_path / "s" / written.file).stat().st_size


def test_record_batches_have_a_fixed_number_of_rows(tmp_path: Path) -> None:
    written = write(tmp_path / "s", [DOCUMENTS], rows=333)[0]
    with pa.ipc.open_stream(pa.memory_map(str(tmp_path / "s" / written.file))) as stream:
        assert [batch.num_rows for batch in stream] == [BATCH_ROWS, BATCH_ROWS, 10]


def test_type_of_ids_follows_the_vocabulary() -> None:
    assert [token_type(n) for n in (300, 65_499, 65_500, 250_000)] == ["uint16", "uint16", "uint32", "uint32"]


def test_ids_too_large_for_the_type_are_refused_and_leave_no_file(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="fit"):
        write(tmp_path / "s", [[([70_000, 2], "0" * 32, "web")]], "uint16")
    assert not list((tmp_path / "s").iterdir())
    write(tmp_path / "t", [[([70_000, 2], "0" * 32, "web")]], "uint32")
    assert ShardReader(tmp_path / "t").input_ids(0, 0).tolist() == [70_000, 2]


def test_absent_and_truncated_shards_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no token shards"):
        ShardReader(tmp_path)
    written = write(tmp_path / "s", [DOCUMENTS])[0]
    with open(tmp_path / "s" / written.file, "r+b") as file:
        file.truncate(written.bytes // 2)
    with pytest.raises(InputError, match="data-00000"):
        ShardReader(tmp_path / "s").input_ids(0, 0)
