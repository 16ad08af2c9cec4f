"""Events reach a back end that is there; one that is down costs a bounded wait and a line of the run log."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path

import pytest
from lineage_support import events, ingest_run, keeping_server, log, refused, silent_server

from pipelines.observe.bounded import Bounded, Unreachable
from pipelines.observe.careful import Careful
from pipelines.observe.lineage import Lineage
from pipelines.observe.prometheus import Prometheus


@pytest.fixture(autouse=True)
def unconfigured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No configuration of the machine's user, no warning on stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    # the client copies OPENLINEAGE_URL into variables of its own, which must not outlive the test
    for name in ("TYPE", "URL", "ENDPOINT", "AUTH"):
        key = f"OPENLINEAGE__TRANSPORT__TRANSPORTS__DEFAULT_HTTP__{name}"
        monkeypatch.setenv(key, "x")
        monkeypatch.delenv(key)
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def test_without_a_back_end_events_stand_in_the_file_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = ingest_run(tmp_path)
    Lineage().begin(run)
    Lineage().fail(run, RuntimeError("planted"), 1.0)
    assert [e["eventType"] for e in events(run.workspace)] == ["START", "FAIL"]
    assert {e["run"]["runId"] for e in events(run.workspace)} == {run.run_id}
    assert capfd.readouterr() == ("", "")


def test_a_back_end_by_address_gets_what_the_file_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ingest_run(tmp_path)
    with keeping_server() as (address, got):
        monkeypatch.setenv("OPENLINEAGE_URL", address)
        Lineage().begin(run)
    assert [path for path, _ in got] == ["/api/v1/lineage"]
    assert [json.loads(body) for _, body in got] == events(run.workspace)


def test_a_back_end_by_configuration_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ingest_run(tmp_path)
    with keeping_server() as (address, got):
        Path("openlineage.yml").write_text(f"transport: {{type: http, url: '{address}', endpoint: here}}\n")
        Lineage().begin(run)
    assert [path for path, _ in got] == ["/here"]
    assert len(events(run.workspace)) == 1


def test_switched_off_tells_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ingest_run(tmp_path)
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    Lineage().begin(run)
    assert not run.workspace.store.exists("lineage.jsonl")


@pytest.mark.parametrize("kind", ["refused", "silent", "failing"])
def test_a_back_end_that_is_down_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    run = ingest_run(tmp_path)
    lineage = Lineage(Bounded(seconds=1.0))
    with silent_server() as silent, keeping_server(400) as (failing, _):
        address = {"refused": refused(), "silent": silent, "failing": failing}[kind]
        monkeypatch.setenv("OPENLINEAGE_URL", address)
        lineage.begin(run)
        lineage.fail(run, RuntimeError("planted"), 1.0)
    assert len(events(run.workspace)) == 2
    warnings = [line for line in log(run.workspace) if line["event"] == "warning"]
    assert [w["observer"] for w in warnings] == ["Lineage", "Lineage"]
    assert warnings[1]["error"] == "skipped"
    assert all(w["run"] == run.run_id for w in warnings)


def test_a_call_that_hangs_is_left_behind_and_no_other_is_made_until_the_pause_is_over() -> None:
    held, calls = threading.Event(), []
    bounded = Bounded(seconds=0.05, pause=1000)
    with pytest.raises(Unreachable, match="time-out"):
        bounded(held.wait)
    with pytest.raises(Unreachable, match="skipped"):
        bounded(lambda: calls.append(1))
    held.set()
    assert calls == []


def test_an_observer_that_breaks_does_not_break_the_run(tmp_path: Path) -> None:
    run = ingest_run(tmp_path)

    class Broken(Lineage):
        def begin(self, run: object) -> None:
            raise OSError("text that must not be told")

    Careful(Broken()).begin(run)
    [line] = log(run.workspace)
    assert (line["event"], line["observer"], line["error"]) == ("warning", "Broken", "OSError")
    assert "text that" not in json.dumps(line)


@pytest.mark.parametrize("kind", ["there", "refused", "silent"])
def test_metrics_are_written_and_pushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    run = ingest_run(tmp_path)
    run.workspace.log({"event": "fail", "step": "ingest", "seconds": 1.5})
    (tmp_path / "collected").mkdir()
    monkeypatch.setenv("DAYBREAK_METRICS_DIR", str(tmp_path / "collected"))
    with silent_server() as silent, keeping_server() as (there, got):
        monkeypatch.setenv(
            "DAYBREAK_PUSHGATEWAY", {"refused": refused(), "silent": silent, "there": there}[kind]
        )
        Prometheus(Bounded(seconds=1.0)).fail(run, RuntimeError("planted"), 1.5)
    text = (tmp_path / "ws/metrics.prom").read_text()
    assert 'daybreak_step_runs_total{outcome="failure",recipe="told",step="ingest"} 1.0' in text
    assert (tmp_path / "collected/told.prom").read_text() == text
    if kind == "there":
        assert got == [("/metrics/job/daybreak/recipe/told", text.encode())]
    assert [line["event"] for line in log(run.workspace)] == [
        "fail",
        *(["warning"] if kind != "there" else []),
    ]
