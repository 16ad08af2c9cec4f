"""A finished tokenizer is taken where it fits, and refused with a reason where it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.errors import InputError
from tokenizer.fingerprint import read_model
from tokenizer.finished import finished_model
from tokenizer.train import train_bpe


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("finished") / "x.model"
    train_bpe(
        iter(["some words to learn from, again and again"] * 20), path, vocab_size=300, hard_vocab_limit=False
    )
    return path


def test_a_model_file_is_taken(model: Path) -> None:
    assert finished_model(model) == model


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"trainer_spec.eos_id": -1}, "no end-of-document token"),
        ({"trainer_spec.byte_fallback": False}, "no byte_fallback"),
        ({"normalizer_spec.precompiled_charsmap": b"x"}, "normaliser is not the identity"),
        ({"normalizer_spec.remove_extra_whitespaces": True}, "drops spaces"),
        ({"normalizer_spec.add_dummy_prefix": True}, "puts a space first"),
    ],
)
def test_one_that_would_not_keep_every_text_is_refused(
    model: Path, tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    read = read_model(model)
    for place, value in changes.items():
        section, key = place.split(".")
        setattr(getattr(read, section), key, value)
    other = tmp_path / "other.model"
    other.write_bytes(read.SerializeToString())
    with pytest.raises(InputError, match=reason):
        finished_model(other)


def test_what_is_no_tokenizer_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.model").write_text("no model")
    (tmp_path / "empty.model").write_bytes(b"")
    for name, reason in (("text.model", "no SentencePiece model"), ("empty.model", "no pieces")):
        with pytest.raises(InputError, match=reason):
            finished_model(tmp_path / name)
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match=r"no finished tokenizer at .* --until tokenizer"):
            finished_model(place)
