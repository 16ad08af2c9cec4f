"""The gates of a run, from its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.gates.judge import number
from pipelines.report.facts import GateRow


def collect_gates(verdict: Mapping[str, Any] | None) -> tuple[GateRow, ...]:
    """A row a gate, failed ones first; none where no gates were judged."""
    gates = verdict["gates"] if verdict else []
    return tuple(_row(gate) for gate in sorted(gates, key=lambda gate: gate["verdict"] != "failed"))


def _row(gate: Mapping[str, Any]) -> GateRow:
    name = gate["name"]
    bounds = [f"{key} {number(name, gate[key])}" for key in ("min", "max") if gate[key] is not None]
    score = "–" if gate["score"] is None else f"{gate['score']:.2f}"
    return GateRow(
        name,
        number(name, gate["value"]),
        ", ".join(bounds) or "–",
        number(name, gate["median"]),
        score,
        gate["verdict"],
        "; ".join(gate["why"]),
    )
