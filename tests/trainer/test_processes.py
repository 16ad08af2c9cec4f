"""Runs as processes of their own: data-parallel, killed, orphaned."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from trainer.__main__ import main
from trainer.settings import Settings
from trainer.train import train

MakeSettings = Callable[..., Settings]
Start = Callable[..., "subprocess.Popen[str]"]
ReadMetrics = Callable[[Path], list[dict]]
TORCHRUN = ("torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "trainer")


def finish(process: subprocess.Popen[str], code: int = 0) -> str:
    """Wait for the end and return what was printed, errors included."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == code, out + err
    return out + err


def wait_for_step(process: subprocess.Popen[str], metrics: Path, step: int) -> None:
    """Until `metrics` has the line of `step`."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        if metrics.exists() and metrics.read_bytes().count(b"\n") >= step:
            return
        time.sleep(0.002)
    raise AssertionError(f"step {step} never came: {process.communicate()}")


def assert_same_numbers(one: list[dict], other: list[dict]) -> None:
    assert [line["tokens"] for line in one] == [line["tokens"] for line in other]
    for a, b in zip(one, other, strict=True):
        for key in ("loss", "eval_loss", "grad_norm"):
            assert b.get(key) == pytest.approx(a.get(key), abs=1e-5 if "loss" in key else 1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("masked", [True, False])
def test_two_processes_give_the_losses_of_one(
    settings: MakeSettings, start: Start, read_metrics: ReadMetrics, masked: bool
) -> None:
    one, two = (settings(n, data__mask_documents=masked, run__micro_batch_size=3) for n in ("one", "two"))
    train(one)
    printed = finish(start(two, before=TORCHRUN))
    assert "processes=2" in printed
    assert_same_numbers(read_metrics(one.out), read_metrics(two.out))


@pytest.mark.slow
def test_a_run_goes_on_with_another_number_of_processes(
    settings: MakeSettings, start: Start, read_metrics: ReadMetrics
) -> None:
    straight, grows, shrinks = settings("straight"), settings("grows"), settings("shrinks")
    train(straight)
    train(grows, stop_after=2)
    assert "resume step=2" in finish(start(grows, "--processes", "2"))
    finish(start(shrinks, "--processes", "2", "--stop-after", "2"))
    assert train(shrinks).resumed_from == 2
    for run in (grows, shrinks):
        assert_same_numbers(read_metrics(straight.out), read_metrics(run.out))


@pytest.mark.slow
@pytest.mark.parametrize("step", [3, 9, 14])
def test_a_killed_run_gives_the_bytes_of_an_undisturbed_one(
    settings: MakeSettings, start: Start, step: int
) -> None:
    straight, killed = (settings(n, run__steps=16, checkpoint__every=4) for n in ("straight", "killed"))
    finish(start(straight))
    process = start(killed)
    wait_for_step(process, killed.out / "metrics.jsonl", step)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL and not (killed.out / "model").exists()
    finish(start(killed))
    for name in ("metrics.jsonl", "spikes.jsonl", "model/model.safetensors", "model/config.json"):
        assert (killed.out / name).read_bytes() == (straight.out / name).read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="children are found through /proc")
def test_the_workers_end_with_their_killed_agent(settings: MakeSettings, start: Start) -> None:
    agent = start(
        settings(run__steps=10**6, data__epochs=10**6, checkpoint__every=10**6),
        "--processes",
        "2",
        "--die-with-parent",
    )
    wait_for_step(agent, settings().out / "metrics.jsonl", 2)
    workers = Path(f"/proc/{agent.pid}/task/{agent.pid}/children").read_text().split()
    assert len(workers) >= 2
    agent.kill()
    assert all(ends(int(pid)) for pid in workers)
    agent.communicate()


def command(settings: Settings, monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    """The command line in this process; returns its exit code."""
    monkeypatch.setenv("GOMP_SPINCOUNT", "30000")
    settings.out.parent.mkdir(exist_ok=True)
    path = settings.out.with_suffix(".json")
    path.write_text(settings.model_dump_json())
    return main([str(path), *options])


def test_the_command_line_prints_progress_and_ends_well(
    settings: MakeSettings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(settings(run__steps=2), monkeypatch, "--json") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [e["event"] for e in events] == ["start", "step", "step", "checkpoint", "done"]
    assert events[-1]["step"] == 2 and Path(events[-1]["model"]).is_dir()


def test_wrong_settings_end_with_2_and_missing_data_with_1(
    settings: MakeSettings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    assert command(settings(run__steps=10_000), monkeypatch) == 2
    assert "asks for 80000 samples" in capsys.readouterr().err
    assert command(settings(data__shards=str(tmp_path)), monkeypatch) == 1
    assert "no token shards" in capsys.readouterr().err


ORPHAN = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {code!r}], stdout=subprocess.PIPE, text=True)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(300)
"""
CHILD = """
import os, time
from trainer.parallel import lifetime
{arm}
print("ready", flush=True)
time.sleep(300)
"""


@pytest.mark.parametrize(
    "arm",
    [
        "lifetime.die_with_parent(os.getppid())",
        "lifetime.threading.Thread(target=lifetime._watch, args=(os.getppid(),), daemon=True).start()",
    ],
    ids=["signal", "watch"],
)
def test_a_child_dies_with_its_killed_parent(arm: str) -> None:
    if sys.platform != "linux" and "die_with" in arm:
        pytest.skip("the signal exists on Linux only")
    code = ORPHAN.format(code=CHILD.format(arm=arm))
    root = str(Path(__file__).resolve().parents[2])
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": root}
    )
    assert parent.stdout
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.communicate()
    assert ends(child)


def test_a_process_whose_parent_is_already_gone_ends_at_once(settings: MakeSettings, start: Start) -> None:
    process = start(settings(), "--die-with-parent", "999999999")
    finish(process, code=-signal.SIGKILL)


def ends(pid: int) -> bool:
    """Whether the process is gone within a minute."""
    deadline = time.monotonic() + 60
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not alive(pid)


def alive(pid: int) -> bool:
    """Whether the process runs (one that waits to be reaped does not)."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
