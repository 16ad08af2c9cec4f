"""What a checkpoint says about itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import xxhash

FORMAT = 1
STATE_FILE = "state.json"
MODEL_FILE = "model.safetensors"
OPTIMIZER_FILE = "optimizer.safetensors"


class DamagedCheckpoint(Exception):
    """A checkpoint whose files are not what its state says; the message names file and difference."""


@dataclass(frozen=True)
class State:
    """Where a run stands after `step` updates. Nothing after initialisation is random."""

    step: int = 0
    samples: int = 0
    """Samples consumed: the whole state of the data."""
    tokens: int = 0
    """Targets with a loss so far."""
    losses: tuple[float, ...] = ()
    """The window of the spike watch."""
    fingerprint: str = ""
    """Of shards, plan, seq_len and order."""
    settings: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """XXH3-128 of every other file of the checkpoint."""
    format: int = FORMAT


def write_state(folder: Path, state: State) -> None:
    """Write state.json with the checksums of the other files in `folder`."""
    files = {path.name: checksum(path) for path in sorted(folder.iterdir())}
    text = json.dumps(asdict(state) | {"files": files}, indent=1, sort_keys=True)
    (folder / STATE_FILE).write_text(text + "\n", encoding="utf-8")


def read_state(folder: Path) -> State:
    """Read and verify a checkpoint. Raises DamagedCheckpoint."""
    try:
        values = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
        state = State(**values | {"losses": tuple(values["losses"])})
        damaged = [name for name, digest in state.files.items() if checksum(folder / name) != digest]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DamagedCheckpoint(f"{folder.name}: cannot be read: {error}") from error
    if damaged or not {MODEL_FILE, OPTIMIZER_FILE} <= state.files.keys():
        raise DamagedCheckpoint(
            f"{folder.name}: {', '.join(damaged) or 'a file'} is not what was saved (checksum)"
        )
    if state.format != FORMAT:
        raise DamagedCheckpoint(f"{folder.name}: format {state.format}, this version reads {FORMAT}")
    return state


def checksum(path: Path) -> str:
    """XXH3-128 of a file, hexadecimal."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
