from __future__ import annotations

from pathlib import Path

import pytest
import sentencepiece

from daybreak.errors import InputError, RecipeError
from tokenizer.fingerprint import fingerprint, read_model
from tokenizer.train import train_bpe


def test_same_texts_give_the_same_bytes_anywhere_at_any_number_of_threads(
    tmp_path: Path, model: Path, texts: list[str]
) -> None:
    other = tmp_path / "deep" / "other.model"
    train_bpe(iter(texts), other, vocab_size=500, character_coverage=1.0, threads=3)
    assert other.read_bytes() == model.read_bytes()
    assert str(tmp_path).encode() not in other.read_bytes()


def test_special_tokens_and_bytes_have_fixed_ids(model: Path) -> None:
    processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
    assert [processor.id_to_piece(i) for i in range(6)] == [
        "<unk>",
        "<s>",
        "</s>",
        "<pad>",
        "<0x00>",
        "<0x01>",
    ]
    assert processor.vocab_size() == 500


def test_a_line_of_any_length_is_learnt_from(tmp_path: Path) -> None:
    text = "zebra " * 20_000
    trained = train_bpe(iter([text]), tmp_path / "m", vocab_size=271)
    assert (trained.n_chars, trained.n_texts) == (len(text), 1)
    assert "▁zebra" in {piece.piece for piece in read_model(tmp_path / "m").pieces}


def test_reserved_characters_do_not_cost_the_rest_of_their_line(tmp_path: Path) -> None:
    train_bpe(iter(["zebra zebra \0 zebra ▅ zebra▁zebra"]), tmp_path / "m", vocab_size=271)
    assert "▁zebra" in {piece.piece for piece in read_model(tmp_path / "m").pieces}


def test_digits_stay_single_unless_asked(tmp_path: Path) -> None:
    for split, expected in ((True, False), (False, True)):
        train_bpe(
            iter(["1999 1999 1999 " * 9]),
            tmp_path / "m",
            vocab_size=300,
            split_digits=split,
            hard_vocab_limit=False,
        )
        pieces = {piece.piece for piece in read_model(tmp_path / "m").pieces}
        assert ("99" in pieces) is expected


def test_too_large_a_vocabulary_names_the_largest_possible(tmp_path: Path, texts: list[str]) -> None:
    with pytest.raises(RecipeError, match="at most") as raised:
        train_bpe(iter(texts), tmp_path / "m", vocab_size=100_000)
    largest = int(str(raised.value).split("at most ")[1].split()[0])
    assert train_bpe(iter(texts), tmp_path / "m", vocab_size=largest).vocab_size == largest
    soft = train_bpe(iter(texts), tmp_path / "m", vocab_size=100_000, hard_vocab_limit=False)
    assert soft.vocab_size == largest


def test_too_small_a_vocabulary_and_an_empty_corpus_are_refused(tmp_path: Path, texts: list[str]) -> None:
    with pytest.raises(RecipeError, match="raise vocab_size"):
        train_bpe(iter(texts), tmp_path / "m", vocab_size=260)
    with pytest.raises(InputError, match="no text"):
        train_bpe(iter(["", "\n\n"]), tmp_path / "m", vocab_size=500)
    assert not list(tmp_path.iterdir())


def test_the_sample_follows_the_seed_and_not_the_order(tmp_path: Path) -> None:
    texts = [f"text number {i} of many" for i in range(400)]
    counts = [
        train_bpe(
            iter(given), tmp_path / "m", vocab_size=300, sample=0.25, seed=seed, hard_vocab_limit=False
        ).n_texts
        for given, seed in ((texts, 1), (texts[::-1], 1))
    ]
    assert counts[0] == counts[1] and 60 < counts[0] < 140


def test_fingerprint_sees_what_changes_ids_and_nothing_else(tmp_path: Path, model: Path) -> None:
    seen = {fingerprint(model)}
    proto = read_model(model)
    proto.trainer_spec.model_prefix = "/elsewhere"
    (tmp_path / "moved").write_bytes(proto.SerializeToString())
    assert fingerprint(tmp_path / "moved") in seen
    proto.normalizer_spec.add_dummy_prefix = True
    (tmp_path / "prefix").write_bytes(proto.SerializeToString())
    proto = read_model(model)
    proto.pieces[300].score -= 0.5
    (tmp_path / "score").write_bytes(proto.SerializeToString())
    assert len(seen | {fingerprint(tmp_path / "prefix"), fingerprint(tmp_path / "score")}) == 3
