"""What earlier runs cost, read from their metrics.jsonl, and by how much that differs from the laws."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from daybreak.errors import InputError
from daybreak.workspace import Workspace
from pipelines.observe.spark_metrics import FORMAT, METRICS
from pipelines.size.amount import Amount, total
from pipelines.size.laws import LAWS

Line = Mapping[str, Any]


@dataclass(frozen=True)
class Ratio:
    """What was measured over what the law says, summed over runs; lowest and highest of a single run."""

    measured: float = 0.0
    lawful: float = 0.0
    runs: tuple[float, ...] = ()

    def with_run(self, measured: float, lawful: float) -> Ratio:
        """One more run."""
        if lawful <= 0:
            return self
        runs = (*self.runs, measured / lawful)
        return Ratio(self.measured + measured, self.lawful + lawful, runs)

    @property
    def factor(self) -> float:
        """The ratio; 1 where nothing was measured."""
        return self.measured / self.lawful if self.lawful else 1.0


@dataclass
class History:
    """Ratios by law: CPU (`cpu`), shuffle bytes (`shuffle`), table bytes (`tables`: by 'step.table').

    kept: amounts in and out by (step, source). tokens: tokens and the bytes they stand for by source.
    seen: text bytes of each run, by law. places: the workspaces.
    """

    cpu: dict[str, Ratio] = field(default_factory=dict)
    shuffle: dict[str, Ratio] = field(default_factory=dict)
    tables: dict[str, Ratio] = field(default_factory=dict)
    kept: dict[tuple[str, str], tuple[Amount, Amount]] = field(default_factory=dict)
    tokens: dict[str, Amount] = field(default_factory=dict)
    seen: dict[str, list[float]] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)

    def share(self, step: str, source: str) -> tuple[float, float] | None:
        """Shares of documents and bytes of a source that a step kept; of all sources where it had none of it."""
        own = self.kept.get((step, source))
        pairs = [own] if own else [pair for (name, _), pair in self.kept.items() if name == step]
        came, left = total(a for a, _ in pairs), total(b for _, b in pairs)
        if not came.documents or not came.bytes:
            return None
        return left.documents / came.documents, left.bytes / came.bytes

    def bytes_a_token(self, source: str) -> float | None:
        """Of a source's text; of all sources where it had none."""
        known = self.tokens.get(source) or total(self.tokens.values())
        return known.bytes / known.tokens if known.tokens else None


def read_history(places: Sequence[str], needed: bool) -> History:
    """Read the metrics of workspaces. Raises InputError where `needed` and one has none."""
    history = History()
    for place in places:
        workspace = Workspace(place)
        if not workspace.store.exists(METRICS):
            if needed:
                raise InputError(
                    f"{workspace} has no {METRICS}: no step has run there since there are metrics"
                )
            continue
        runs = _last(_lines(workspace.store.read(METRICS)))
        if runs:
            history.places.append(str(workspace))
            _add(history, runs)
    return history


def _lines(content: bytes) -> Iterable[Line]:
    for text in content.splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue  # a line that a kill cut short
        if isinstance(line, dict) and line.get("format") == FORMAT:
            yield line


def _last(lines: Iterable[Line]) -> dict[str, Line]:
    """The last committed line of each step. Sources that were read before, one by one, count with their step."""
    found: dict[str, Line] = {}
    parts: dict[str, list[Line]] = {}
    for line in lines:
        if "part" in line:
            parts.setdefault(line["fingerprint"], []).append(line)
        else:
            found[line["step"]] = line
    if "ingest" in found and (before := parts.get(found["ingest"]["fingerprint"])):
        found["ingest"] = _with_parts(found["ingest"], before)
    return found


def _with_parts(line: Line, parts: Sequence[Line]) -> Line:
    """A step's line with the CPU time of its parts; whole where no part had been killed itself."""
    cpu = sum((one.get("processes") or {}).get("cpu_seconds", 0.0) for one in [line, *parts])
    whole = {name for part in parts if not part["resumed_units"] for name in part["part"]}
    resumed = 0 if whole == set(line["sources"]) else line["resumed_units"]
    return {
        **line,
        "processes": {**(line.get("processes") or {}), "cpu_seconds": cpu},
        "resumed_units": resumed,
    }


def law_of(step: str, line: Line) -> str:
    """The law that a step's run followed."""
    spread = step == "dedup" and (line.get("spark") or {}).get("stages", 0) > 0
    return "dedup in Spark" if spread else step


def _add(history: History, runs: Mapping[str, Line]) -> None:
    amounts: dict[str, Amount] = {}
    units = 0
    for step, line in runs.items():
        if step == "ingest":
            units = line["tables"].get("documents", {}).get("files", 0)
        came, left = _flow(line, amounts)
        amounts = left
        for source in came.keys() & left.keys():
            before = history.kept.get((step, source), (Amount(), Amount()))
            history.kept[step, source] = (before[0] + came[source], before[1] + left[source])
            if step == "mixture" and left[source].tokens:
                history.tokens[source] = history.tokens.get(source, Amount()) + left[source]
        if step in LAWS:
            _weigh(history, step, line, total(came.values()), total(left.values()), units)


def _flow(line: Line, before: Mapping[str, Amount]) -> tuple[dict[str, Amount], dict[str, Amount]]:
    """Amounts into and out of a step; those before it where it counts none itself."""
    sources = line.get("sources") or {}
    if not sources:
        return dict(before), dict(before)
    came = {name: Amount(flow["in"], flow["in_bytes"]) for name, flow in sources.items()}
    left = {
        name: Amount(flow["out"], flow["out_bytes"], flow.get("out_tokens", 0))
        for name, flow in sources.items()
    }
    return came, left


def _weigh(history: History, step: str, line: Line, came: Amount, left: Amount, units: int) -> None:
    name = law_of(step, line)
    law, processes, spark = LAWS[name], line.get("processes") or {}, line.get("spark") or {}
    history.seen.setdefault(name, []).append(came.bytes)
    tables = line.get("tables") or {}
    parts = tables.get("shards", {}).get("files", units) if step == "shards" else units
    if not line.get("resumed_units"):
        workers = int((line.get("settings") or {}).get("cores", 1)) if law.parallel else 0
        lawful = law.once(workers) + law.work(came, left, parts)
        if cpu := processes.get("cpu_seconds"):
            history.cpu[name] = history.cpu.get(name, Ratio()).with_run(cpu, lawful)
        if spark:
            written = spark.get("shuffle_write_bytes", 0)
            ratio = history.shuffle.get(name, Ratio())
            history.shuffle[name] = ratio.with_run(written, law.shuffle(parts, _shuffled(name, came, left)))
    for table, growth in law.tables.items():
        if table in tables:
            key = f"{step}.{table}"
            basis = came if table in law.wide else left
            files = tables[table].get("files", parts)
            ratio = history.tables.get(key, Ratio())
            history.tables[key] = ratio.with_run(tables[table]["bytes"], growth(files, basis))


def _shuffled(name: str, came: Amount, left: Amount) -> Amount:
    """What a shuffle's law is about: tokens are known of what left."""
    return Amount(came.documents, came.bytes, left.tokens)
