"""Column origins are declared of real columns."""

from __future__ import annotations

import pytest

from daybreak import schema
from pipelines.editions import documents as editions
from pipelines.lineage.columns import Origin
from pipelines.lineage.derived import DERIVED, READS
from pipelines.registry import STEPS
from tokenizer.shards import shard_schema

KNOWN = {
    "source.records": schema.RAW,
    "ingest.documents": schema.DOCUMENTS,
    "ingest.findings": schema.FINDINGS,
    "ingest.quarantine": schema.QUARANTINE,
    **{
        f"{s}.decisions": schema.DECISIONS for s in ("ingest", "filter", "dedup", "passages", "decontaminate")
    },
    **{f"{s}.cuts": schema.CUTS for s in ("passages", "decontaminate")},
    "dedup.clusters": schema.CLUSTERS,
    "decontaminate.overlaps": schema.OVERLAPS,
    "encode.tokens": schema.TOKENS,
    "mixture.plan": schema.PLAN,
    "shards.shards": shard_schema("uint16"),
    "publish.documents": editions.DOCUMENTS,
}
TABLES = [(step, table) for step, tables in DERIVED.items() for table in tables]


@pytest.mark.parametrize(("step", "table"), TABLES)
def test_every_column_of_a_table_is_declared_and_every_declared_one_is_there(step: str, table: str) -> None:
    known, declared = KNOWN.get(f"{step}.{table}"), DERIVED[step][table]
    if known is None:
        return
    assert [name for name in known.names if not declared.declares(name)] == []
    assert [name for name in declared.columns if "*" not in name and name not in known.names] == []


@pytest.mark.parametrize(("step", "table"), TABLES)
def test_every_origin_is_a_column_of_a_table_that_the_step_reads(step: str, table: str) -> None:
    needs = next(s.needs for s in STEPS if s.name == step)
    for origin in DERIVED[step][table].all_origins():
        assert isinstance(origin, Origin)
        assert origin.step in (*needs, step, "source", "outside"), origin
        known = KNOWN.get(f"{origin.step}.{origin.table}")
        if known is not None:
            assert origin.column in known.names, origin
        else:
            assert f"{origin.step}.{origin.table}" in ("ingest.signals", "outside.benchmarks"), origin


def test_tables_read_without_columns_are_needs_of_the_step() -> None:
    for step, tables in READS.items():
        needs = next(s.needs for s in STEPS if s.name == step)
        assert all(table.split(".")[0] in needs for table in tables)
