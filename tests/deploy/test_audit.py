"""`make audit`: the real pip-audit over the real locks, with advisories planted in a dump."""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from deploy.audit.osv import load, matching
from deploy.check import docker
from deploy.check.files import ROOT

LOCK = docker.pins((ROOT / "requirements.lock").read_text())
Event = Mapping[str, str]


def advisory(name: str, *events: Event, **more: Any) -> dict[str, Any]:
    package = {"name": name, "ecosystem": "PyPI"}
    affected = {
        "package": package,
        "ranges": [{"type": "ECOSYSTEM", "events": list(events)}],
        **more.pop("also", {}),
    }
    return {"id": f"PLANTED-{name}", "summary": "planted", "affected": [affected], **more}


def dump(folder: Path, *advisories: dict[str, Any]) -> Path:
    """A zip as osv.dev gives it."""
    file = folder / "all.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for number, content in enumerate(advisories):
            archive.writestr(f"{number}.json", json.dumps(content))
    return file


def make_audit(osv: Path) -> subprocess.CompletedProcess[str]:
    command = ["make", "-o", ".venv/.installed", "audit", f"OSV={osv}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.slow
def test_a_vulnerable_pin_is_named_with_its_fix_and_fails(tmp_path: Path) -> None:
    osv = dump(
        tmp_path,
        advisory("jinja2", {"introduced": "0"}, {"fixed": "99.0"}),
        advisory("psycopg2_binary", {"introduced": "2"}),
        advisory("torch", {"introduced": "2.13.0"}),
        advisory("numpy", {"introduced": "0"}, {"fixed": "1.0"}),
    )
    done = make_audit(osv)
    assert done.returncode != 0
    found = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if "PLANTED" in line}
    assert found["jinja2"] == [LOCK["jinja2"], "PLANTED-jinja2", "99.0"]
    assert found.keys() == {"jinja2", "psycopg2-binary", "torch"}


@pytest.mark.slow
def test_nothing_known_passes(tmp_path: Path) -> None:
    done = make_audit(dump(tmp_path, advisory("not-ours", {"introduced": "0"})))
    assert done.returncode == 0, done.stderr
    assert "No known vulnerabilities found" in done.stderr + done.stdout


def test_a_dump_that_is_not_there_is_an_error() -> None:
    assert "no advisories at" in make_audit(Path("/nowhere/all.zip")).stderr


@pytest.mark.parametrize(
    ("events", "more", "hit"),
    [
        ([{"introduced": "0"}, {"fixed": "1.5"}], {}, False),
        ([{"introduced": "0"}, {"fixed": "1.5.1"}], {}, True),
        ([{"introduced": "0"}, {"fixed": "1.0"}, {"introduced": "1.4"}, {"fixed": "1.6"}], {}, True),
        ([{"introduced": "1.5.post1"}], {}, False),
        ([{"introduced": "0"}, {"last_affected": "1.5"}], {}, True),
        ([{"introduced": "0"}, {"last_affected": "1.4"}], {}, False),
        ([{"introduced": "9"}], {"also": {"versions": ["1.5"]}}, True),
        ([{"introduced": "0"}], {"withdrawn": "2026-01-01T00:00:00Z"}, False),
    ],
)
def test_versions_are_matched_by_the_rules_of_osv(
    events: list[Event], more: dict[str, Any], hit: bool, tmp_path: Path
) -> None:
    known = load(dump(tmp_path, advisory("Some.Package", *events, **more)))
    assert bool(matching(known, "some-package", "1.5")) is hit
