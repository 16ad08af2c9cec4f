"""Train: the bundled trainer in a process of its own, on the shards in the order of the plan."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from daybreak.errors import DaybreakError
from daybreak.manifest import FileEntry, canonical
from daybreak.recipe import Recipe
from pipelines.step import Context, Result, Step

LOGGED = ("start", "resume", "spike")
"""Events of the trainer that the run log keeps."""


class Train(Step):
    """The step. Checkpoints outlive a killed run: training goes on in `train/in-progress-…` until it is done."""

    name = "train"
    needs = ("tokenizer", "mixture", "shards")
    code = ("trainer", "tokenizer.shards", "pipelines.steps.train")
    libraries = ("torch", "safetensors", "pyarrow")

    def wanted(self, recipe: Recipe) -> bool:
        """When the recipe has a train section."""
        return recipe.train is not None

    def settings(self, recipe: Recipe) -> dict[str, Any]:
        """Model and training."""
        assert recipe.train is not None
        return {**recipe.train.model_dump(), "seed": recipe.seed}

    def run(self, context: Context) -> Result:
        """Train to the end, from the newest checkpoint of a killed attempt with the same settings and data."""
        settings = write_settings(context)
        _launch(context, settings)
        return _publish(context, settings.parent)


def write_settings(context: Context) -> Path:
    """Write the trainer's settings file into the folder where training goes on, and give its path.

    Every node of a cluster may do so at once: all write the same bytes, each in one piece.
    """
    work = _work_folder(context)
    work.mkdir(parents=True, exist_ok=True)
    text = json.dumps(trainer_settings(context, work), indent=1, sort_keys=True) + "\n"
    temporary = work / f"settings.{socket.gethostname()}-{os.getpid()}.tmp"
    temporary.write_text(text)
    return temporary.replace(work / "settings.json")


def trainer_settings(context: Context, work: Path) -> dict[str, Any]:
    """The trainer's settings file, from the recipe's section (see trainer/settings.py)."""
    train = context.recipe.train
    assert train is not None
    return {
        "out": str(work),
        "data": {
            "shards": context.data("shards").path("shards"),
            "plan": context.data("mixture").path("plan"),
            "seq_len": train.seq_len,
            "epochs": train.epochs,
        },
        "model": {
            "vocab_size": context.inputs["tokenizer"].facts["vocab_size"],
            "hidden_size": train.dim,
            "intermediate_size": train.ffn_dim or _ffn(train.dim),
            "layers": train.layers,
            "heads": train.heads,
            "kv_heads": train.kv_heads,
        },
        "run": {
            "steps": train.steps,
            "batch_size": train.batch_size,
            "micro_batch_size": train.micro_batch_size,
            "seed": context.recipe.seed,
        },
        "optim": {"lr": train.lr, "warmup_steps": train.warmup_steps},
        "checkpoint": {"every": train.checkpoint_every},
        "watch": {"eval_every": train.eval_every},
    }


def _ffn(dim: int) -> int:
    """Two thirds of 4 x dim, as SwiGLU has three matrices (Shazeer 2020, section 2), in multiples of 32."""
    return -(-8 * dim // 3 // 32) * 32


def _work_folder(context: Context) -> Path:
    """A folder that the same settings and data find again, and other ones do not."""
    inputs = {name: manifest.digest for name, manifest in context.inputs.items()}
    settings = Train().settings(context.recipe)
    key = hashlib.sha256(canonical({"inputs": inputs, "settings": settings})).hexdigest()[:16]
    return Path(context.workspace.store.path("train", f"in-progress-{key}"))


def _launch(context: Context, settings: Path) -> None:
    """Run the trainer; it ends with this process, whatever ends this process."""
    train = context.recipe.train
    assert train is not None
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "trainer", str(settings), "--json", "--processes", str(train.processes)]
    command += ["--die-with-parent", str(os.getpid())]
    with (
        open(settings.with_name("trainer.log"), "ab") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, env={**os.environ, "PYTHONPATH": path}
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            _hear(context, line, train.steps)
    if process.returncode:
        tail = settings.with_name("trainer.log").read_text(errors="replace").strip().splitlines()[-8:]
        raise DaybreakError(
            "the trainer ended with exit code {}:\n  {}".format(process.returncode, "\n  ".join(tail))
        )


def _hear(context: Context, line: bytes, steps: int) -> None:
    """Show the trainer's progress; its start, and each loss that jumped, go to the run log."""
    with contextlib.suppress(ValueError):
        event = json.loads(line)
        if event.get("event") in LOGGED:
            context.workspace.log(
                {**event, "event": f"trainer {event['event']}", "at": event["step"], "step": "train"}
            )
        if "loss" in event and "step" in event and event["loss"] is not None:
            note = f"step {event['step']}/{steps}, loss {event['loss']:.3f}"
            context.progress.at(event["step"], steps, note)


def _publish(context: Context, work: Path) -> Result:
    """Link what the trainer wrote into the step's folder; rates and logs, which differ each time, stay out."""
    tables: dict[str, list[FileEntry]] = {}
    for table, pattern in (("model", "model/*"), ("metrics", "metrics.jsonl"), ("spikes", "spikes.jsonl")):
        for file in sorted(work.glob(pattern)):
            path = f"{table}/{file.name}"
            target = Path(context.out.path(path))
            target.parent.mkdir(exist_ok=True)
            os.link(file, target)
            tables.setdefault(table, []).append(
                FileEntry(path, _lines(file), file.stat().st_size, context.out.sha256(path))
            )
    losses = [json.loads(line) for line in (work / "metrics.jsonl").read_text().splitlines()]
    facts = {"first_loss": losses[0]["loss"], "last_loss": losses[-1]["loss"], "steps": losses[-1]["step"]}
    return Result(tables, facts=facts)


def _lines(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.suffix == ".jsonl" else 1
