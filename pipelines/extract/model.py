"""Which blocks of a page are its main content: a small network over `features`, one layer of hidden units.

Learnt on labelled pages by `python -m benchmarks.extraction_train`; the numbers are in `weights.py`.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipelines.extract.features import NAMES, Floats, features
from pipelines.extract.scan import Bits, Page
from pipelines.extract.weights import TABLE
from pipelines.kernels.compile import kernel

SCALE = 64
"""A weight is its integer in the table over this."""
THRESHOLD = -1.0
"""Log-odds from which a block is kept."""
MARGIN = 1.0
"""The best blocks of a page are kept whatever their log-odds: those at most so far below its highest."""

BIAS, OUTPUT = "bias", "output"


def main_blocks(page: Page) -> NDArray[np.bool_]:
    """Which blocks are main content: bool (blocks,); some always are, unless there is none at all."""
    return chosen(log_odds(page))


def chosen(odds: Floats) -> NDArray[np.bool_]:
    """Which blocks of a page to keep by their log-odds."""
    return odds > min(THRESHOLD, float(odds.max(initial=-np.inf)) - MARGIN)


def log_odds(page: Page) -> Floats:
    """Log-odds of each block of being main content: float32 (blocks,)."""
    numbers, bits = features(page)
    odds = np.zeros(len(numbers), np.float32)
    inputs, bias, output = weights()
    _score(numbers, bits, inputs, bias, output, odds)
    return odds


@cache
def weights() -> tuple[Floats, Floats, Floats]:
    """(weights of the inputs (NAMES, units), bias of the units and of the output (units + 1,), of the output)."""
    return parse_weights(TABLE)


def parse_weights(text: str) -> tuple[Floats, Floats, Floats]:
    """Read a table as `format_weights` writes it; ValueError where its rows are not those of the features."""
    rows = [line.rsplit(":", 1) for line in text.splitlines() if line]
    table: dict[str, Floats] = {
        name: np.array(numbers.split(), np.float32) / np.float32(SCALE) for name, numbers in rows
    }
    if list(table) != [*NAMES, BIAS, OUTPUT]:
        raise ValueError(
            "The table of weights is of other features: train it anew (benchmarks.extraction_train)"
        )
    return np.stack([table[name] for name in NAMES]), table[BIAS], table[OUTPUT]


def format_weights(inputs: Floats, bias: Floats, output: Floats) -> str:
    """The table as text: a line an input, its weight for each hidden unit as an integer (see SCALE)."""
    rows = zip((*NAMES, BIAS, OUTPUT), (*inputs, bias, output), strict=True)
    return "".join(f"{name}: {' '.join(str(round(float(w) * SCALE)) for w in row)}\n" for name, row in rows)


@kernel
def _score(
    numbers: Floats, bits: Bits, inputs: Floats, bias: Floats, output: Floats, odds: Floats
) -> None:  # pragma: no cover
    units, n_numbers = len(output), numbers.shape[1]
    n_bits = (len(inputs) - n_numbers) // 2
    hidden = np.zeros(units, np.float32)
    for block in range(len(numbers)):
        hidden[:] = bias[:units]
        for number in range(n_numbers):
            value = numbers[block, number]
            if value != 0:
                for unit in range(units):
                    hidden[unit] += value * inputs[number, unit]
        for kind in range(2):
            for bit in range(n_bits):
                if bits[block, kind] >> np.uint64(bit) & np.uint64(1):
                    row = n_numbers + kind * n_bits + bit
                    for unit in range(units):
                        hidden[unit] += inputs[row, unit]
        total = bias[units]
        for unit in range(units):
            total += np.tanh(hidden[unit]) * output[unit]
        odds[block] = total
