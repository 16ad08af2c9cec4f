"""A local answer to OSV's question "what is known of this version?", from a dump of advisories."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

Advisory = Mapping[str, Any]
Known = Mapping[str, list[Advisory]]


def load(dump: Path) -> dict[str, list[Advisory]]:
    """Advisories by package, from a folder of OSV records (JSON), or a zip of them such as osv.dev's PyPI/all.zip."""
    known: dict[str, list[Advisory]] = {}
    for text in _records(dump):
        advisory = json.loads(text)
        names = {canonicalize_name(a["package"]["name"]) for a in _affected(advisory)}
        for name in names:
            known.setdefault(name, []).append(advisory)
    return known


def _records(dump: Path) -> Iterator[bytes]:
    if dump.is_dir():
        yield from (path.read_bytes() for path in sorted(dump.glob("*.json")))
        return
    with zipfile.ZipFile(dump) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".json"):
                yield archive.read(name)


def _affected(advisory: Advisory) -> list[Mapping[str, Any]]:
    found = advisory.get("affected", [])
    return [a for a in found if a.get("package", {}).get("ecosystem") == "PyPI"]


def matching(known: Known, name: str, version: str) -> list[Advisory]:
    """Advisories that hold for a version of a package; withdrawn ones do not."""
    wanted = canonicalize_name(name)
    return [
        advisory
        for advisory in known.get(wanted, [])
        if "withdrawn" not in advisory and any(_holds(a, wanted, version) for a in _affected(advisory))
    ]


def _holds(affected: Mapping[str, Any], name: str, version: str) -> bool:
    if canonicalize_name(affected["package"]["name"]) != name:
        return False
    if version in affected.get("versions", []):
        return True
    ranges = [r for r in affected.get("ranges", []) if r.get("type") == "ECOSYSTEM"]
    try:
        return any(_in_range(r["events"], Version(version)) for r in ranges)
    except InvalidVersion:
        return False


def _in_range(events: list[Mapping[str, str]], version: Version) -> bool:
    """OSV's rule: the last event at or below the version decides (`last_affected` ends behind its version)."""
    inside = False
    for event in events:
        if "introduced" in event:
            inside |= event["introduced"] == "0" or Version(event["introduced"]) <= version
        elif "fixed" in event:
            inside &= version < Version(event["fixed"])
        elif "last_affected" in event:
            inside &= version <= Version(event["last_affected"])
    return inside


class _Answer(BaseHTTPRequestHandler):
    """POST {"package": {"name"}, "version"} gives {"vulns": [...]}, or {} where there is none."""

    def __init__(self, known: Known, *arguments: Any) -> None:
        self.known = known
        super().__init__(*arguments)

    def do_POST(self) -> None:
        """Answer one question."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = matching(self.known, asked["package"]["name"], asked["version"])
        body = json.dumps({"vulns": found} if found else {}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Print nothing."""


@contextmanager
def serving(known: Known) -> Iterator[str]:
    """Serve advisories on a free port of this machine; the address for pip-audit's --osv-url."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Answer, known)) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query"
        finally:
            server.shutdown()
            thread.join()
