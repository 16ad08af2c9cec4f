"""What events say of sources, parents and errors, and what they never say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lineage_support import RECIPE, ingest_run
from openlineage.client.serde import Serde
from openlineage_schema import problems

from daybreak.errors import DaybreakError, InputError
from daybreak.recipe import load_recipe
from daybreak.workspace import Workspace
from pipelines.lineage.error import told
from pipelines.lineage.events import failed, started
from pipelines.lineage.naming import place_of
from pipelines.observe import StepRun
from pipelines.registry import step


def test_a_started_step_says_who_what_and_from_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACEPARENT", f"00-{'a' * 32}-{'b' * 16}-01")
    run = ingest_run(tmp_path, "/data/one/*.jsonl", "s3://bucket/two/*.jsonl.gz")
    event = Serde.to_dict(started(run))
    assert problems(event) == []
    assert event["job"] | {"facets": None} == {"namespace": "daybreak", "name": "told.ingest", "facets": None}
    assert event["run"]["facets"]["daybreak_trace"]["traceId"] == "a" * 32
    assert event["run"]["facets"]["processing_engine"]["name"] == "Spark"
    places = [(d["namespace"], d["name"]) for d in event["inputs"]]
    assert places == [("file", "/data/one/*.jsonl"), ("s3://bucket", "two/*.jsonl.gz")]
    assert event["inputs"][0]["facets"]["storage"]["fileFormat"] == "jsonl"


def test_thousands_of_paths_are_one_data_set_a_place(tmp_path: Path) -> None:
    web = [f"https://example.org/crawl/part-{n}.jsonl" for n in range(300)]
    files = [f"/data/crawl/{n}/part.jsonl" for n in range(300)]
    event = started(ingest_run(tmp_path, *web, *files))
    assert event.inputs is not None
    assert [(d.namespace, d.name) for d in event.inputs] == [
        ("file", "/data/crawl"),
        ("https://example.org", "/crawl"),
    ]


def test_a_task_of_a_scheduler_is_the_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = "019b7e0a-0000-7000-8000-000000000001"
    monkeypatch.setenv("OPENLINEAGE_PARENT_ID", f"default/corpus_daily.ingest/{number}")
    event = Serde.to_dict(started(ingest_run(tmp_path)))
    assert problems(event) == []
    assert event["run"]["facets"]["parent"]["run"]["runId"] == number


def test_no_credential_of_an_address_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "SIGNED", "https://user:hunter2@example.org/a.jsonl?X-Amz-Signature=deadbeefdeadbeef&part=1"
    )
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "key-of-the-back-end")
    recipe = tmp_path / "r.yaml"
    recipe.write_text(RECIPE.format(workspace=tmp_path / "ws", paths='["${oc.env:SIGNED}"]'))
    loaded, workspace = load_recipe(recipe), Workspace(tmp_path / "ws")
    run = StepRun(step("ingest"), loaded, workspace, {}, "f" * 64, lambda: None)
    error = DaybreakError(f"cannot read {loaded.sources['mine'].paths[0]}")
    text = Serde.to_json(started(run)) + Serde.to_json(failed(run, error))
    assert "https://example.org" in text and "/a.jsonl" in text
    for secret in ("hunter2", "deadbeef", "key-of-the-back-end"):
        assert secret not in text


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/data/a b/*.gz", ("file", "/data/a b/*.gz")),
        ("s3://bucket/key/*.gz", ("s3://bucket", "key/*.gz")),
        ("hdfs://namenode:8020/data", ("hdfs://namenode:8020", "/data")),
        ("https://example.org/x.gz", ("https://example.org", "/x.gz")),
        ("file:///data/x", ("file", "/data/x")),
    ],
)
def test_names_follow_the_convention(location: str, expected: tuple[str, str]) -> None:
    assert place_of(location) == expected


TEXT = "Reach Ada at ada.lovelace@example.com or 4111 1111 1111 1111"


@pytest.mark.parametrize(
    "error",
    [
        ValueError(TEXT),
        InputError(f"1 input files cannot be read, the recipe allows 0:\n  row 3: {TEXT}"),
        DaybreakError(f"bad row: {TEXT}"),
        DaybreakError("see https://ada:lovelace@example.com/x?token=ada.lovelace@example.com"),
    ],
)
def test_errors_tell_their_kind_and_no_personal_value(tmp_path: Path, error: Exception) -> None:
    event = Serde.to_dict(failed(ingest_run(tmp_path), error))
    assert event["eventType"] == "FAIL" and problems(event) == []
    message = event["run"]["facets"]["errorMessage"]["message"]
    assert message.startswith(type(error).__name__)
    for value in ("lovelace@", "4111", "Ada at ada", ":lovelace"):
        assert value not in json.dumps(event)


def test_our_own_message_is_told_by_its_first_line(tmp_path: Path) -> None:
    error = InputError("2 input files cannot be read, the recipe allows 0 (ingest.max_bad_inputs):\n  a\n  b")
    expected = "InputError: 2 input files cannot be read, the recipe allows 0 (ingest.max_bad_inputs):"
    assert told(error) == expected


def test_a_run_that_was_stopped_is_aborted(tmp_path: Path) -> None:
    assert str(failed(ingest_run(tmp_path), KeyboardInterrupt()).eventType) == "EventType.ABORT"
