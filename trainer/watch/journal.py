"""Append-only JSON-lines files beside the checkpoints, and progress lines for whoever started the run."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class Journal:
    """One JSON object a line, each with `step`; flushed at every line, synced at every checkpoint."""

    def __init__(self, path: Path, last_step: int) -> None:
        """Continue the file after `last_step`: lines of later steps, and a torn last line, are cut off."""
        kept = _lines_until(path, last_step) if path.exists() else 0
        self._file = path.open("ab")
        self._file.truncate(kept)

    def write(self, **values: Any) -> None:
        """Append one line."""
        self._file.write((json.dumps(values) + "\n").encode())
        self._file.flush()

    def sync(self) -> None:
        """Have the lines on the disk before something relies on them."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _lines_until(path: Path, last_step: int) -> int:
    """Bytes of the whole lines whose step is at most `last_step`."""
    length = 0
    for line in path.read_bytes().splitlines(keepends=True):
        if not line.endswith(b"\n") or json.loads(line)["step"] > last_step:
            break
        length += len(line)
    return length


@dataclass(frozen=True)
class Progress:
    """Lines on stdout: `event key=value ...`, or one JSON object a line."""

    as_json: bool = False
    quiet: bool = False

    def __call__(self, event: str, **values: Any) -> None:
        """Report an event (`start`, `resume`, `step`, `eval`, `checkpoint`, `spike`, `done`)."""
        if self.quiet:
            return
        if self.as_json:
            print(json.dumps({"event": event, **values}), flush=True)
        else:
            print(event, *(f"{key}={_short(value)}" for key, value in values.items()), flush=True)


def _short(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)
