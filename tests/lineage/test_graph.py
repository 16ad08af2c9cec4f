"""The graph of a lineage file: newest runs, layers, what is drawn and that its text stays text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from pipelines.lineage.draw import as_json, svg, text
from pipelines.lineage.graph import Graph, graph_of, read_events
from pipelines.lineage.page import render


def dataset(name: str, kind: str = "table", rows: int | None = None) -> dict[str, Any]:
    step, _, table = name.rpartition("/")
    facets = {"daybreak_step": {"kind": kind, "step": step.strip("/") or kind, "table": table}}
    counted = {"rowCount": rows, "fileCount": 2}
    return {
        "namespace": "file", "name": name, "facets": facets,
        "inputFacets": {"inputStatistics": counted}, "outputFacets": {"outputStatistics": counted},
    }  # fmt: skip


def done(
    step: str, reads: Iterable[dict[str, Any]], writes: Iterable[dict[str, Any]], kept: int = 0, at: int = 0
) -> list[dict[str, Any]]:
    def event(state: str, second: int) -> dict[str, Any]:
        counts = [
            {"stage": s, "source": "mine", "outcome": o, "documents": n}
            for s, o, n in (("ingest", "in", 9), (step, "kept", kept))
        ]
        return {
            "eventType": state, "eventTime": f"2026-01-02T00:00:{at + second:02d}+00:00",
            "run": {"runId": f"{step}{at}", "facets": {"daybreak_accounting": {"counts": counts}}},
            "job": {"namespace": "daybreak", "name": f"small.{step}"},
            "inputs": list(reads), "outputs": list(writes) if state == "COMPLETE" else [],
        }  # fmt: skip

    return [event("START", 0), event("COMPLETE", 3)]


SOURCE = dataset("/in/*.gz", "source") | {
    "facets": {"daybreak_step": {"kind": "source", "step": "source", "table": "mine"}}
}
DOCUMENTS, KEPT, SHARDS = (
    dataset("/ws/ingest/documents", rows=8),
    dataset("/ws/filter/decisions", rows=8),
    dataset("/ws/shards/shards", rows=5),
)
LINE = [
    *done("ingest", [SOURCE], [DOCUMENTS], 8),
    *done("filter", [DOCUMENTS], [KEPT], 6),
    *done("shards", [DOCUMENTS, KEPT], [SHARDS], 5),
]  # fmt: skip


def edges(graph: Graph) -> dict[tuple[str, str], tuple[int | None, bool]]:
    return {(graph.node(e.begin).title, graph.node(e.end).title): (e.documents, e.main) for e in graph.edges}


def test_nodes_stand_in_layers_and_edges_bear_documents() -> None:
    graph = graph_of(LINE)
    assert [[n.title for n in layer] for layer in graph.layers()] == [
        ["mine"],
        ["ingest"],
        ["filter"],
        ["shards"],
    ]
    assert edges(graph) == {
        ("mine", "ingest"): (9, True),
        ("ingest", "filter"): (8, True),
        ("ingest", "shards"): (8, False),
        ("filter", "shards"): (6, True),
    }
    assert graph.node("small.ingest").note == "3.0 s"
    assert graph.recipes == ["small"]


def test_the_newest_run_counts_and_a_later_failure_is_marked() -> None:
    again = done("filter", [DOCUMENTS], [dataset("/ws/filter/decisions", rows=3)], 2, at=30)
    broken = [{**LINE[-1], "eventType": "FAIL", "outputs": []}]
    graph = graph_of([*LINE, *again, *broken])
    assert [(line.name, line.rows) for line in graph.node("small.filter").lines] == [("decisions", 3)]
    assert edges(graph)[("filter", "shards")] == (2, True)
    assert graph.node("small.shards").failed and not graph.node("small.filter").failed
    assert "then failed" in svg(graph)


def test_a_torn_line_is_passed_over() -> None:
    whole = "\n".join(json.dumps(event) for event in LINE)
    assert graph_of(read_events(whole + '\n{"eventType": "STA')) == graph_of(LINE)


def test_what_is_read_and_written_outside_stands_on_both_sides() -> None:
    history = dataset("/history", "outside") | {
        "facets": {
            "daybreak_step": {"kind": "outside", "step": "history", "table": "history"},
            "version": {"datasetVersion": "2026-01-02"},
        }
    }
    graph = graph_of([*LINE, *done("dedup", [KEPT, history], [history, dataset("/ws/dedup/decisions")])])
    layers = {n.key: n.layer for n in graph.nodes}
    dedup = layers["small.dedup"]
    assert layers["outside/history: history"] == dedup - 1
    assert layers["written/file//history"] == dedup + 1
    assert graph.node("written/file//history").note == "2026-01-02"


def test_many_sources_are_a_dozen_nodes() -> None:
    many = [
        {
            **SOURCE,
            "name": f"/in/{n}",
            "facets": {"daybreak_step": {"kind": "source", "step": "source", "table": f"s{n}"}},
        }
        for n in range(40)
    ]
    graph = graph_of(done("ingest", many, [DOCUMENTS], 8))
    assert len(graph.layers()[0]) == 12
    assert graph.layers()[0][-1].title == "29 more sources"


def test_a_circle_ends() -> None:
    assert len(graph_of([*done("a", [KEPT], [DOCUMENTS]), *done("b", [DOCUMENTS], [KEPT])]).nodes) == 2


def test_names_stay_text() -> None:
    evil = '<script>alert(1)</script>"&\x1b[31m'
    source = {**SOURCE, "facets": {"daybreak_step": {"kind": "source", "step": "source", "table": evil}}}
    graph = graph_of(done("ingest", [source], [DOCUMENTS]))
    page = render(graph)
    assert "<script" not in page and "\x1b" not in page
    assert "&lt;script&gt;" in page
    assert "\x1b" not in text(graph)


def test_nothing_of_the_drawing_overlaps_or_leaves_it() -> None:
    drawn = svg(graph_of(LINE))
    width, height = (float(n) for n in re.search(r'width="(\d+)" height="(\d+)"', drawn).groups())  # type: ignore[union-attr]
    boxes = [
        tuple(float(n) for n in found)
        for found in re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', drawn)
    ]
    assert len(boxes) == 4
    for n, (x, y, w, h) in enumerate(boxes):
        assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
        for x2, y2, w2, h2 in boxes[:n]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y


def test_text_and_json_tell_the_same() -> None:
    graph = graph_of(LINE)
    lines = text(graph).splitlines()
    assert lines[1].split() == ["ingest", "documents", "8", "<-", "mine"]
    assert lines[3].endswith("<- filter and 1 more")
    told = json.loads(json.dumps(as_json(graph)))
    assert [n["title"] for n in told["nodes"]] == ["mine", "ingest", "filter", "shards"]
