"""Token shards: Arrow IPC stream files in the layout that Hugging Face `datasets.load_from_disk` opens.

    DIRECTORY/data-00000-of-0000N.arrow    doc_id string, source string, input_ids list<uint16 | uint32>
    DIRECTORY/dataset_info.json, state.json

Buffers are uncompressed and record batches have a fixed number of rows, so that a file maps into memory
and its bytes depend on its rows alone.
"""

from __future__ import annotations

import hashlib
import json
import os
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.errors import InputError, WorkspaceError

TokenType = Literal["uint16", "uint32"]

BATCH_ROWS = 1024
UINT16_LIMIT = 65_500
"""Vocabularies from this size on take uint32, as in Megatron-LM's indexed datasets."""


def token_type(vocab_size: int) -> TokenType:
    """The narrowest type of ids for a vocabulary."""
    return "uint16" if vocab_size < UINT16_LIMIT else "uint32"


def shard_schema(dtype: TokenType) -> pa.Schema:
    """The columns of a shard."""
    ids = pa.list_(pa.type_for_alias(dtype))
    return pa.schema([("doc_id", pa.string()), ("source", pa.string()), ("input_ids", ids)])


def shard_name(shard: int, n_shards: int) -> str:
    """File name of a shard."""
    return f"data-{shard:05d}-of-{n_shards:05d}.arrow"


@dataclass(frozen=True)
class ShardFile:
    """One written file: name in the directory, rows, tokens, size in bytes and checksum."""

    file: str
    rows: int
    tokens: int
    bytes: int
    sha256: str


class ShardWriter:
    """Writes one shard under a temporary name and renames it when it is whole.

    A context manager: an exception inside leaves no file. `write` takes batches of any size with the
    schema's columns (ids of any integer type; one that does not fit `dtype` is a WorkspaceError); `finish`
    closes, renames and tells.
    """

    def __init__(self, path: Path, dtype: TokenType) -> None:
        self._path, self._schema = path, shard_schema(dtype)
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}")
        self._file = open(self._temporary, "wb")  # noqa: SIM115
        self._stream = pa.ipc.new_stream(self._file, self._schema)
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = self._rows = self._tokens = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        try:
            batch = batch.select(self._schema.names).cast(self._schema)
        except pa.ArrowInvalid as error:
            raise WorkspaceError(f"{self._path}: ids do not fit the shard's type: {error}") from error
        self._pending.append(batch)
        self._pending_rows += batch.num_rows
        self._tokens += pc.sum(pc.list_value_length(batch.column("input_ids"))).as_py() or 0
        if self._pending_rows >= BATCH_ROWS:
            self._flush(self._pending_rows // BATCH_ROWS * BATCH_ROWS)

    def finish(self) -> ShardFile:
        """Write what is left, rename the file into place, and describe it."""
        self._flush(self._pending_rows)
        self._stream.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        size, digest = _checksum(self._temporary)
        os.replace(self._temporary, self._path)
        return ShardFile(self._path.name, self._rows, self._tokens, size, digest)

    def _flush(self, rows: int) -> None:
        """Write the first `rows` pending ones in batches of BATCH_ROWS; fresh buffers make the bytes
        canonical."""
        if not rows:
            return
        pending = pa.concat_batches(self._pending)
        for start in range(0, rows, BATCH_ROWS):
            self._stream.write_batch(pending.slice(start, min(BATCH_ROWS, rows - start)))
        rest = pending.slice(rows)
        self._pending = [rest] if rest.num_rows else []
        self._pending_rows = rest.num_rows
        self._rows += rows


def write_index(directory: Path, files: Sequence[ShardFile], dtype: TokenType) -> list[ShardFile]:
    """Write dataset_info.json and state.json for shards in order; the data set's fingerprint is that of
    their content."""
    content = hashlib.sha256("\n".join(f.sha256 for f in files).encode()).hexdigest()
    info = {
        "citation": "",
        "description": "",
        "features": {
            "doc_id": {"dtype": "string", "_type": "Value"},
            "source": {"dtype": "string", "_type": "Value"},
            "input_ids": {"feature": {"dtype": dtype, "_type": "Value"}, "_type": "Sequence"},
        },
        "homepage": "",
        "license": "",
    }
    state: dict[str, Any] = {
        "_data_files": [{"filename": f.file} for f in files],
        "_fingerprint": content[:16],
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": None,
    }
    return [_write_json(directory / "dataset_info.json", info), _write_json(directory / "state.json", state)]


def _write_json(path: Path, value: dict[str, Any]) -> ShardFile:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    size, digest = _checksum(temporary)
    os.replace(temporary, path)
    return ShardFile(path.name, 0, 0, size, digest)


def _checksum(path: Path) -> tuple[int, str]:
    with open(path, "rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


class ShardReader:
    """Reads (shard, row) from a directory of shards, memory-mapped: an array is a view of the file, never
    a copy.

    Raises InputError when the directory or a shard cannot be opened, IndexError for a row that is not there.
    """

    def __init__(self, directory: str | Path) -> None:
        self._directory = Path(directory)
        try:
            state = json.loads((self._directory / "state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{directory}: no token shards: {error}") from error
        self.fingerprint: str = state["_fingerprint"]
        self._shards = [_Shard(self._directory / entry["filename"]) for entry in state["_data_files"]]

    def __len__(self) -> int:
        """Number of shards."""
        return len(self._shards)

    def rows(self, shard: int) -> int:
        """Number of documents in a shard."""
        return self._shards[shard].starts[-1]

    def input_ids(self, shard: int, row: int) -> np.ndarray:
        """Ids of one document: read-only, shape (n_tokens,), uint16 or uint32."""
        part, i = self._shards[shard].locate(row)
        values, offsets = self._shards[shard].arrays[part]
        return values[offsets[i] : offsets[i + 1]]

    def document(self, shard: int, row: int) -> dict[str, str]:
        """`doc_id` and `source` of one document."""
        part, i = self._shards[shard].locate(row)
        batch = self._shards[shard].batches[part]
        return {name: batch.column(name)[i].as_py() for name in ("doc_id", "source")}


@dataclass(frozen=True)
class _Shard:
    """One file, mapped at first use."""

    path: Path

    @cached_property
    def batches(self) -> list[pa.RecordBatch]:
        try:
            return list(pa.ipc.open_stream(pa.memory_map(str(self.path))))
        except (OSError, pa.ArrowInvalid) as error:
            raise InputError(f"{self.path}: not a readable token shard: {error}") from error

    @cached_property
    def starts(self) -> list[int]:
        """First row of each batch, then the number of rows."""
        return [0, *accumulate(batch.num_rows for batch in self.batches)]

    @cached_property
    def arrays(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """(ids, offsets) of each batch."""
        lists = [batch.column("input_ids") for batch in self.batches]
        return [(ids.values.to_numpy(zero_copy_only=True), ids.offsets.to_numpy()) for ids in lists]

    def locate(self, row: int) -> tuple[int, int]:
        """(batch, row in the batch)."""
        if not 0 <= row < self.starts[-1]:
            raise IndexError(f"{self.path}: no row {row} among {self.starts[-1]}")
        part = bisect_right(self.starts, row) - 1
        return part, row - self.starts[part]


def entries(files: Sequence[ShardFile]) -> list[dict[str, Any]]:
    """The files as plain dictionaries, for a manifest."""
    return [asdict(file) for file in files]
