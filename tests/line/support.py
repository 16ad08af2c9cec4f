"""The whole line on a small sample: shards, a recipe, and runs by the real command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from daybreak.sample import write_sample
from daybreak.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
DAYBREAK = [sys.executable, "-m", "daybreak"]

RECIPE = """
name: small
workspace: {workspace}
seed: 7
min_free_gb: 0.2
sources:
  commoncrawl:
    format: commoncrawl_warc
    paths: ["{shards}/commoncrawl/*.warc.gz", "{shards}/commoncrawl/*.warc"]
    weight: 2
  wet: {{format: commoncrawl_wet, paths: ["{shards}/commoncrawl/*.wet.gz"]}}
  c4: {{format: c4, paths: ["{shards}/c4/*.json.gz"], rules: [gopher@paper, c4@paper]}}
  pile: {{format: the_pile, paths: ["{shards}/the_pile/train/*.jsonl.zst"], rules: []}}
  openwebtext: {{format: openwebtext, paths: ["{shards}/openwebtext/*.xz"]}}
  oscar: {{format: oscar, paths: ["{shards}/oscar-23.01/*/*.jsonl.zst"], rules: []}}
  refinedweb: {{format: refinedweb, paths: ["{shards}/refinedweb/*.parquet"]}}
spark: {{master: "local[2]", driver_memory: 2g, shuffle_partitions: 4, partitions: 4}}
ingest: {{max_bad_inputs: 1}}
language: {{min_score: 0.3}}
quality: {{rules: [gopher@paper]}}
tokenizer: {{vocab_size: 1200, sample_bytes: 1000000}}
shards: {{tokens: 60000}}
train: {{layers: 2, dim: 64, heads: 2, kv_heads: 1, seq_len: 64, batch_size: 4, micro_batch_size: 4, steps: 12,
        checkpoint_every: 3, eval_every: 6, warmup_steps: 2}}
"""


@pytest.fixture(scope="session")
def sample_shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample of about 1 MB, in every layout, dirt included."""
    folder = tmp_path_factory.mktemp("sample") / "shards"
    write_sample(folder, megabytes=1)
    return folder


@pytest.fixture(scope="session")
def small_recipe(sample_shards: Path) -> Callable[[Path], Path]:
    """Writes the small recipe for a folder; its workspace is `ws` inside."""

    def write(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "small.yaml"
        file.write_text(RECIPE.format(workspace=folder / "ws", shards=sample_shards))
        return file

    return write


def daybreak(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **more.pop("env", {})}
    return subprocess.run(
        [*DAYBREAK, *arguments], capture_output=True, text=True, timeout=600, env=environment, **more
    )


def digests(workspace: Path) -> Mapping[str, str]:
    """Digest of every finished step. The report shows times, so it is left out."""
    found = Workspace(workspace)
    manifests = {
        name: found.manifest(name) for name in sorted(os.listdir(workspace)) if (workspace / name).is_dir()
    }
    return {name: m.digest for name, m in manifests.items() if m is not None and name != "report"}


def shard_bytes(workspace: Path) -> dict[str, bytes]:
    """Content of every token shard."""
    return {f.name: f.read_bytes() for f in sorted(workspace.glob("shards/*/shards/*"))}


TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"


@pytest.fixture(scope="session")
def finished(small_recipe: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one undisturbed run: `small.yaml`, `ws`, and what the run printed in `run.json`."""
    folder = tmp_path_factory.mktemp("finished")
    recipe = small_recipe(folder)
    done = daybreak("run", str(recipe), "--json", env={"TRACEPARENT": TRACEPARENT})
    assert done.returncode == 0, done.stderr
    json.loads(done.stdout)
    (folder / "run.json").write_text(done.stdout)
    return folder
