"""A small tokenizer for many tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tokenizer.train import train_bpe

TEXTS = [
    "The quick brown fox jumps over the lazy dog, and the dog sleeps on.\nThe end.",
    "def square(x):\n\treturn x * x\n\n\ndef cube(x):\n    return x * square(x)\n",
    "Der schnelle braune Fuchs springt über den faulen Hund. 1234 56 7",
    "敏捷的棕色狐狸跳过懒狗。 Быстрая коричневая лиса прыгает.",
] * 3


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """Prose in four languages, code, digits."""
    return TEXTS


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 500 pieces, four languages and code."""
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.model"
    train_bpe(iter(TEXTS), path, vocab_size=500, character_coverage=1.0)
    return path
