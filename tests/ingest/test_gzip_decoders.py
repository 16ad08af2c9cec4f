"""Gzip by ISA-L gives what zlib gives, piece by piece, whatever the file went through."""

from __future__ import annotations

import dataclasses
import gzip
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.ingest import streams
from pipelines.ingest.codecs import CODECS, Codec, GzipDecoder, ZlibDecoder

TEXT = " ".join(f"{n * n % 97} squares" for n in range(3000)).encode()


def told(content: bytes, codec: Codec, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Marks and damage of a stream, and the bytes between them."""
    with monkeypatch.context() as patch:
        patch.setattr(streams, "codec_of", lambda head: codec if codec.starts(head) else None)
        return list(_joined(streams.pieces(pa.BufferReader(content))))


def _joined(pieces: Iterator[streams.Piece]) -> Iterator[object]:
    data = b""
    for piece in pieces:
        if piece.member is None and piece.damage is None:
            data += piece.data
            continue
        yield data
        yield piece
        data = b""
    yield data


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Members of different kinds, some bits turned, perhaps cut off."""
    sizes = st.tuples(st.integers(0, len(TEXT)), st.integers(0, 9))
    members = draw(st.lists(sizes | st.binary(max_size=300), min_size=1, max_size=3))
    content = bytearray(
        b"".join(
            gzip.compress(m, mtime=0) if isinstance(m, bytes) else gzip.compress(TEXT[: m[0]], m[1], mtime=0)
            for m in members
        )
    )
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(content) - 1) | st.integers(0, 11) | st.integers(-9, -1))
        content[place] ^= 1 << draw(st.integers(0, 7))
    return bytes(content[: draw(st.integers(1, len(content)) | st.just(len(content)))])


@settings(max_examples=300, deadline=None)
@given(damaged())
def test_both_decoders_tell_the_same(content: bytes) -> None:
    monkeypatch = pytest.MonkeyPatch()
    fast = CODECS[0]
    assert fast.open is GzipDecoder and fast.exact is ZlibDecoder
    exact = dataclasses.replace(fast, open=ZlibDecoder, exact=None)
    assert told(content, fast, monkeypatch) == told(content, exact, monkeypatch)
