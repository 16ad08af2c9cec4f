"""Tiny token shards and plans, and settings of a tiny run over them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trainer.settings import Settings, parse_settings

ROOT = Path(__file__).resolve().parents[2]
VOCAB = 61


def write_corpus(folder: Path, documents: Sequence[Sequence[int]], shards: int = 2, parts: int = 2) -> None:
    """Shards and plan of `documents` in their order, dealt out over the shards in turn."""
    ids = [hashlib.md5(str(i).encode()).hexdigest() for i in range(len(documents))]
    (folder / "shards").mkdir(parents=True)
    (folder / "plan").mkdir()
    for shard in range(shards):
        path = folder / "shards" / f"data-{shard:05d}-of-{shards:05d}.arrow"
        _write_shard(path, ids, documents, range(shard, len(ids), shards))
    files = [{"filename": p.name} for p in sorted((folder / "shards").glob("*.arrow"))]
    state = {"_data_files": files, "_fingerprint": hashlib.md5(repr(documents).encode()).hexdigest()}
    (folder / "shards" / "state.json").write_text(json.dumps(state))
    plan = pa.table(
        {
            "position": pa.array(range(len(ids)), pa.int64()),
            "phase": pa.array([0] * len(ids), pa.int32()),
            "epoch": pa.array([0] * len(ids), pa.int32()),
            "doc_id": ids,
            "source": ["made"] * len(ids),
            "n_tokens": pa.array(map(len, documents), pa.int32()),
            "shard": pa.array((i % shards for i in range(len(ids))), pa.int32()),
            "row": pa.array((i // shards for i in range(len(ids))), pa.int64()),
        }
    )
    for part in range(parts):
        pq.write_table(plan.take(np.arange(part, len(ids), parts)), folder / "plan" / f"{part}.parquet")


def _write_shard(path: Path, ids: list[str], documents: Sequence[Sequence[int]], chosen: range) -> None:
    schema = pa.schema(
        [("doc_id", pa.string()), ("source", pa.string()), ("input_ids", pa.list_(pa.uint16()))]
    )
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, schema) as stream:
        for begin in range(0, len(chosen), 3):
            rows = chosen[begin : begin + 3]
            tokens = pa.array([list(documents[i]) for i in rows], schema.field("input_ids").type)
            stream.write(
                pa.record_batch([[ids[i] for i in rows], ["made"] * len(rows), tokens], schema=schema)
            )


def random_documents(count: int, seed: int = 0, longest: int = 60) -> list[list[int]]:
    """Documents of random ids from 1, each ended by 0."""
    draw = np.random.default_rng(seed)
    return [[*draw.integers(1, VOCAB, draw.integers(0, longest)).tolist(), 0] for _ in range(count)]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 random documents of 1 to 60 tokens in two shards."""
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder, random_documents(200))
    return folder


@pytest.fixture
def make_corpus() -> Callable[..., None]:
    """write_corpus(folder, documents, shards=2, parts=2)."""
    return write_corpus


def tiny_values(corpus: Path, out: Path, **changes: Any) -> dict[str, Any]:
    """Settings of a run of seconds; a change is given as section__key=value."""
    data = {"seq_len": 24, "eval_fraction": 0.1, "eval_samples": 5, "shuffle_window": 16, "epochs": 3}
    model = {"vocab_size": VOCAB, "vocab_multiple": 8, "hidden_size": 16, "intermediate_size": 24}
    values: dict[str, Any] = {
        "out": str(out),
        "data": data | {"shards": str(corpus / "shards"), "plan": str(corpus / "plan")},
        "model": model | {"layers": 2, "heads": 4, "kv_heads": 2},
        "run": {"steps": 5, "batch_size": 8, "micro_batch_size": 8, "threads": 1},
        "optim": {"lr": 0.01, "warmup_steps": 2},
        "checkpoint": {"every": 2, "keep": 2},
        "watch": {"eval_every": 2},
    }
    for key, value in changes.items():
        section, _, name = key.partition("__")
        values[section][name] = value
    return values


@pytest.fixture
def settings(corpus: Path, tmp_path: Path) -> Callable[..., Settings]:
    """settings(out_name="run", **changes) over `corpus`, or over the folder given as `at`."""

    def make(name: str = "run", at: Path = corpus, **changes: Any) -> Settings:
        return parse_settings(tiny_values(at, tmp_path / name, **changes))

    return make


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start `python -m MODULE [arguments] SETTINGS-FILE ...` of this checkout, one thread a process."""

    def run(settings: Settings, *after: str, before: Sequence[str] = ("trainer",)) -> subprocess.Popen[str]:
        path = tmp_path / f"{settings.out.name}.json"
        path.write_text(settings.model_dump_json())
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", *before, str(path), *after]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=environment, cwd=tmp_path, text=True, stdout=pipe, stderr=pipe)

    return run


def metrics(out: Path) -> list[dict[str, Any]]:
    """Lines of a run's metrics.jsonl."""
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture
def read_metrics() -> Callable[[Path], list[dict[str, Any]]]:
    """metrics(out)."""
    return metrics
