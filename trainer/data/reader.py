"""Token shards, memory-mapped: documents by (shard, row) without a copy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import xxhash

from daybreak.errors import InputError

_EDGE = 1 << 20


@dataclass(frozen=True)
class _Column:
    """The input_ids of one shard: record batches' first rows, and each batch's offsets and values."""

    first_rows: np.ndarray
    offsets: list[np.ndarray]
    values: list[np.ndarray]

    def row(self, row: int) -> np.ndarray:
        batch = int(np.searchsorted(self.first_rows, row, side="right")) - 1
        begin, end = self.offsets[batch][row - self.first_rows[batch] :][:2]
        return self.values[batch][begin:end]


class ShardReader:
    """Shards in the layout of `datasets.load_from_disk`: DIR/data-XXXXX-of-XXXXX.arrow, Arrow IPC streams
    with a column `input_ids` of lists of integers. A shard is mapped on first use."""

    def __init__(self, directory: Path) -> None:
        self.paths = sorted(directory.glob("data-*-of-*.arrow"))
        if not self.paths:
            raise InputError(f"{directory}: holds no token shards (data-XXXXX-of-XXXXX.arrow)")
        expected = int(self.paths[0].stem.rpartition("-")[2])
        if len(self.paths) != expected:
            raise InputError(f"{directory}: {expected} shards are announced, {len(self.paths)} are there")
        self._column = lru_cache(maxsize=None)(self._open)

    def input_ids(self, shard: int, row: int) -> np.ndarray:
        """Token ids of one document: a read-only view into the file, uint16 or uint32. Raises IndexError."""
        if not 0 <= shard < len(self.paths):
            raise IndexError(shard)
        column = self._column(shard)
        if not 0 <= row < column.first_rows[-1]:
            raise IndexError(row)
        return column.row(row)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of each shard's name, size, first and last MiB (`daybreak verify` reads all bytes)."""
        digest = xxhash.xxh3_128()
        for path in self.paths:
            size = path.stat().st_size
            digest.update(f"{path.name} {size}\n".encode())
            with path.open("rb") as file:
                digest.update(file.read(_EDGE))
                file.seek(max(0, size - _EDGE))
                digest.update(file.read(_EDGE))
        return digest.hexdigest()

    def _open(self, shard: int) -> _Column:
        path = self.paths[shard]
        try:
            with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as stream:
                return _map_column(batch.column("input_ids") for batch in stream)
        except (OSError, pa.ArrowInvalid, KeyError) as error:
            raise InputError(f"{path}: is not a readable token shard: {error}") from error


def _map_column(lists: Iterable[pa.ListArray]) -> _Column:
    first_rows, offsets, values = [0], [], []
    for column in lists:
        first_rows.append(first_rows[-1] + len(column))
        offsets.append(column.offsets.to_numpy())
        values.append(column.values.to_numpy())
    return _Column(np.array(first_rows), offsets, values)
