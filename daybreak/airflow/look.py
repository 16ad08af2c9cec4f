"""Whether the inputs of a recipe are there: local files in this process, all others by `daybreak inputs` in a child."""

from __future__ import annotations

import glob
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from daybreak.recipe import Recipe

CHILD_SECONDS = 300


@dataclass(frozen=True)
class Look:
    """What to look for: `patterns` of local files, each of which must match something; and, where some input is
    elsewhere, the `command` that exits 0 when all is there and prints what is missing."""

    patterns: tuple[str, ...]
    command: tuple[str, ...] = ()
    quiet_seconds: float = 0.0

    def missing(self) -> list[str]:
        """What is not there yet, a line each."""
        lacking = [line for pattern in self.patterns if (line := self._lacks(pattern))]
        return lacking or (_ask(self.command) if self.command else [])

    def plain(self) -> dict[str, Any]:
        """Plain JSON values, for a trigger."""
        return asdict(self)

    def _lacks(self, pattern: str) -> str:
        found = [f for f in glob.iglob(pattern, recursive=True) if os.path.isfile(f) or os.listdir(f)]
        if not found:
            return f"nothing at {pattern}"
        newest = max(os.path.getmtime(path) for path in found)
        if time.time() - newest < self.quiet_seconds:
            return f"still being written: {pattern} (changed in the last {self.quiet_seconds:.0f} s)"
        return ""


def look_for(recipe: Recipe, path: str, changes: Sequence[str]) -> Look:
    """What a run of this recipe has to find: the marker of `schedule.wait`, else every path of every source."""
    wait = recipe.schedule.wait if recipe.schedule else None
    quiet = wait.quiet_seconds if wait else 0.0
    tokenizer = _finished_tokenizer(recipe)
    if wait and wait.marker:
        return Look((wait.marker, *tokenizer), (), quiet)
    sources = recipe.sources.values()
    if any(s.crawl or any("://" in p for p in s.paths) for s in sources):
        return Look(tokenizer, (sys.executable, "-m", "daybreak", "inputs", path, *changes))
    return Look((*dict.fromkeys(p for s in sources for p in s.paths), *tokenizer), (), quiet)


def _finished_tokenizer(recipe: Recipe) -> tuple[str, ...]:
    """What stands where the recipe takes a finished tokenizer: a model file, or a workspace with one."""
    path = recipe.tokenizer.path if recipe.tokenizer else None
    if path is None or "://" in path:
        return ()
    return (path if path.endswith(".model") else f"{path}/tokenizer/manifest.json",)


def _ask(command: Sequence[str]) -> list[str]:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=CHILD_SECONDS)
    except subprocess.TimeoutExpired:
        return [f"no answer within {CHILD_SECONDS} s from: {' '.join(command)}"]
    said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return [] if done.returncode == 0 else said or [f"exit code {done.returncode}"]
