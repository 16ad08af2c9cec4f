"""The graph of a lineage file: what came from where, with counts, as nodes in layers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Event = Mapping[str, Any]
Key = tuple[str, str]
MOST_SOURCES = 12


@dataclass(frozen=True)
class Line:
    """A table of a node: rows None where nobody counted them."""

    name: str
    rows: int | None = None


@dataclass(frozen=True)
class Node:
    """kind: source, step, or outside. layer: how many edges the longest way from a source has."""

    key: str
    title: str
    kind: str
    note: str = ""
    lines: tuple[Line, ...] = ()
    layer: int = 0
    failed: bool = False


@dataclass(frozen=True)
class Edge:
    """documents: what the first left for the others, where it says so. main: no longer way leads there."""

    begin: str
    end: str
    documents: int | None = None
    main: bool = True


@dataclass(frozen=True)
class Graph:
    """Nodes in the order of their layers, and the edges between them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @property
    def recipes(self) -> list[str]:
        """Names of the recipes whose steps are here."""
        return sorted({n.key.rsplit(".", 1)[0] for n in self.nodes if n.kind == "step"})

    def node(self, key: str) -> Node:
        """The node of that key."""
        return next(node for node in self.nodes if node.key == key)

    def layers(self) -> list[list[Node]]:
        """Nodes by layer."""
        last = max((node.layer for node in self.nodes), default=-1)
        return [[node for node in self.nodes if node.layer == n] for n in range(last + 1)]


def read_events(text: str) -> list[Event]:
    """Events of a lineage file; a line that was torn by a kill is passed over."""
    found = []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return [event for event in found if isinstance(event, dict) and "job" in event]


@dataclass
class _Run:
    """The newest finished attempt of a step, and whether a newer one failed."""

    done: Event
    began: str = ""
    failed: bool = False


def graph_of(events: Sequence[Event]) -> Graph:
    """The graph of the newest finished run of every step."""
    runs = _newest(events)
    made = {_key(d): job for job, run in runs.items() for d in run.done["outputs"] if _kind(d) == "table"}
    sources = _sources(runs.values(), made)
    pairs = dict.fromkeys(_pairs(runs, made, sources))
    layers = _layers([*sources, *runs], pairs)
    nodes = [node for key, node in {**_source_nodes(sources), **_step_nodes(runs)}.items()]
    nodes += _written(runs, made, pairs, layers)
    placed = [_at(node, layers[node.key]) for node in nodes]
    documents = {key: _left(run.done) for key, run in runs.items()} | {k: s.rows for k, s in sources.items()}
    edges = [Edge(a, b, documents.get(a), _main(a, b, pairs)) for a, b in pairs]
    return Graph(tuple(sorted(placed, key=lambda n: n.layer)), tuple(edges))


def _newest(events: Sequence[Event]) -> dict[str, _Run]:
    runs: dict[str, _Run] = {}
    began = {e["run"]["runId"]: e["eventTime"] for e in events if e["eventType"] == "START"}
    for event in events:
        job = event["job"]["name"]
        if event["eventType"] == "COMPLETE":
            runs.pop(job, None)
            runs[job] = _Run(event, began.get(event["run"]["runId"], ""))
        elif event["eventType"] in ("FAIL", "ABORT") and job in runs:
            runs[job].failed = True
    return runs


def _key(dataset: Event) -> Key:
    return dataset["namespace"], dataset["name"]


def _step(dataset: Event) -> Mapping[str, str]:
    return dataset.get("facets", {}).get("daybreak_step", {})


def _kind(dataset: Event) -> str:
    return str(_step(dataset).get("kind", "table"))


@dataclass
class _Source:
    title: str
    kind: str
    layout: str = ""
    places: dict[Key, None] = field(default_factory=dict)
    rows: int | None = None
    files: int = 0


def _sources(runs: Iterable[_Run], made: Mapping[Key, str]) -> dict[str, _Source]:
    """What steps read that no step made: a source with all its patterns is one."""
    found: dict[str, _Source] = {}
    for run in runs:
        counts = run.done["run"]["facets"].get("daybreak_accounting", {}).get("counts", [])
        for dataset in (d for d in run.done["inputs"] if _key(d) not in made):
            step = _step(dataset)
            name = step.get("table", dataset["name"])
            kind = step.get("kind", "outside")
            title = name if kind == "source" else f"{step.get('step', kind)}: {name}"
            storage = dataset.get("facets", {}).get("storage", {})
            source = found.setdefault(f"{kind}/{title}", _Source(title, kind, storage.get("fileFormat", "")))
            source.places[_key(dataset)] = None
            source.files += dataset.get("inputFacets", {}).get("inputStatistics", {}).get("fileCount", 0)
            if kind == "source":
                read = (
                    c for c in counts if (c["stage"], c["outcome"], c["source"]) == ("ingest", "in", name)
                )
                source.rows = sum(c["documents"] for c in read)
    return _few(found)


def _few(found: dict[str, _Source]) -> dict[str, _Source]:
    """At most MOST_SOURCES; the others as one."""
    named = [key for key, source in found.items() if source.kind == "source"]
    if len(named) <= MOST_SOURCES:
        return found
    rest = [found.pop(key) for key in named[MOST_SOURCES - 1 :]]
    places = {place: None for source in rest for place in source.places}
    rows, files = sum(s.rows or 0 for s in rest), sum(s.files for s in rest)
    return {**found, "source/…": _Source(f"{len(rest)} more sources", "source", "", places, rows, files)}


def _pairs(
    runs: Mapping[str, _Run], made: Mapping[Key, str], sources: Mapping[str, _Source]
) -> Iterator[tuple[str, str]]:
    outside = {place: key for key, source in sources.items() for place in source.places}
    for job, run in runs.items():
        for dataset in run.done["inputs"]:
            begin = made.get(_key(dataset)) or outside[_key(dataset)]
            if begin != job:
                yield begin, job


def _layers(keys: Sequence[str], pairs: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Length of the longest way to each node; a circle, which no run should make, ends at the number of nodes."""
    known, layers = list(pairs), dict.fromkeys(keys, 0)
    for _ in keys:
        for begin, end in known:
            layers[end] = min(max(layers[end], layers[begin] + 1), len(keys))
    fed = {end for _, end in known}
    # what nothing feeds stands right before what reads it first
    first = {key: min((layers[b] for a, b in known if a == key), default=1) for key in keys}
    return {key: layer if key in fed else first[key] - 1 for key, layer in layers.items()}


def _source_nodes(sources: Mapping[str, _Source]) -> dict[str, Node]:
    def lines(source: _Source) -> Iterator[Line]:
        if source.files:
            yield Line("files", source.files)
        if source.rows is not None:
            yield Line("records", source.rows)

    return {key: Node(key, s.title, s.kind, s.layout, tuple(lines(s))) for key, s in sources.items()}


def _step_nodes(runs: Mapping[str, _Run]) -> dict[str, Node]:
    return {
        job: Node(job, job.rsplit(".", 1)[1], "step", _took(run), tuple(_tables(run.done)), failed=run.failed)
        for job, run in runs.items()
    }


def _took(run: _Run) -> str:
    if not run.began:
        return ""
    between = datetime.fromisoformat(run.done["eventTime"]) - datetime.fromisoformat(run.began)
    return f"{between.total_seconds():,.1f} s"


def _tables(done: Event) -> Iterator[Line]:
    for dataset in (d for d in done["outputs"] if _kind(d) == "table"):
        counted = dataset.get("outputFacets", {}).get("outputStatistics", {})
        yield Line(_step(dataset).get("table", dataset["name"]), counted.get("rowCount"))


def _written(
    runs: Mapping[str, _Run],
    made: Mapping[Key, str],
    pairs: dict[tuple[str, str], None],
    layers: dict[str, int],
) -> Iterator[Node]:
    """What steps wrote outside the workspace, each with its edge."""
    for job, run in runs.items():
        for dataset in (d for d in run.done["outputs"] if _key(d) not in made):
            step = _step(dataset)
            version = dataset.get("facets", {}).get("version", {}).get("datasetVersion", "")
            key = f"written/{dataset['namespace']}/{dataset['name']}"
            pairs[(job, key)] = None
            layers[key] = max(layers.get(key, 0), layers[job] + 1)
            yield Node(key, step.get("step", dataset["name"]), "outside", version)


def _at(node: Node, layer: int) -> Node:
    return Node(node.key, node.title, node.kind, node.note, node.lines, layer, node.failed)


def _left(done: Event) -> int | None:
    """Documents that a step's last stage kept; None for a step that counts none."""
    counts = done["run"]["facets"].get("daybreak_accounting", {}).get("counts", [])
    kept: dict[str, int] = {}
    for count in (c for c in counts if c["outcome"] == "kept"):
        kept[count["stage"]] = kept.get(count["stage"], 0) + count["documents"]
    return min(kept.values(), default=None)


def _main(begin: str, end: str, pairs: Iterable[tuple[str, str]]) -> bool:
    """Whether the edge is the only way."""
    known = list(pairs)
    reached, front = set(), {b for a, b in known if a == begin and b != end}
    while front:
        reached |= front
        front = {b for a, b in known if a in front} - reached
    return end not in reached
