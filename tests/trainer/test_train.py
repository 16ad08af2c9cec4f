"""Whole runs in this process: learning, layouts, resuming, what is written, what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from daybreak.errors import DaybreakError, RecipeError, WorkspaceError
from trainer.checkpoint.commit import committed
from trainer.lock import exclusive
from trainer.model.gpt import GPT
from trainer.settings import Settings
from trainer.train import train
from trainer.watch.journal import Progress

MakeSettings = Callable[..., Settings]
ReadMetrics = Callable[[Path], list[dict]]


def output(out: Path) -> dict[str, bytes]:
    """Everything of a finished run that must not depend on how it got there."""
    files = [out / "metrics.jsonl", out / "spikes.jsonl", *(out / "model").iterdir()]
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def test_the_loss_falls_on_a_repetitive_corpus(
    tmp_path: Path, make_corpus: Callable, settings: MakeSettings, read_metrics: ReadMetrics
) -> None:
    make_corpus(tmp_path / "c", [[*range(1, 20), 0]] * 200)
    run = settings(at=tmp_path / "c", run__steps=60, optim__lr=0.02, data__epochs=4)
    result = train(run)
    losses = [line["loss"] for line in read_metrics(run.out)]
    assert losses[0] > 4.0 and losses[-1] < 0.5 and result.loss == losses[-1]
    assert result.eval_loss is not None and result.eval_loss < 0.5


def test_a_run_leaves_what_it_promises(settings: MakeSettings, read_metrics: ReadMetrics) -> None:
    run = settings()
    result = train(run)
    lines = read_metrics(run.out)
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5]
    assert [("eval_loss" in line) for line in lines] == [False, True, False, True, True]
    assert set(lines[0]) == {"step", "loss", "lr", "grad_norm", "tokens"}, "no time in it"
    assert lines[-1]["tokens"] == result.tokens <= 5 * 8 * 24
    rates = [json.loads(line) for line in (run.out / "throughput.jsonl").read_text().splitlines()]
    assert [r["step"] for r in rates] == [1, 2, 3, 4, 5] and all(r["tokens_per_s"] > 0 for r in rates)
    assert sorted(p.name for p in (run.out / "checkpoints").iterdir()) == ["step-000004", "step-000005"]
    assert result.model == run.out / "model" and result.resumed_from == 0


def test_the_same_settings_give_the_same_bytes(settings: MakeSettings) -> None:
    first, second, other = settings("a"), settings("b"), settings("c", run__seed=1)
    for run in (first, second, other):
        train(run)
    assert output(first.out) == output(second.out)
    assert output(first.out)["model/model.safetensors"] != output(other.out)["model/model.safetensors"]


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("size", [1, 3, 4])
def test_accumulation_gives_the_loss_of_one_batch(
    settings: MakeSettings, read_metrics: ReadMetrics, size: int, masked: bool
) -> None:
    whole = settings("whole", data__mask_documents=masked)
    parts = settings("parts", data__mask_documents=masked, run__micro_batch_size=size)
    for run in (whole, parts):
        train(run)
    for one, other in zip(read_metrics(whole.out), read_metrics(parts.out), strict=True):
        assert other["tokens"] == one["tokens"]
        assert other["loss"] == pytest.approx(one["loss"], abs=1e-5)
        assert other["grad_norm"] == pytest.approx(one["grad_norm"], abs=1e-4)
        assert other.get("eval_loss") == pytest.approx(one.get("eval_loss"), abs=1e-5)


@pytest.mark.parametrize("stops", [(2,), (3, 4), (1, 2, 3, 4, 5)])
def test_a_run_stopped_and_continued_gives_the_same_bytes(
    settings: MakeSettings, stops: tuple[int, ...]
) -> None:
    straight, broken = settings("straight"), settings("broken")
    train(straight)
    for stop in stops:
        train(broken, stop_after=stop)
    train(broken)
    assert output(broken.out) == output(straight.out)


def test_lines_written_after_the_last_checkpoint_are_written_again(settings: MakeSettings) -> None:
    straight, broken = settings("straight"), settings("broken")
    train(straight)
    train(broken, stop_after=2)
    metrics = broken.out / "metrics.jsonl"
    metrics.write_bytes(metrics.read_bytes() + b'{"step": 3, "loss": 1.0}\n{"step": 4, "lo')
    train(broken)
    assert output(broken.out) == output(straight.out)


def test_a_finished_run_is_left_alone(settings: MakeSettings) -> None:
    run = settings()
    train(run)
    before = output(run.out)
    result = train(run)
    assert (result.resumed_from, result.step, result.loss) == (5, 5, None)
    assert output(run.out) == before


@pytest.mark.parametrize("file", ["model.safetensors", "optimizer.safetensors", "state.json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_checkpoint_is_refused_and_the_one_before_taken(
    settings: MakeSettings, capsys: pytest.CaptureFixture[str], file: str, damage: str
) -> None:
    straight, broken = settings("straight"), settings("broken")
    train(straight)
    train(broken, stop_after=4)
    spoil(broken.out / "checkpoints" / "step-000004" / file, damage)
    result = train(broken, progress=Progress())
    printed = capsys.readouterr().out
    assert "warning message=step-000004: " in printed and "taking the one before it" in printed
    assert result.resumed_from == 2
    assert output(broken.out) == output(straight.out)


def spoil(path: Path, damage: str) -> None:
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 0x80
    path.unlink()
    if damage != "remove":
        path.write_bytes(content if damage == "flip" else content[:-9])


def test_a_run_whose_checkpoints_are_all_damaged_does_not_start_over(settings: MakeSettings) -> None:
    run = settings()
    train(run, stop_after=4)
    for path in (run.out / "checkpoints").iterdir():
        spoil(path / "model.safetensors", "cut")
    with pytest.raises(WorkspaceError, match="every checkpoint is damaged"):
        train(run)


def test_a_half_written_checkpoint_is_not_seen(settings: MakeSettings) -> None:
    run = settings()
    train(run, stop_after=2)
    checkpoints = run.out / "checkpoints"
    shutil.copytree(checkpoints / "step-000002", checkpoints / "step-000004.tmp")
    assert train(run, stop_after=4).resumed_from == 2
    assert sorted(p.name for p in checkpoints.iterdir()) == ["step-000002", "step-000004"]


def test_a_checkpoint_of_other_settings_or_data_is_refused(
    settings: MakeSettings, tmp_path: Path, make_corpus: Callable
) -> None:
    train(settings(), stop_after=2)
    with pytest.raises(WorkspaceError, match=r"optim\.lr: 0\.01 there, 0\.02 now"):
        train(settings(optim__lr=0.02))
    make_corpus(tmp_path / "other", [[1] * 50] * 100)
    with pytest.raises(WorkspaceError, match="token shards or the plan have changed"):
        train(settings(at=tmp_path / "other"))
    assert train(settings(run__micro_batch_size=2)).resumed_from == 2, "memory is no matter of results"


def test_the_model_opens_as_a_llama_checkpoint(settings: MakeSettings) -> None:
    for tied in (True, False):
        run = settings(f"tied-{tied}", model__tie_embeddings=tied)
        train(run)
        tensors, config = (
            load_file(run.out / "model" / "model.safetensors"),
            run.out / "model" / "config.json",
        )
        assert tensors["model.embed_tokens.weight"].shape == (61, 16), "padding is left out"
        assert ("lm_head.weight" in tensors) != tied
        assert {"model.norm.weight", "model.layers.1.self_attn.k_proj.weight"} <= tensors.keys()
        values = json.loads(config.read_text())
        assert (values["vocab_size"], values["num_key_value_heads"], values["tie_word_embeddings"]) == (
            61,
            2,
            tied,
        )


def test_transformers_computes_the_same_logits(settings: MakeSettings) -> None:
    transformers = pytest.importorskip("transformers")
    run = settings(model__tie_embeddings=False)
    train(run)
    peer = transformers.LlamaForCausalLM.from_pretrained(
        run.out / "model", attn_implementation="eager"
    ).eval()
    ours = GPT(run.model)
    checkpoint = load_file(run.out / "checkpoints" / "step-000005" / "model.safetensors")
    ours.load_state_dict(checkpoint)
    ids = torch.arange(1, 23)[None]
    with torch.no_grad():
        torch.testing.assert_close(
            ours(ids, torch.arange(22)[None], None), peer(ids).logits, atol=1e-5, rtol=1e-4
        )


def test_a_spike_names_the_documents_of_its_batch(
    tmp_path: Path, make_corpus: Callable, settings: MakeSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, odd = [[*range(1, 24), 0]] * 300, [[*range(50, 61), *range(60, 49, -1), 40, 0]] * 8
    make_corpus(tmp_path / "c", [*plain[:240], *odd, *plain[240:]])
    run = settings(at=tmp_path / "c", run__steps=33, data__shuffle_window=1, data__eval_fraction=0.0,
                   data__eval_samples=0, watch__spike_window=6)  # fmt: skip
    train(run, progress=Progress(as_json=True))
    spikes = [json.loads(line) for line in (run.out / "spikes.jsonl").read_text().splitlines()]
    assert [s["step"] for s in spikes] == [31]
    from trainer.data.order import read_plan

    plan = [value.as_py().decode() for value in read_plan(tmp_path / "c" / "plan", 24).doc_id]
    assert spikes[0]["z"] > 6 and set(plan[240:248]) <= set(spikes[0]["doc_ids"])
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [e["step"] for e in events if e["event"] == "spike"] == [31]


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_checkpoint(settings: MakeSettings) -> None:
    run = settings(optim__lr=1e30, checkpoint__every=1, run__steps=8)
    with pytest.raises(DaybreakError, match=r"step \d: loss .*spikes.jsonl"):
        train(run)
    last = json.loads((run.out / "spikes.jsonl").read_text().splitlines()[-1])
    assert last["doc_ids"] and last["z"] is None
    kept = max((run.out / "checkpoints").iterdir())
    assert int(kept.name[5:]) == last["step"] - 1


def test_bf16_trains_near_fp32(settings: MakeSettings, read_metrics: ReadMetrics) -> None:
    runs = settings("fp32"), settings("bf16", run__precision="bf16")
    for run in runs:
        train(run)
    wide, narrow = ([line["loss"] for line in read_metrics(run.out)] for run in runs)
    assert narrow != wide and narrow == pytest.approx(wide, abs=0.02)


def test_two_runs_in_one_folder_are_refused(settings: MakeSettings) -> None:
    run = settings()
    with exclusive(run.out), pytest.raises(WorkspaceError, match="another run"):
        train(run)
    assert train(run).step == 5


def test_a_full_disk_leaves_no_half_written_folder(tmp_path: Path) -> None:
    with (
        pytest.raises(WorkspaceError, match="cannot be written"),
        committed(tmp_path / "step-000001") as folder,
    ):
        (folder / "part").write_bytes(b"x")
        with Path("/dev/full").open("w") as full:
            full.write("x" * 10_000)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_cannot_write_says_so(tmp_path: Path, settings: MakeSettings) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        train(settings("file/run"))


def test_torch_is_left_as_it_was(settings: MakeSettings) -> None:
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    train(settings(run__threads=3), stop_after=1)
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == before


def test_more_warmup_than_steps_is_refused(settings: MakeSettings) -> None:
    with pytest.raises(RecipeError, match="warmup_steps 9 exceeds"):
        settings(optim__warmup_steps=9)
