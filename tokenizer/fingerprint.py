"""What makes two tokenizers the same: everything that decides which ids a text gets, and nothing else."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path
from typing import Any

from sentencepiece import sentencepiece_model_pb2 as proto

_TRAINER_FIELDS = (
    "model_type",
    "treat_whitespace_as_suffix",
    "byte_fallback",
    "unk_id",
    "bos_id",
    "eos_id",
    "pad_id",
)
_NORMALIZER_FIELDS = (
    "precompiled_charsmap",
    "add_dummy_prefix",
    "remove_extra_whitespaces",
    "escape_whitespaces",
)


def read_model(path: str | Path) -> Any:
    """The parsed model file (a protobuf ModelProto: pieces, trainer_spec, normalizer_spec)."""
    model: Any = proto.ModelProto()  # type: ignore[attr-defined]  # made by protobuf at import
    model.ParseFromString(Path(path).read_bytes())
    return model


def fingerprint(path: str | Path) -> str:
    """SHA-256 (hex) of the pieces, scores and types in order of id, the normaliser's settings and the
    special ids."""
    model = read_model(path)
    digest = hashlib.sha256()
    for piece in model.pieces:
        name = piece.piece.encode()
        digest.update(struct.pack("<IfI", len(name), piece.score, piece.type) + name)
    settings = [(f, getattr(model.trainer_spec, f)) for f in _TRAINER_FIELDS]
    settings += [(f, getattr(model.normalizer_spec, f)) for f in _NORMALIZER_FIELDS]
    digest.update(repr(settings).encode())
    return digest.hexdigest()
