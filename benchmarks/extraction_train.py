"""Learn the weights of the main-content model: `python -m benchmarks.extraction_train`.

Blocks of the labelled pages in the tuning half, each page cut as extraction cuts it, are labelled by how many of
their runs of four words stand in the reference text; the network of `pipelines.extract.model` is fitted to that
by cross-entropy, larger blocks counting for more. First five-fold cross-validation by pages gives the F1 to
expect, then all pages of the half give the weights. The held-out half is never opened.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from resiliparse.parse.html import HTMLTree

from benchmarks.extraction_pages import (
    DEFAULT_DATA,
    HALVES,
    Labelled,
    Score,
    compare,
    mean,
    read_pages,
    tokens,
)
from pipelines.extract import model
from pipelines.extract.features import N_BITS, features
from pipelines.extract.render import render
from pipelines.extract.scan import scan

UNITS, EPOCHS, BATCH, RATE, DECAY, DROPOUT = 16, 30, 512, 9e-3, 0.2, 0.2
POWER = 0.7
"""A block weighs its share of the page's reference text to this power."""
FOLDS = 5
RUN, SHORT, STRONG, REACH = 4, 4, 6, 6
OUT = Path(model.__file__).with_name("weights.py")
HEAD = '"""Weights of the main-content model, written by `python -m benchmarks.extraction_train`: see `model`."""\n'


@dataclass(frozen=True)
class Example:
    """A labelled page as the model sees it: inputs (blocks, NAMES), labels and weights (blocks,), tokens."""

    inputs: NDArray[np.float32]
    labels: NDArray[np.float64]
    weights: NDArray[np.float64]
    blocks: list[list[str]]
    truth: list[str]


def example(page: Labelled) -> Example:
    """Cut and label one page."""
    cut = scan(HTMLTree.parse(page.html).document.html)
    truth = tokens(page.text)
    one = np.eye(len(cut.blocks), dtype=bool)
    blocks = [tokens(render(cut, row, markdown=False)) for row in one]
    size = np.array([len(block) for block in blocks])
    weights = np.minimum(size / max(len(truth), 50), 1) ** POWER
    return Example(inputs_of(*features(cut)), labels_of(blocks, truth), weights, blocks, truth)


def inputs_of(numbers: NDArray[np.float32], bits: NDArray[np.uint64]) -> NDArray[np.float32]:
    """All inputs of the model side by side."""
    powers = np.uint64(1) << np.arange(N_BITS, dtype=np.uint64)
    spread = [(bits[:, kind, None] & powers) > 0 for kind in range(2)]
    return np.concatenate([numbers, *spread], axis=1).astype(np.float32)


def labels_of(blocks: Sequence[Sequence[str]], truth: Sequence[str]) -> NDArray[np.float64]:
    """How much of each block stands in the reference; a short one counts only near a longer one that does."""
    runs = {tuple(truth[at : at + RUN]) for at in range(len(truth) - RUN + 1)}
    joined = f" {' '.join(truth)} "
    labels = np.array([_agreement(block, runs, joined) for block in blocks])
    size = np.array([len(block) for block in blocks])
    sure = np.flatnonzero((labels > 0.5) & (size >= STRONG))
    for at in np.flatnonzero(size < SHORT):
        if len(blocks) > 2 * REACH and not (np.abs(sure - at) <= REACH).any():
            labels[at] = 0
    return labels


def _agreement(block: Sequence[str], runs: set[tuple[str, ...]], joined: str) -> float:
    if not block:
        return 0.0
    if len(block) < RUN:
        return float(f" {' '.join(block)} " in joined)
    places = range(len(block) - RUN + 1)
    return sum(tuple(block[at : at + RUN]) in runs for at in places) / len(places)


def fit(examples: Sequence[Example]) -> torch.nn.Sequential:
    """The network, fitted; the same from run to run on one machine."""
    torch.manual_seed(0)
    x, y, w = (
        torch.tensor(np.concatenate([getattr(e, name) for e in examples]), dtype=torch.float32)
        for name in ("inputs", "labels", "weights")
    )
    layers = torch.nn.Linear(x.shape[1], UNITS), torch.nn.Tanh(), torch.nn.Linear(UNITS, 1)
    net = torch.nn.Sequential(torch.nn.Dropout(DROPOUT), *layers)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                net(x[rows])[:, 0], y[rows], weight=w[rows] / w.mean()
            )
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return net.eval()


def table_of(net: torch.nn.Sequential) -> str:
    """The fitted network as the model's table."""
    first, second = net[1], net[3]
    bias = torch.cat([first.bias, second.bias]).detach().numpy()
    return model.format_weights(first.weight.T.detach().numpy(), bias, second.weight[0].detach().numpy())


def scorer(table: str) -> Callable[[Example], Score]:
    """The F1 of an example by a table, as the model would decide."""
    inputs, bias, output = model.parse_weights(table)

    def score(one: Example) -> Score:
        odds = np.tanh(one.inputs @ inputs + bias[:-1]) @ output + bias[-1]
        keep = model.chosen(odds)
        return compare(
            [t for block, kept in zip(one.blocks, keep, strict=True) if kept for t in block], one.truth
        )

    return score


def cross_validate(examples: Sequence[Example]) -> Score:
    """The mean score of every page by weights learnt without its fold."""
    scores = []
    for fold in range(FOLDS):
        table = table_of(fit([e for at, e in enumerate(examples) if at % FOLDS != fold]))
        scores += map(scorer(table), examples[fold::FOLDS])
    return mean(scores)


def main() -> None:
    """Print the cross-validated score and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=DEFAULT_DATA, help="shared data folder")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--no-validation", action="store_true", help="only fit and write")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    examples = [example(page) for page in read_pages(Path(asked.data), HALVES[0])]
    if not asked.no_validation:
        print("cross-validated:", cross_validate(examples))
    table = table_of(fit(examples))
    print("on the pages learnt from:", mean(list(map(scorer(table), examples))))
    asked.out.write_text(f'{HEAD}\nTABLE = """\n{table}"""\n')


if __name__ == "__main__":
    main()
