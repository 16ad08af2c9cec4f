"""The model's parts against formulas written another way."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from trainer.model.attention import Attention
from trainer.model.gpt import GPT, IGNORED, document_mask, initialise, summed_loss
from trainer.model.mlp import SwiGLU
from trainer.model.norm import RMSNorm
from trainer.model.rope import rotary_tables, rotate
from trainer.settings import ModelSettings

SHAPE = ModelSettings(
    vocab_size=13, vocab_multiple=8, hidden_size=16, intermediate_size=20, layers=2, heads=4, kv_heads=2
)


def draw(*size: int) -> torch.Tensor:
    return torch.randn(*size, generator=torch.Generator().manual_seed(sum(size)))


def test_rmsnorm_is_the_formula() -> None:
    norm, x = RMSNorm(6, 1e-5), draw(3, 6)
    norm.weight.data = draw(6)
    wanted = [[v / math.sqrt(sum(u * u for u in row) / 6 + 1e-5) for v in row] for row in x.tolist()]
    np.testing.assert_allclose(norm(x).detach(), np.array(wanted) * norm.weight.detach().numpy(), rtol=1e-5)


def test_rope_turns_each_pair_of_halves_as_a_complex_number() -> None:
    x, positions = draw(1, 1, 7, 8), torch.tensor([[0, 1, 2, 0, 1, 5, 100]])
    turned = rotate(x, *rotary_tables(positions, 8, 10_000.0))
    pairs = x[0, 0, :, :4].numpy() + 1j * x[0, 0, :, 4:].numpy()
    angles = positions[0].numpy()[:, None] * np.array([10_000.0 ** (-2 * i / 8) for i in range(4)])
    wanted = pairs * np.exp(1j * angles)
    np.testing.assert_allclose(turned[0, 0, :, :4], wanted.real, atol=1e-5)
    np.testing.assert_allclose(turned[0, 0, :, 4:], wanted.imag, atol=1e-5)


def test_rope_scores_depend_on_distance_alone() -> None:
    q, k = draw(1, 1, 1, 8), draw(1, 1, 1, 9)[..., :8]

    def score(at_q: int, at_k: int) -> float:
        turned = [
            rotate(x, *rotary_tables(torch.tensor([[p]]), 8, 10_000.0)) for x, p in ((q, at_q), (k, at_k))
        ]
        return float((turned[0] * turned[1]).sum())

    assert score(9, 4) == pytest.approx(score(25, 20), abs=1e-5)
    assert score(9, 4) != pytest.approx(score(9, 5), abs=1e-3)


def test_swiglu_is_the_formula() -> None:
    mlp, x = SwiGLU(SHAPE), draw(3, 16).double()
    gate, up, down = (m.weight.detach().double() for m in (mlp.gate_proj, mlp.up_proj, mlp.down_proj))
    g = x @ gate.T
    wanted = (g / (1 + torch.exp(-g)) * (x @ up.T)) @ down.T
    torch.testing.assert_close(mlp.double()(x), wanted)


def test_gqa_is_attention_with_each_key_head_used_by_its_group() -> None:
    attention, x, seq = Attention(SHAPE).double(), draw(1, 5, 16).double(), 5
    unturned = torch.ones(1, 1, seq, 2), torch.zeros(1, 1, seq, 2)
    out = attention(x, *unturned, None)[0]
    q, k, v = (m(x)[0].detach() for m in (attention.q_proj, attention.k_proj, attention.v_proj))
    heads = []
    for head in range(4):
        shared = slice(head // 2 * 4, head // 2 * 4 + 4)
        scores = q[:, head * 4 : head * 4 + 4] @ k[:, shared].T / 2.0
        scores = scores.masked_fill(torch.ones(seq, seq).triu(1).bool(), -math.inf)
        heads.append(scores.softmax(-1) @ v[:, shared])
    torch.testing.assert_close(out, torch.cat(heads, -1) @ attention.o_proj.weight.T)


def test_document_mask_by_hand() -> None:
    mask = document_mask(torch.tensor([[4, 4, 5]]))[0, 0]
    assert mask.tolist() == [[True, False, False], [True, True, False], [False, False, True]]


@pytest.mark.parametrize("tied", [True, False])
def test_packed_documents_get_the_logits_that_they_get_alone(tied: bool) -> None:
    model = GPT(SHAPE.model_copy(update={"tie_embeddings": tied, "init_std": 0.3}))
    initialise(model, 3)
    ids = torch.tensor([[1, 2, 3, 4, 5, 6, 7]])
    positions, documents = torch.tensor([[0, 1, 2, 0, 1, 2, 3]]), torch.tensor([[0, 0, 0, 1, 1, 1, 1]])
    packed = model(ids, positions, documents)
    alone = [model(ids[:, a:b], positions[:, a:b], None) for a, b in ((0, 3), (3, 7))]
    torch.testing.assert_close(packed, torch.cat(alone, dim=1))


def test_no_token_sees_a_later_one() -> None:
    model = GPT(SHAPE)
    initialise(model, 0)
    ids, positions = torch.arange(1, 9)[None], torch.arange(8)[None]
    changed = ids.clone()
    changed[0, 5] = 12
    before, after = (model(i, positions, torch.zeros_like(i)) for i in (ids, changed))
    torch.testing.assert_close(before[:, :5], after[:, :5])
    assert not torch.allclose(before[:, 5:], after[:, 5:])


@pytest.mark.parametrize("tied", [True, False])
def test_vocabulary_padding_changes_no_number(tied: bool) -> None:
    losses = []
    for multiple in (1, 8, 64):
        model = GPT(SHAPE.model_copy(update={"vocab_multiple": multiple, "tie_embeddings": tied}))
        initialise(model, 5)
        ids = torch.arange(12)[None]
        loss = summed_loss(model(ids, ids, None), ids.flip(1))
        loss.backward()
        norm = torch.nn.utils.get_total_norm([p.grad for p in model.parameters()])
        losses.append((loss.item(), norm.item()))
        assert len(model.embed_tokens.weight) == -(-13 // multiple) * multiple
    assert losses[1] == pytest.approx(losses[0]) and losses[2] == pytest.approx(losses[0])


def test_ignored_targets_carry_no_loss() -> None:
    logits = draw(1, 3, 13)
    every, some = (summed_loss(logits, torch.tensor([t])).item() for t in ([1, 2, 3], [1, IGNORED, 3]))
    logs = logits.log_softmax(-1)[0]
    assert every == pytest.approx(-(logs[0, 1] + logs[1, 2] + logs[2, 3]).item(), rel=1e-5)
    assert some == pytest.approx(-(logs[0, 1] + logs[2, 3]).item(), rel=1e-5)


def test_initial_loss_is_near_that_of_guessing() -> None:
    model = GPT(SHAPE.model_copy(update={"tie_embeddings": False}))
    initialise(model, 0)
    ids = torch.arange(13).repeat(4, 1)
    assert summed_loss(model(ids, ids, None), ids).item() / 52 == pytest.approx(math.log(13), rel=0.02)


def test_a_seed_gives_one_model_and_another_seed_another() -> None:
    models = [GPT(SHAPE) for _ in range(3)]
    for model, seed in zip(models, (0, 0, 1), strict=True):
        initialise(model, seed)
    first, same, other = (m.layers[0].mlp.up_proj.weight for m in models)
    assert torch.equal(first, same) and not torch.equal(first, other)
    residual = models[0].layers[0].mlp.down_proj.weight
    assert residual.std().item() == pytest.approx(0.02 / 2, rel=0.15)
