"""Schedule, decay groups, clipping, spikes."""

from __future__ import annotations

import json
import math

import pytest
import torch

from daybreak.errors import DaybreakError, RecipeError
from trainer.model.gpt import GPT
from trainer.optim.clip import clip_gradients
from trainer.optim.groups import adamw, decay_groups
from trainer.optim.schedule import learning_rate
from trainer.settings import ModelSettings, OptimSettings, load_settings
from trainer.watch.gradients import require_gradients
from trainer.watch.spikes import SpikeWatch

SHAPE = ModelSettings(vocab_size=11, hidden_size=8, intermediate_size=8, layers=2, heads=2, kv_heads=1)


def test_schedule_golden_values() -> None:
    settings = OptimSettings(lr=1.0, min_lr_ratio=0.1, warmup_steps=4)
    rates = [learning_rate(step, 12, settings) for step in range(1, 13)]
    assert rates[:4] == [0.25, 0.5, 0.75, 1.0]
    golden = [0.9657457896300, 0.8681980515339, 0.7222075445643, 0.55]
    assert rates[4:8] == pytest.approx(golden)
    assert rates[8:] == pytest.approx([1.1 - g for g in golden[2::-1]] + [0.1])


def test_schedule_without_warmup_begins_below_the_peak_and_all_warmup_ends_at_it() -> None:
    assert learning_rate(1, 2, OptimSettings(lr=1.0, min_lr_ratio=0, warmup_steps=0)) == pytest.approx(0.5)
    assert learning_rate(3, 3, OptimSettings(lr=1.0, warmup_steps=3)) == 1.0


@pytest.mark.parametrize(("tied", "embeddings"), [(True, False), (True, True), (False, False), (False, True)])
def test_decay_groups(tied: bool, embeddings: bool) -> None:
    model = GPT(SHAPE.model_copy(update={"tie_embeddings": tied}))
    names = {id(p): n for n, p in model.named_parameters()}
    groups = decay_groups(model, OptimSettings(weight_decay=0.3, decay_embeddings=embeddings))
    decaying, still = ({names[id(p)] for p in g["params"]} for g in groups)
    assert [g["weight_decay"] for g in groups] == [0.3, 0.0]
    assert decaying | still == set(names.values()) and not decaying & still
    assert {n for n in names.values() if "norm" in n} <= still
    assert ("embed_tokens.weight" in decaying) == embeddings
    assert tied or "lm_head.weight" in decaying


def test_one_adamw_step_by_hand() -> None:
    model = GPT(SHAPE)
    settings = OptimSettings(lr=0.1, weight_decay=0.5, beta1=0.9, beta2=0.95)
    optimizer = adamw(model, settings)
    weight, norm = model.layers[0].mlp.up_proj.weight, model.norm.weight
    before = weight.detach().clone()
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 2.0)
    optimizer.step()  # in the first step the corrected moments are g and g^2, so the update is lr * sign(g)
    torch.testing.assert_close(weight.detach(), before * (1 - 0.1 * 0.5) - 0.1)
    torch.testing.assert_close(norm.detach(), torch.full_like(norm, 0.9))


def test_clipping_is_by_the_norm_over_all_parameters() -> None:
    a, b = torch.zeros(2, requires_grad=True), torch.zeros(1, requires_grad=True)
    a.grad, b.grad = torch.tensor([2.0, 4.0]), torch.tensor([4.0])
    assert clip_gradients([a, b], 100.0) == pytest.approx(6.0)
    assert a.grad.tolist() == [2.0, 4.0]
    assert clip_gradients([a, b], 1.5) == pytest.approx(6.0)
    assert [*a.grad.tolist(), *b.grad.tolist()] == pytest.approx([0.5, 1.0, 1.0], rel=1e-5)


def test_a_parameter_without_gradient_is_found() -> None:
    model = GPT(SHAPE)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    require_gradients(model, 1.0)
    with pytest.raises(DaybreakError, match="nothing would learn"):
        require_gradients(model, 0.0)
    model.layers[1].mlp.up_proj.weight.grad = None
    with pytest.raises(DaybreakError, match=r"layers\.1\.mlp\.up_proj\.weight"):
        require_gradients(model, 1.0)


def test_spikes_are_told_from_noise_and_a_lasting_change_falls_silent() -> None:
    watch = SpikeWatch(window=8, threshold=4.0)
    noise = [3.0 + 0.1 * math.sin(i * 2.4) for i in range(30)]
    assert [watch(x) for x in noise] == [None] * 30
    assert (watch(9.0) or 0) > 4
    assert watch(3.0) is None
    assert watch(math.nan) == math.inf and all(math.isfinite(x) for x in watch.losses)
    level = [watch(30.0) for _ in range(12)]
    assert level[0] and level[-1] is None


def test_no_spike_is_called_before_the_window_is_full() -> None:
    watch = SpikeWatch(window=4, threshold=3.0)
    assert [watch(x) for x in (3.0, 3.1, 90.0)] == [None] * 3


def test_wrong_settings_name_file_key_and_fault(tmp_path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(
        "out: o\ndata: {shards: s, plan: p, seqlen: 4}\nmodel: {vocab_size: 9, heads: 3}\nrun: {steps: x}\n"
    )
    with pytest.raises(RecipeError) as caught:
        load_settings(path)
    message = str(caught.value)
    for part in (
        "run.yaml",
        "data.seqlen",
        "Extra inputs",
        "multiple of 2 x heads",
        "run.steps: Input should be",
    ):
        assert part in message


@pytest.mark.parametrize("text", ["{", "[1]", '{"out": 1}'])
def test_a_broken_settings_file_is_refused(tmp_path, text: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(RecipeError, match=r"run\.json"):
        load_settings(path)
    with pytest.raises(RecipeError, match="cannot be read"):
        load_settings(tmp_path / "none.json")


def test_out_on_the_command_line_replaces_the_files_own(tmp_path) -> None:
    path = tmp_path / "run.json"
    values = {
        "out": "a",
        "data": {"shards": "s", "plan": "p"},
        "model": {"vocab_size": 9},
        "run": {"steps": 20},
    }
    path.write_text(json.dumps(values))
    assert str(load_settings(path).out) == "a"
    assert str(load_settings(path, tmp_path / "b").out) == str(tmp_path / "b")
    assert load_settings(path).model.padded_vocab_size == 64
