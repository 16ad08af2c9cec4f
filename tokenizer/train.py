"""Train a SentencePiece BPE (Kudo and Richardson, 2018; Sennrich et al., 2016, section 3.2) with byte
fallback.

The settings are those that lose nothing: the identity normaliser, no dummy prefix, runs of spaces kept, every
character outside the vocabulary spelt in bytes. The same texts in the same order give the same model file,
byte for byte, whatever the number of threads and wherever the file stands.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sentencepiece
import xxhash
from sentencepiece import sentencepiece_model_pb2 as proto

from daybreak.errors import DaybreakError, InputError, RecipeError

UNK_ID, BOS_ID, EOS_ID, PAD_ID = 0, 1, 2, 3

# The trainer skips a whole sentence that holds NUL or U+2585, and reads U+2581 as a space: cut there, lose
# nothing else.
_CUTS = re.compile("[\n\0\u2581\u2585]")


@dataclass(frozen=True)
class Trained:
    """What a training saw and gave: the model's size in pieces, and texts, sentences and characters it
    learnt from."""

    vocab_size: int
    n_texts: int
    n_sentences: int
    n_chars: int


def train_bpe(
    texts: Iterator[str],
    out: Path,
    *,
    vocab_size: int,
    seed: int = 0,
    sample: float = 1.0,
    threads: int = 1,
    split_digits: bool = True,
    character_coverage: float = 0.9995,
    hard_vocab_limit: bool = True,
    max_sentence_chars: int = 4096,
) -> Trained:
    """Train on `texts`, in their order, and write the model to `out` (atomically).

    `sample` keeps that share of the texts, chosen by a hash of the text keyed by `seed`. With
    `hard_vocab_limit` a corpus too small for `vocab_size` is an error that names the largest size;
    without, the model is as large as it gets. Sentences are lines; a line longer than `max_sentence_chars`
    is cut into several, never dropped.
    Raises InputError for an empty corpus, RecipeError for a vocabulary too large or too small.
    """
    feed = _Sentences(texts, seed, sample, max_sentence_chars)
    buffer = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(feed),
            model_writer=buffer,
            model_type="bpe",
            vocab_size=vocab_size,
            byte_fallback=True,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            add_dummy_prefix=False,
            allow_whitespace_only_pieces=True,
            split_digits=split_digits,
            character_coverage=character_coverage,
            hard_vocab_limit=hard_vocab_limit,
            max_sentence_length=4 * max_sentence_chars + 4,
            unk_id=UNK_ID,
            bos_id=BOS_ID,
            eos_id=EOS_ID,
            pad_id=PAD_ID,
            num_threads=threads,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise _explained(error, vocab_size, feed.n_sentences) from error
    model = _without_traces(buffer.getvalue())
    _write(out, model.SerializeToString(deterministic=True))
    return Trained(len(model.pieces), feed.n_texts, feed.n_sentences, feed.n_chars)


class _Sentences:
    """Iterates over the sentences of the sampled texts and counts what it gave."""

    def __init__(self, texts: Iterator[str], seed: int, sample: float, max_chars: int) -> None:
        if not 0 < sample <= 1:
            raise RecipeError(f"the tokenizer's sample is {sample}: give a share above 0 and at most 1")
        self._texts, self._seed, self._max_chars = texts, seed, max_chars
        self._limit = int(sample * 2.0**64)
        self.n_texts = self.n_sentences = self.n_chars = 0

    def __iter__(self) -> Iterator[str]:
        for text in self._texts:
            if xxhash.xxh3_64_intdigest(text.encode(), self._seed) >= self._limit:
                continue
            self.n_texts += 1
            for line in _CUTS.split(text):
                for start in range(0, len(line), self._max_chars):
                    sentence = line[start : start + self._max_chars]
                    self.n_sentences += 1
                    self.n_chars += len(sentence)
                    yield sentence


def _explained(error: RuntimeError, vocab_size: int, n_sentences: int) -> DaybreakError:
    """The trainer's own message in words that say what to change."""
    if n_sentences == 0:
        return InputError("the tokenizer has no text to train on: no document was kept, or all are empty")
    if found := re.search(r"too high .*<= (\d+)", str(error)):
        return RecipeError(
            f"a vocabulary of {vocab_size} is too large for this corpus, which gives at most {found[1]} "
            f"pieces: set vocab_size to {found[1]} or less, or hard_vocab_limit to false"
        )
    if found := re.search(r"smaller than required_chars\. \d+ vs (\d+)", str(error)):
        return RecipeError(
            f"a vocabulary of {vocab_size} has no room for the {found[1]} special tokens, bytes and "
            "characters that this corpus needs: raise vocab_size, or lower character_coverage"
        )
    return DaybreakError(f"SentencePiece could not train: {error}")


def _without_traces(data: bytes) -> Any:
    """The model without what depends on the run: paths and the number of threads."""
    model: Any = proto.ModelProto()  # type: ignore[attr-defined]  # made by protobuf at import
    model.ParseFromString(data)
    for field in ("input", "model_prefix", "num_threads"):
        model.trainer_spec.ClearField(field)
    return model


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(data)
    os.replace(temporary, path)
