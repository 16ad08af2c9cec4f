"""The verdict on a run, gates.json in its workspace: written whatever it says, so that one can look at it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from daybreak.errors import DaybreakError, WorkspaceError
from daybreak.workspace import Workspace
from pipelines.gates.judge import Gate, as_json, number

FILE = "gates.json"


def verdict_json(recipe: str, edition: str, gates: Sequence[Gate]) -> bytes:
    """The file: readable JSON, without times."""
    failed = [gate.name for gate in gates if gate.verdict == "failed"]
    content = {
        "recipe": recipe,
        "edition": edition,
        "passed": not failed,
        "failed": failed,
        "gates": as_json(gates),
    }
    return json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n"


def read_verdict(workspace: Workspace) -> dict[str, Any]:
    """The verdict of a workspace. Raises WorkspaceError where none was given yet."""
    if not workspace.store.exists(FILE):
        raise WorkspaceError(
            f"no gates were judged in {workspace}: run a recipe with a section `gates` "
            "(daybreak run RECIPE; the step comes behind shards)"
        )
    verdict: dict[str, Any] = json.loads(workspace.store.read(FILE))
    return verdict


def check(gates: Sequence[Gate], place: str, kept: str = "") -> None:
    """Raises DaybreakError that names each gate that failed, its value and its bound, and says what to do.

    kept: a sentence on what the run has left elsewhere already.
    """
    failed = [gate for gate in gates if gate.verdict == "failed"]
    if not failed:
        return
    reasons = "; ".join(f"{gate.name}: {_reason(gate)}" for gate in failed)
    remedy = next((_remedy(gate) for gate in failed), "")
    raise DaybreakError(
        f"{len(failed)} of {len(gates)} gates stopped this run; nothing is published. "
        f"All gates stand in {place}, `daybreak gates` prints them, and `daybreak run ... --only report` makes the "
        "page of this run. If its input was wrong, mend that and run again. If it is right as it is, let it pass by "
        f"a change for this run, for example {remedy} (or gates=null).{kept}\n"
        f"{reasons}"  # last: alerts quote the last line
    )


def _reason(gate: Gate) -> str:
    told = [why for why in gate.why if not why.startswith("not judged")]
    return "; ".join(told) or number(gate.name, gate.value)


def _remedy(gate: Gate) -> str:
    if gate.value is not None and gate.max is not None and gate.value > gate.max:
        return f"'gates.{gate.name}.max={gate.value:g}'"
    if gate.value is not None and gate.min is not None and gate.value < gate.min:
        return f"'gates.{gate.name}.min={gate.value:g}'"
    return f"gates.earlier.max_score={(gate.score or 0) + 0.1:.1f}"
