"""The daily recipe that ships, below a folder of a test: its days, workspaces and editions."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from daybreak.sample.days import write_days
from daybreak.workspace import Workspace
from tests.line.support import ROOT, daybreak

FIRST, SECOND, THIRD, BAD, FIFTH = (f"2026-01-0{number}" for number in range(1, 6))
SCHEDULE = f"""
min_free_gb: 0.2
schedule:
  start: {FIRST}
  end: {FIFTH}
  catchup: false       # a test says itself which day runs
  max_active_runs: 4
  retries: 4
  retry_minutes: 0.05
  wait: {{minutes: 60, every_seconds: 2}}
"""


@dataclass(frozen=True)
class Place:
    """A folder with `daily.yaml`, `tokenizer.yaml` and `sample-days`."""

    folder: Path

    def prepare(self) -> None:
        """Write recipes and days, and train the tokenizer by the command line, as a user does before the first day."""
        for name in ("daily", "tokenizer"):
            text = (ROOT / f"conf/recipes/{name}.yaml").read_text().replace("work/", f"{self.folder}/")
            text = text.split("\nschedule:")[0].replace("\nspark:\n", "\nspark:\n  driver_memory: 1g\n")
            (self.folder / f"{name}.yaml").write_text(text + (SCHEDULE if name == "daily" else ""))
        write_days(self.folder / "sample-days", [FIRST, SECOND, THIRD, BAD, FIFTH], [BAD])
        trained = daybreak("run", str(self.folder / "tokenizer.yaml"), "--until", "tokenizer")
        assert trained.returncode == 0, trained.stderr

    def hide(self, day: str) -> None:
        """Take a day's input away, as if the crawl had not delivered it yet."""
        shutil.move(self.folder / "sample-days" / day, self.folder / f"late-{day}")

    def deliver(self, day: str) -> None:
        """Put it back."""
        shutil.move(self.folder / f"late-{day}", self.folder / "sample-days" / day)

    def planted(self, day: str, *kinds: str) -> set[str]:
        """Addresses of the day's pages of these kinds, as the sample tells them."""
        listed = json.loads((self.folder / "sample-days/days.json").read_text())
        return {page["url"] for page in listed[day]["pages"] if page["kind"] in kinds}

    def workspace(self, day: str) -> Path:
        """The folder of a day's steps."""
        return self.folder / "daily" / day

    def edition(self, day: str) -> Path:
        """Where a day is published."""
        return self.folder / "daily/published" / day

    def published(self, day: str) -> set[str]:
        """Addresses of the documents of an edition."""
        table = pq.read_table(self.edition(day) / "documents/documents.parquet", columns=["url"])
        return set(table["url"].to_pylist())

    def dropped(self, day: str) -> dict[str, set[str]]:
        """What dedup dropped on a day: addresses by rule."""
        urls = dict(self._rows(day, "ingest", "documents", "doc_id", "url"))
        found: dict[str, set[str]] = {}
        for doc_id, rule, verdict in self._rows(day, "dedup", "decisions", "doc_id", "rule", "verdict"):
            if verdict == "drop":
                found.setdefault(rule, set()).add(urls[doc_id])
        return found

    def _rows(self, day: str, step: str, table: str, *columns: str) -> list[tuple[Any, ...]]:
        workspace = Workspace(self.workspace(day))
        manifest = workspace.manifest(step)
        assert manifest is not None, f"{step} of {day} is not done"
        paths = [workspace.data(manifest).path(entry.path) for entry in manifest.tables[table]]
        rows = pa.concat_tables(pq.read_table(path, columns=list(columns)) for path in paths)
        return list(zip(*(rows[name].to_pylist() for name in columns), strict=True))

    def bytes_of(self, day: str) -> dict[str, str]:
        """Digest of every file that a run of the day leaves, but for the report and logs, which hold times."""
        files = [*self.edition(day).rglob("*"), *self.workspace(day).glob("*/**/*")]
        return {
            str(file.relative_to(self.folder)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(files)
            if file.is_file()
            and "report" not in file.parts
            and not any(part.startswith(".") for part in file.relative_to(self.folder).parts)
        }
