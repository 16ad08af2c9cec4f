"""A whole run by the command line: its lineage validates, is drawn, and one trace id goes all the way."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from lineage_support import events, keeping_server, log
from openlineage_schema import facets_of, problems
from prometheus_client.parser import text_string_to_metric_families
from test_dashboards import expressions

from daybreak.workspace import Workspace
from pipelines.lineage.graph import graph_of
from tests.line.support import TRACE_ID, daybreak

pytestmark = pytest.mark.slow

STEPS = ["ingest", "filter", "dedup", "tokenizer", "encode", "mixture", "shards", "train", "report"]
METRIC = re.compile(r"\bdaybreak_\w+")
OTHER = "11111111111111111111111111111111"


@pytest.fixture(scope="module")
def told(finished: Path) -> list[dict[str, Any]]:
    return events(finished / "ws")


def complete(told: list[dict[str, Any]], step: str) -> dict[str, Any]:
    return next(e for e in told if e["job"]["name"] == f"small.{step}" and e["eventType"] == "COMPLETE")


def test_every_event_and_facet_validates(told: list[dict[str, Any]]) -> None:
    assert [problem for event in told for problem in problems(event)] == []
    names = Counter(name for event in told for name, _ in facets_of(event))
    assert {
        "schema",
        "columnLineage",
        "outputStatistics",
        "inputStatistics",
        "daybreak_accounting",
    } <= names.keys()


def test_every_step_started_and_completed_once(told: list[dict[str, Any]]) -> None:
    assert [(e["job"]["name"], e["eventType"]) for e in told] == [
        (f"small.{step}", state) for step in STEPS for state in ("START", "COMPLETE")
    ]
    assert len({e["run"]["runId"] for e in told}) == len(STEPS)


def test_statistics_are_those_of_the_manifests(finished: Path, told: list[dict[str, Any]]) -> None:
    workspace = Workspace(finished / "ws")
    for step in STEPS:
        manifest, event = workspace.manifest(step), complete(told, step)
        assert manifest is not None
        found = {d["name"].rsplit("/", 1)[1]: d["outputFacets"]["outputStatistics"] for d in event["outputs"]}
        for table, entries in manifest.tables.items():
            expected = {
                "rowCount": manifest.rows(table),
                "size": sum(e.bytes for e in entries),
                "fileCount": len(entries),
            }
            assert {k: v for k, v in found[table].items() if k in expected} == expected
        counts = event["run"]["facets"].get("daybreak_accounting", {}).get("counts", [])
        assert sum(c["documents"] for c in counts) == sum(c.documents for c in manifest.accounting)
        assert event["run"]["facets"]["daybreak_recipe"]["stepFingerprint"] == manifest.fingerprint


def test_column_lineage_speaks_of_columns_that_are_there(finished: Path, told: list[dict[str, Any]]) -> None:
    """Every column of every Parquet table has its line, or is declared constant; every origin exists."""
    real = dict(_schemas(finished / "ws"))
    sources = {d["name"] for d in complete(told, "ingest")["inputs"]}
    constants = {"source", "file", "stage", "verdict", "value", "threshold", "failed"}
    for step in STEPS:
        event = complete(told, step)
        known = {d["name"] for d in event["inputs"]} | {d["name"] for d in event["outputs"]}
        for output in (d for d in event["outputs"] if d["name"] in real):
            lineage = output["facets"]["columnLineage"]
            columns = [f["name"] for f in output["facets"]["schema"]["fields"]]
            assert columns == real[output["name"]]
            assert set(columns) - lineage["fields"].keys() <= (constants if step == "ingest" else set())
            origins = [o for field in lineage["fields"].values() for o in field["inputFields"]]
            for origin in origins + lineage.get("dataset", []):
                assert origin["name"] in known, (step, output["name"], origin)
                assert origin["name"] in sources or origin["field"] in real[origin["name"]], (step, origin)


def _schemas(workspace: Path) -> Iterator[tuple[str, list[str]]]:
    for step in STEPS:
        manifest = Workspace(workspace).manifest(step)
        assert manifest is not None
        for table, entries in manifest.tables.items():
            if entries and entries[0].path.endswith(".parquet"):
                file = workspace / step / manifest.folder / entries[0].path
                yield str(workspace / step / table), pq.read_schema(file).names
            if table == "shards":
                yield str(workspace / step / table), ["doc_id", "source", "input_ids"]


def test_sources_lead_to_shards_and_shards_to_the_model(told: list[dict[str, Any]]) -> None:
    graph = graph_of(told)
    after: dict[str, set[str]] = {}
    for edge in graph.edges:
        after.setdefault(edge.begin, set()).add(edge.end)
    for source in (n for n in graph.nodes if n.kind == "source"):
        reached, front = set(), {source.key}
        while front:
            reached |= front
            front = set().union(*(after.get(key, set()) for key in front)) - reached
        assert {"small.ingest", "small.shards", "small.train"} <= reached
    tables = {
        line.name: line.rows
        for n in graph.nodes
        for line in n.lines
        if n.key in ("small.shards", "small.train")
    }
    assert tables["shards"] and tables["model"]


def test_one_trace_from_the_environment_to_lineage_run_log_and_trainer(
    finished: Path, told: list[dict[str, Any]]
) -> None:
    assert {e["run"]["facets"]["daybreak_trace"]["traceId"] for e in told} == {TRACE_ID}
    lines = log(finished / "ws")
    assert {line["trace_id"] for line in lines} == {TRACE_ID}
    assert [line["step"] for line in lines if line["event"] == "trainer start"] == ["train"]
    runs = {e["run"]["runId"] for e in told}
    assert {line["run"] for line in lines if line["event"] in ("begin", "commit")} == runs


def test_manifests_and_tables_hold_nothing_of_it(finished: Path, told: list[dict[str, Any]]) -> None:
    for step in STEPS:
        text = (finished / "ws" / step / "manifest.json").read_text()
        assert TRACE_ID not in text
        assert not any(event["run"]["runId"] in text for event in told)


def test_the_command_prints_and_draws(finished: Path, tmp_path: Path) -> None:
    page = tmp_path / "lineage.html"
    shown = daybreak("lineage", str(finished / "ws"), "--html", str(page))
    assert shown.returncode == 0, shown.stderr
    assert [line.split()[0] for line in shown.stdout.splitlines()][-len(STEPS) :] == STEPS
    assert "<svg" in page.read_text()
    machine = json.loads(daybreak("lineage", str(finished / "small.yaml"), "--json").stdout)
    assert {n["title"] for n in machine["nodes"]} >= set(STEPS)
    empty = daybreak("lineage", str(tmp_path))
    assert empty.returncode == 1 and "lineage.jsonl" in empty.stderr


def test_every_metric_that_dashboard_and_alerts_ask_for_is_written(finished: Path) -> None:
    text = (finished / "ws/metrics.prom").read_text()
    labels: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    asked = {name for expression in expressions() for name in METRIC.findall(expression)}
    assert asked and asked <= labels.keys()
    for expression in expressions():
        for name, chosen in re.findall(r"(daybreak_\w+)\{([^}]*)\}", expression):
            assert set(re.findall(r"(\w+)=~?", chosen)) | set(re.findall(r"(\w+)!=", chosen)) <= labels[name]
        for grouped in re.findall(r"by \(([^)]*)\)", expression):
            assert set(grouped.split(", ")) <= set().union(*(labels[n] for n in METRIC.findall(expression)))
    assert text.count("# HELP") == text.count("# TYPE")


@pytest.fixture(scope="module")
def filtered(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The step filter once more with another threshold, under another trace, with everything told everywhere."""
    folder = tmp_path_factory.mktemp("filtered")
    workspace, spark = folder / "ws", folder / "spark-events"
    shutil.copytree(finished / "ws", workspace)
    for name in ("lineage.jsonl", "run.log.jsonl"):
        (workspace / name).unlink()
    spark.mkdir()
    recipe = folder / "small.yaml"
    conf = {"enabled": "true", "compress": "false", "dir": spark.as_uri()}
    settings = json.dumps({f"spark.eventLog.{key}": value for key, value in conf.items()})
    recipe.write_text(
        (finished / "small.yaml").read_text().replace("spark: {", f"spark: {{conf: {settings}, ")
    )
    change = ["quality.thresholds.gopher@paper.min_words=120", f"workspace={workspace}"]
    with keeping_server() as (backend, lineage), keeping_server() as (gateway, pushed):
        environment = {
            "TRACEPARENT": f"00-{OTHER}-00f067aa0ba902b7-01",
            "DAYBREAK_LOG": "json",
            "OPENLINEAGE_URL": backend,
            "DAYBREAK_PUSHGATEWAY": gateway,
        }
        done = daybreak("run", str(recipe), *change, "--only", "filter", env=environment)
    assert done.returncode == 0, done.stderr
    return {
        "workspace": workspace,
        "stderr": done.stderr,
        "lineage": lineage,
        "pushed": pushed,
        "spark": spark,
    }


def test_a_back_end_gets_the_events_and_a_pushgateway_the_metrics(filtered: dict[str, Any]) -> None:
    sent = [json.loads(body) for _, body in filtered["lineage"]]
    assert sent == events(filtered["workspace"])
    assert [e["eventType"] for e in sent] == ["START", "COMPLETE"]
    [(path, body)] = filtered["pushed"]
    assert path == "/metrics/job/daybreak/recipe/small"
    assert body == (filtered["workspace"] / "metrics.prom").read_bytes()


def test_the_trace_stands_in_the_jobs_of_spark(filtered: dict[str, Any]) -> None:
    files = [file for file in filtered["spark"].rglob("*") if file.is_file()]
    lines = [json.loads(line) for f in files for line in f.read_text().splitlines() if line.startswith("{")]
    tags = [
        line["Properties"].get("spark.job.tags", "")
        for line in lines
        if line["Event"] == "SparkListenerJobStart"
    ]
    assert tags and all(f"trace-{OTHER}" in tag for tag in tags)


def test_driver_and_workers_write_structured_lines(filtered: dict[str, Any]) -> None:
    lines = [json.loads(line) for line in filtered["stderr"].splitlines() if line.startswith("{")]
    assert {line["trace_id"] for line in lines} == {OTHER}
    said = Counter(line["event"] for line in lines)
    assert said["begin"] == said["commit"] == 1
    units = [line for line in lines if line["event"] == "unit"]
    manifest = Workspace(filtered["workspace"]).manifest("filter")
    assert manifest is not None
    assert len({line["unit"] for line in units}) == len(manifest.tables["decisions"]) == len(units)
    assert sum(line["documents"].get("language", {}).get("in", 0) for line in units) == manifest.rows(
        "decisions"
    )
    assert all({"stage", "partition", "seconds"} <= line.keys() for line in units)
