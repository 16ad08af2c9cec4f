"""Reading a step's tables for the report: by unit where rows line up by position, else as one data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.acero as acero
import pyarrow.compute as pc
import pyarrow.dataset as ds

Tables = Mapping[str, "list[str] | str"]
"""Table name to its directory, or to its Parquet files. 'metrics' names the trainer's metrics.jsonl."""


def table_files(tables: Tables, name: str) -> list[Path]:
    """The Parquet files of a table in name order; none where the table is absent."""
    places = tables.get(name) or []
    files: list[Path] = []
    for place in map(Path, [places] if isinstance(places, str) else places):
        files += place.rglob("*.parquet") if place.is_dir() else [place] if place.exists() else []
    return sorted(files, key=lambda path: path.name)


def units(tables: Tables, name: str) -> dict[str, Path]:
    """A table's files by unit, in name order."""
    return {path.stem: path for path in table_files(tables, name)}


def dataset(tables: Tables, name: str) -> ds.Dataset | None:
    """A table as one data set, or None where it is absent or has no files."""
    files = table_files(tables, name)
    return ds.dataset([str(path) for path in files], format="parquet") if files else None


def grouped(
    data: ds.Dataset,
    keys: Sequence[str],
    totals: Sequence[tuple[str, str]],
    where: pc.Expression | None = None,
) -> pa.Table:
    """Aggregate `totals` as (column, function) over `keys`, streaming; columns are named column_function.

    The function 'count_all' counts rows; give it any column's name.
    """
    steps = [
        acero.Declaration("scan", acero.ScanNodeOptions(data, columns=_columns(keys, totals), filter=where))
    ]
    if where is not None:  # the scan's own filter only skips row groups
        steps.append(acero.Declaration("filter", acero.FilterNodeOptions(where)))
    aggregates = [(c if f != "count_all" else [], f"hash_{f}", None, f"{c}_{f}") for c, f in totals]
    steps.append(acero.Declaration("aggregate", acero.AggregateNodeOptions(aggregates, keys=list(keys))))
    return acero.Declaration.from_sequence(steps).to_table()


def _columns(keys: Sequence[str], totals: Sequence[tuple[str, str]]) -> list[str]:
    return list(dict.fromkeys([*keys, *(column for column, function in totals if function != "count_all")]))


def scan(data: ds.Dataset, columns: Sequence[str], where: pc.Expression | None = None) -> pa.Table:
    """The named columns that the data set has, of the rows that pass."""
    return data.to_table(columns=[name for name in columns if name in data.schema.names], filter=where)
