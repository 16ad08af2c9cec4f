"""A step about to run, for observers; a server that keeps what it is sent, and one that never answers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from daybreak.recipe import load_recipe
from daybreak.workspace import Workspace
from pipelines.observe import StepRun
from pipelines.registry import step

RECIPE = """
name: told
workspace: {workspace}
min_free_gb: 0
sources:
  mine: {{format: jsonl, paths: {paths}}}
report: null
"""


def ingest_run(folder: Path, *paths: str) -> StepRun:
    """The step ingest of a recipe over `paths`."""
    recipe_file, workspace = folder / "r.yaml", Workspace(folder / "ws")
    recipe_file.write_text(RECIPE.format(workspace=folder / "ws", paths=json.dumps(paths or ["a.jsonl"])))
    workspace.prepare()
    return StepRun(step("ingest"), load_recipe(recipe_file), workspace, {}, "f" * 64, lambda: None)


def events(workspace: Workspace | Path) -> list[dict[str, Any]]:
    """Events of the lineage file."""
    return [json.loads(line) for line in (Path(str(workspace)) / "lineage.jsonl").read_text().splitlines()]


def log(workspace: Workspace | Path) -> list[dict[str, Any]]:
    """Lines of the run log."""
    return [json.loads(line) for line in (Path(str(workspace)) / "run.log.jsonl").read_text().splitlines()]


@contextmanager
def keeping_server(status: int = 200) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Address of a server on this machine, and what it got: (path, body)."""
    got: list[tuple[str, bytes]] = []

    class Keep(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        do_PUT = do_POST

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keep)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", got
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def silent_server() -> Iterator[str]:
    """Address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def refused() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"
