"""Packing, order and hold-out against a naive concatenation."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from daybreak.errors import InputError, RecipeError
from tokenizer.shards import ShardReader
from trainer.data.collate import Collate
from trainer.data.corpus import open_corpus
from trainer.data.order import Stream, hold_out, keyed_hash, read_plan
from trainer.model.gpt import IGNORED

MakeCorpus = Callable[..., None]


def naive_sequences(documents: list[list[int]], seq_len: int) -> list[tuple[list[int], list[int]]]:
    """(tokens, documents' numbers) of every sequence, by slicing the concatenation."""
    tokens = [t for d in documents for t in d]
    owners = [i for i, d in enumerate(documents) for _ in d]
    begins = range(0, len(tokens) - seq_len, seq_len)
    return [(tokens[b : b + seq_len + 1], owners[b : b + seq_len + 1]) for b in begins]


lengths = st.lists(st.integers(1, 12), min_size=1, max_size=12)


@limits(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lengths, st.integers(1, 9), st.integers(1, 3), st.integers(1, 5), st.integers(0, 20), st.integers(1, 7)
)
def test_samples_are_those_of_a_naive_concatenation(
    make_corpus: MakeCorpus, sizes: list[int], seq_len: int, shards: int, window: int, first: int, count: int
) -> None:
    documents = [[10 * i + j + 1 for j in range(n)] for i, n in enumerate(sizes)]
    wanted = naive_sequences(documents, seq_len)
    with tempfile.TemporaryDirectory() as name:
        make_corpus(Path(name) / "c", documents, shards=shards)
        stream = read_plan(Path(name) / "c" / "plan", seq_len, window)
        assert stream.samples == len(wanted)
        if not wanted:
            return
        for masked in (True, False):
            data = Collate(stream, ShardReader(Path(name) / "c" / "shards"), masked, 1000)
            check_batch(data, first, count, wanted, masked)


def check_batch(
    data: Collate, first: int, count: int, wanted: list[tuple[list[int], list[int]]], masked: bool
) -> None:
    batch, begins = data(first, count), data.stream.begins(first, count)
    valid = 0
    for row, begin in enumerate(begins.tolist()):
        tokens, owners = wanted[begin // data.stream.seq_len]
        border = [masked and a != b for a, b in itertools.pairwise(owners)]
        targets = [IGNORED if b else t for t, b in zip(tokens[1:], border, strict=True)]
        positions = [i - (owners.index(owners[i]) if masked else 0) for i in range(len(owners) - 1)]
        assert batch.inputs[row].tolist() == tokens[:-1]
        assert batch.targets[row].tolist() == targets
        assert batch.positions[row].tolist() == positions
        valid += len(targets) - sum(border)
    assert data.targets(first, count) == valid
    assert (batch.documents is not None) == masked


@given(lengths, st.integers(1, 6), st.integers(1, 6), st.integers(1, 3))
def test_a_reading_holds_every_sequence_once_and_windows_stay_in_order(
    sizes: list[int], seq_len: int, window: int, readings: int
) -> None:
    stream = stream_of(sizes, seq_len, window)
    if not stream.samples:
        return
    for reading in range(readings):
        numbers = stream.begins(reading * stream.samples, stream.samples) // seq_len
        assert sorted(numbers) == list(range(stream.samples))
        assert (numbers // window == np.arange(stream.samples) // window).all()


def test_a_window_of_one_is_plan_order_and_a_wide_one_is_not() -> None:
    plain, mixed = (stream_of([500], 4, window) for window in (1, 64))
    assert (np.diff(plain.begins(0, 100)) == 4).all()
    assert (mixed.begins(0, 100) != plain.begins(0, 100)).sum() > 80
    assert mixed.begins(0, 1)[0] != mixed.begins(mixed.samples, 1)[0], "another reading has another order"


def stream_of(sizes: list[int], seq_len: int, window: int = 1, seed: int = 0) -> Stream:
    draw = np.random.default_rng(seed)
    ids = pa.array([draw.bytes(16).hex().encode() for _ in sizes], pa.binary(32))
    zeros = np.zeros(len(sizes), dtype=np.int64)
    return Stream(ids, np.array(sizes), zeros, np.arange(len(sizes)), seq_len, window)


@pytest.mark.parametrize("processes", [1, 2, 4, 8])
def test_any_number_of_processes_reads_the_same_step(corpus: Path, processes: int) -> None:
    data = Collate(read_plan(corpus / "plan", 24, 16), ShardReader(corpus / "shards"), True, 61)
    share = 8 // processes
    for step in range(3):
        whole = data(step * 8, 8)
        parts = [data(step * 8 + rank * share, share) for rank in range(processes)]
        assert [row for part in parts for row in part.inputs.tolist()] == whole.inputs.tolist()
        assert sum(data.targets(step * 8 + r * share, share) for r in range(processes)) == data.targets(
            step * 8, 8
        )


def test_doc_ids_of_a_batch_are_those_whose_tokens_it_holds(tmp_path: Path, make_corpus: MakeCorpus) -> None:
    make_corpus(tmp_path / "c", [[1] * 5, [2] * 3, [3] * 9, [4] * 4])
    stream = read_plan(tmp_path / "c" / "plan", 4)
    ids = [value.as_py().decode() for value in stream.doc_id]
    assert stream.doc_ids(0, 1) == ids[:1]
    assert stream.doc_ids(1, 1) == ids[:3]  # tokens 4 to 8 lie in the first three documents
    assert stream.doc_ids(2, 2) == ids[2:3]


def test_plan_parts_are_put_into_the_order_of_positions(corpus: Path) -> None:
    stream = read_plan(corpus / "plan", 24)
    tables = [pq.read_table(p) for p in sorted((corpus / "plan").iterdir())]
    rows = sorted((r["position"], r["doc_id"], r["n_tokens"]) for t in tables for r in t.to_pylist())
    assert [(v.as_py().decode(), n) for v, n in zip(stream.doc_id, stream.n_tokens, strict=True)] == [
        r[1:] for r in rows
    ]


def test_held_out_documents_are_not_trained_on_in_any_epoch() -> None:
    once = stream_of([3] * 2000, 4)
    plan = once.select(np.tile(np.arange(2000), 2))
    training, validation = hold_out(plan, 0.1, key=7)
    trained, held = (set(s.doc_id.to_pylist()) for s in (training, validation))
    assert not trained & held and len(trained) + len(held) == 2000
    assert len(validation.doc_id) == len(held) and len(training.doc_id) == 2 * len(trained)
    assert 150 < len(held) < 250
    assert held != set(hold_out(plan, 0.1, key=8)[1].doc_id.to_pylist())


def test_hold_out_depends_on_the_id_alone() -> None:
    stream = stream_of([3] * 50, 4)
    backwards = stream.select(np.arange(50)[::-1])
    assert (keyed_hash(stream.doc_id, 1)[::-1] == keyed_hash(backwards.doc_id, 1)).all()
    assert len(set(keyed_hash(stream.doc_id, 1).tolist())) == 50


def test_the_reader_gives_views_of_the_mapped_file(corpus: Path) -> None:
    reader = ShardReader(corpus / "shards")
    first = reader.input_ids(1, 4)
    assert first.dtype == np.uint16 and not first.flags.writeable and not first.flags.owndata
    with pytest.raises(IndexError):
        reader.input_ids(0, 100)


def test_too_few_samples_is_an_error_with_the_numbers(settings: Callable) -> None:
    with pytest.raises(
        RecipeError, match=r"asks for 8000 samples of 24 tokens; .* has \d+ to train on .* at most \d+ steps"
    ):
        open_corpus(settings(run__steps=1000))


def test_nothing_to_hold_out_is_an_error(tmp_path: Path, make_corpus: MakeCorpus, settings: Callable) -> None:
    make_corpus(tmp_path / "c", [[1] * 2000])
    with pytest.raises(RecipeError, match="eval_fraction"):
        open_corpus(settings(at=tmp_path / "c", data__eval_fraction=0.001))


def test_plan_and_shards_that_disagree_are_refused(tmp_path: Path, make_corpus: MakeCorpus) -> None:
    make_corpus(tmp_path / "a", [[1] * 30, [2] * 30], shards=1)
    make_corpus(tmp_path / "b", [[1] * 30, [2] * 31, [3] * 30], shards=1)
    data = Collate(read_plan(tmp_path / "b" / "plan", 8), ShardReader(tmp_path / "a" / "shards"), True, 61)
    with pytest.raises(InputError, match="row 1: 30 tokens, the plan says 31"):
        data(4, 1)
    with pytest.raises(InputError, match="row 2, which is not there"):
        data(8, 1)


def test_a_token_outside_the_vocabulary_is_refused(corpus: Path) -> None:
    data = Collate(read_plan(corpus / "plan", 24), ShardReader(corpus / "shards"), True, 40)
    with pytest.raises(InputError, match=r"outside model\.vocab_size 40"):
        data(0, 8)


def test_damaged_data_is_refused_by_name(tmp_path: Path, make_corpus: MakeCorpus) -> None:
    make_corpus(tmp_path / "c", [[1] * 30] * 8)
    shard = tmp_path / "c" / "shards" / "data-00001-of-00002.arrow"
    shard.write_bytes(shard.read_bytes()[:300])
    with pytest.raises(InputError, match="data-00001"):
        ShardReader(tmp_path / "c" / "shards").input_ids(1, 0)
    shard.unlink()
    with pytest.raises(InputError):
        ShardReader(tmp_path / "c" / "shards").input_ids(1, 0)
    with pytest.raises(InputError, match="nowhere"):
        read_plan(tmp_path / "nowhere", 8)


def test_an_empty_document_or_a_repeated_position_is_refused(tmp_path: Path, make_corpus: MakeCorpus) -> None:
    make_corpus(tmp_path / "empty", [[1], [], [2]])
    with pytest.raises(InputError, match="position 1 has no tokens"):
        read_plan(tmp_path / "empty" / "plan", 8)
    make_corpus(tmp_path / "twice", [[1], [2]], parts=1)
    plan = tmp_path / "twice" / "plan"
    pq.write_table(pq.read_table(plan / "0.parquet"), plan / "1.parquet")
    with pytest.raises(InputError, match="twice"):
        read_plan(plan, 8)


def test_the_fingerprint_follows_data_and_cut(
    corpus: Path, tmp_path: Path, make_corpus: MakeCorpus, settings: Callable
) -> None:
    def other(name: str, **changes: object) -> str:
        return open_corpus(settings(name, **changes)).fingerprint

    assert other("a") == other("b", run__batch_size=4)
    assert (
        len(
            {
                other("a"),
                other("b", data__seq_len=16),
                other("c", data__eval_key=9),
                other("d", data__shuffle_window=8),
            }
        )
        == 4
    )
