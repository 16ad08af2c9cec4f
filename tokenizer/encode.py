"""Text to token ids and back, exactly.

SentencePiece writes a space as U+2581, so a literal U+2581 would come back as a space. Such a character is
therefore spelt as its three byte tokens, and every text survives the round trip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import kitoken
import pyarrow as pa
import pyarrow.compute as pc
import sentencepiece

from daybreak.errors import InputError

Engine = Literal["kitoken", "sentencepiece"]
EncodeAll = Callable[[list[str]], list[list[int]]]

_SPACE = "\u2581"


@dataclass(frozen=True)
class Encode:
    """Appends `n_bytes` (of UTF-8), `n_tokens` and `input_ids` (list<int32>) to a batch with a column `text`.

    Every document ends with EOS exactly once: text that spells a special token is encoded as text. `bos`
    puts BOS first. The engines give the same ids; kitoken is the faster one. A null text counts as an
    empty one.
    """

    model_path: str
    engine: Engine = "kitoken"
    bos: bool = False
    name: str = "encode"

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        text = batch.column("text").fill_null("")
        ids = _encoded(_model(self.model_path, self.engine), text)
        tokens = _delimited(ids, self.bos, load(self.model_path))
        columns = {
            "n_bytes": pc.binary_length(text).cast(pa.int64()),
            "n_tokens": pc.list_value_length(tokens),
            "input_ids": tokens,
        }
        for name, column in columns.items():
            batch = batch.append_column(name, column)
        return batch


def load(model_path: str | Path) -> sentencepiece.SentencePieceProcessor:
    """The SentencePiece processor of a model file, loaded once a process. Raises InputError if it cannot
    be read."""
    path = Path(model_path)
    try:
        status = path.stat()
        return _processor(str(path), status.st_mtime_ns, status.st_size)
    except (OSError, RuntimeError) as error:
        raise InputError(f"{path}: not a readable SentencePiece model: {error}") from error


def decode(model_path: str | Path, ids: Sequence[int]) -> str:
    """The text of `ids`; special tokens give nothing."""
    return load(model_path).decode([int(i) for i in ids])


@lru_cache(maxsize=4)
def _processor(path: str, mtime_ns: int, size: int) -> sentencepiece.SentencePieceProcessor:
    return sentencepiece.SentencePieceProcessor(model_file=path)


@lru_cache(maxsize=4)
def _kitoken(path: str, mtime_ns: int, size: int) -> kitoken.Kitoken:
    return kitoken.Kitoken.from_sentencepiece_file(path)


def _model(model_path: str, engine: Engine) -> tuple[EncodeAll, list[int]]:
    """The engine's batch call, and the ids that spell U+2581 in bytes."""
    processor = load(model_path)
    spelt = [processor.piece_to_id(f"<0x{byte:02X}>") for byte in _SPACE.encode()]
    if engine == "sentencepiece":
        return lambda texts: processor.encode(texts, num_threads=1), spelt
    status = Path(model_path).stat()
    fast = _kitoken(str(Path(model_path)), status.st_mtime_ns, status.st_size)
    return lambda texts: fast.encode_all(texts, False), spelt


def _encoded(model: tuple[EncodeAll, list[int]], text: pa.Array) -> list[list[int]]:
    encode_all, spelt = model
    ids = encode_all(text.to_pylist())
    for row in pc.indices_nonzero(pc.match_substring(text, _SPACE)).to_pylist():
        first, *rest = encode_all(text[row].as_py().split(_SPACE))
        ids[row] = first + [i for part in rest for i in (*spelt, *part)]
    return ids


def _delimited(
    ids: list[list[int]], bos: bool, processor: sentencepiece.SentencePieceProcessor
) -> pa.ListArray:
    start, end = [processor.bos_id()] * bos, processor.eos_id()
    for row in ids:
        row[:0] = start
        row.append(end)
    return pa.array(ids, pa.list_(pa.int32()))
