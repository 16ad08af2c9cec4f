"""Alerts of failures: a line in a file, and a post to a webhook that a connection names."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from daybreak.airflow.alerts import Alert

CONNECTION = "AIRFLOW_CONN_DAYBREAK_ALERTS"


class Webhook(HTTPServer):
    """Keeps what is posted."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.posted: list[tuple[str, str | None, dict[str, Any]]] = []
        self.status = 204


class Receiver(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.posted.append((self.path, self.headers.get("Authorization"), body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAYBREAK_ALERTS_FILE", str(tmp_path / "alerts.jsonl"))
    monkeypatch.delenv(CONNECTION, raising=False)
    return tmp_path / "alerts.jsonl"


def failure(reason: str = "gate removal: 0.9, at most 0.6") -> dict[str, Any]:
    ti = SimpleNamespace(
        dag_id="corpus_daily",
        run_id="r1",
        task_id="gates",
        try_number=1,
        map_index=-1,
        log_url="http://x/log",
    )
    date = datetime(2026, 1, 2, tzinfo=UTC)
    return {"ti": ti, "logical_date": date, "exception": RuntimeError(reason), "dag": None}


def test_a_failure_is_a_line_of_json_for_its_owners_eyes(file: Path) -> None:
    Alert()(failure())
    Alert()(failure())
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(lines) == 2
    assert lines[0]["task"] == "gates"
    assert lines[0]["logical_date"] == "2026-01-02T00:00:00+00:00"
    assert lines[0]["reason"] == "gate removal: 0.9, at most 0.6"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_it_is_posted_to_the_webhook_of_the_connection(
    file: Path, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = f"http://127.0.0.1:{webhook.server_port}/hooks/T1"
    monkeypatch.setenv(CONNECTION, json.dumps({"conn_type": "http", "host": host, "password": "word"}))
    Alert()(failure())
    [(path, authorization, body)] = webhook.posted
    assert (path, authorization) == ("/hooks/T1", "Bearer word")
    assert body["text"] == "corpus_daily.gates failed in r1"
    assert "word" not in file.read_text()


def test_a_webhook_that_fails_changes_nothing(
    file: Path, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook.status = 500
    host = f"http://127.0.0.1:{webhook.server_port}/x"
    monkeypatch.setenv(CONNECTION, json.dumps({"conn_type": "http", "host": host}))
    Alert()(failure())
    assert len(webhook.posted) == 1
    assert file.exists()


def test_credentials_in_the_reason_are_taken_out(file: Path) -> None:
    Alert()(failure("cannot open https://user:hunter2@example.org/x.jsonl"))
    assert "hunter2" not in file.read_text()
