"""A forecast made before a run, from a sample of its input and a smaller run's metrics, against what the run was."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from daybreak.accounting import Count
from daybreak.recipe import load_recipe
from daybreak.sample import write_sample
from daybreak.workspace import Workspace
from pipelines.observe.spark_metrics import METRICS, amounts
from pipelines.size.survey import survey
from tests.line.support import RECIPE, daybreak
from tests.line.test_run import STEPS

pytestmark = pytest.mark.slow

FACTOR, DISK_FACTOR = 1.4, 1.6
SMALL = 20_000
"""Bytes of a shuffle or a step's tables from which a forecast is held to its factor."""


def lines(workspace: Path) -> dict[str, dict[str, Any]]:
    found = [json.loads(line) for line in (workspace / METRICS).read_text().splitlines()]
    assert len({line["step"] for line in found}) == len(found)
    return {line["step"]: line for line in found}


def test_every_committed_step_has_its_line(finished: Path) -> None:
    found, workspace = lines(finished / "ws"), Workspace(finished / "ws")
    assert list(found) == STEPS
    for step, line in found.items():
        manifest = workspace.manifest(step)
        assert manifest is not None and line["fingerprint"] == manifest.fingerprint
        assert {"sources": line["sources"], "tables": line["tables"]} == amounts(manifest)
        assert line["processes"]["cpu_seconds"] > 0 and line["processes"]["driver_peak_rss"] > 1e8
        assert line["settings"]["master"] == "local[2]" and line["settings"]["cores"] == 2
        assert line["spark"]["failed_tasks"] == 0
    assert found["ingest"]["spark"]["tasks"] == 4 and found["ingest"]["spark"]["run_seconds"] > 0
    assert (
        found["ingest"]["processes"]["workers_peak_rss"]
        > found["ingest"]["processes"]["worker_peak_rss"]
        > 1e8
    )
    assert found["shards"]["spark"]["shuffle_write_bytes"] > SMALL
    assert found["mixture"]["spark"]["stages"] == 0
    counts = [Count(**c) for c in json.loads((finished / "run.json").read_text())["funnel"]]
    kept = sum(c.documents for c in counts if (c.stage, c.outcome) == ("near dedup", "kept"))
    assert sum(flow["out"] for flow in found["dedup"]["sources"].values()) == kept


def within(forecast: float, real: float, factor: float) -> bool:
    return real / factor <= forecast <= real * factor


def misses(forecast: dict[str, Any], real: dict[str, Any]) -> list[str]:
    """Where the forecast of a step is off by more than its factor."""
    found, sources = [], real["sources"].values()
    disk = sum(table["bytes"] for table in real["tables"].values())
    pairs = [("disk", sum(t["value"] for t in forecast["disk"].values()), disk, DISK_FACTOR)]
    if sources:
        pairs += [
            ("documents", forecast["documents"]["value"], sum(f["out"] for f in sources), FACTOR),
            ("text", forecast["text"]["value"], sum(f["out_bytes"] for f in sources), FACTOR),
        ]
    pairs += [("shuffle", forecast["shuffle"]["value"], real["spark"]["shuffle_write_bytes"], DISK_FACTOR)]
    for name, said, was, factor in pairs:
        if (name not in ("disk", "shuffle") or was > SMALL) and not within(said, was, factor):
            found.append(f"{real['step']}: {name} {said:.0f} forecast, {was} real")
    return found


def test_a_larger_build_is_as_forecast_from_a_small_run(finished: Path, tmp_path: Path) -> None:
    write_sample(tmp_path / "shards", megabytes=8)
    recipe, workspace = tmp_path / "large.yaml", tmp_path / "ws"
    recipe.write_text(RECIPE.format(workspace=workspace, shards=tmp_path / "shards"))
    asked = [
        "size",
        str(recipe),
        "train=null",
        "--like",
        str(finished / "ws"),
        "--seconds",
        "1",
        "--cores",
        "2",
    ]
    said = daybreak(*asked, "--json")
    assert said.returncode == 0, said.stderr
    assert not workspace.exists()
    forecast = json.loads(said.stdout)
    assert forecast["calibrated_by"] == [str(finished / "ws")]
    done = daybreak("run", str(recipe), "train=null")
    assert done.returncode == 0, done.stderr
    real, by_step = lines(workspace), {step["step"]: step for step in forecast["steps"]}
    larger = sum(f["in_bytes"] for f in real["ingest"]["sources"].values())
    smaller = sum(f["in_bytes"] for f in lines(finished / "ws")["ingest"]["sources"].values())
    assert larger > 2.5 * smaller
    for step, line in real.items():
        cpu = by_step[step]["cpu_seconds"]["value"]
        print(f"{step}: cpu {cpu:.1f} s forecast, {line['processes']['cpu_seconds']} real")
    assert [miss for step in real for miss in misses(by_step[step], real[step])] == []


def test_a_survey_reads_beginnings_and_tells_what_it_cannot(tmp_path: Path) -> None:
    drawn, folder = random.Random(4), tmp_path / "in"
    folder.mkdir()
    texts = [" ".join(drawn.choices(["alpha", "beta", "gamma", "of", "the"], k=200)) for _ in range(500)]
    rows = [json.dumps({"text": text + str(n)}) for n in range(11) for text in texts]
    (folder / "a.jsonl").write_text("\n".join(rows))
    assert (folder / "a.jsonl").stat().st_size > 5_000_000
    (folder / "b.csv").write_bytes(b"\xff\xfe\x00broken")
    file = tmp_path / "r.yaml"
    file.write_text(
        f"name: s\nworkspace: {tmp_path}/ws\nsources:\n"
        f"  good: {{format: jsonl, paths: ['{folder}/*.jsonl'], rules: []}}\n"
        f"  bad: {{format: parquet, paths: ['{folder}/*.csv'], rules: []}}\n"
    )
    found = survey(load_recipe(file), 1.0)
    good = found["good"].sample
    assert 0.2 < good.stored_bytes / found["good"].stored_bytes < 0.5
    scale = found["good"].stored_bytes / good.stored_bytes
    assert good.ingest["out"] * scale == pytest.approx(len(rows), rel=0.02)
    assert good.tables["ingest.documents"][1] > good.tables["ingest.documents"][2] > 0
    assert found["bad"].sample.why
    assert not (tmp_path / "ws").exists()
