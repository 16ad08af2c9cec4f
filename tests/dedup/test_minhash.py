"""MinHash signatures: unbiased, as precise as theory and datasketch, the same however batches are cut."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from datasketch import MinHash
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dedup.minhash import band_hashes, permutations, signatures
from pipelines.dedup.settings import DedupSettings
from pipelines.dedup.shingles import shingle_windows
from pipelines.dedup.signatures import SIGNATURES, Signatures, band_lists

COUNT = 112
SIMILARITIES = (0.2, 0.5, 0.8, 0.95)
TRIALS = 150
SIZE = 400


def overlapping(similarity: float, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Two sets of `SIZE` random hashes, and their exact similarity, close to the one asked for."""
    shared = round(2 * SIZE * similarity / (1 + similarity))
    drawn = np.random.default_rng(seed).integers(0, 2**64, 2 * SIZE - shared, dtype=np.uint64)
    return drawn[:SIZE], drawn[SIZE - shared :], shared / (2 * SIZE - shared)


def estimate(left: np.ndarray, right: np.ndarray, seed: int) -> float:
    offsets = np.array([0, len(left), len(left) + len(right)])
    found = signatures(offsets, np.concatenate([left, right]), permutations(COUNT, seed))
    return float((found[0] == found[1]).mean())


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_estimates_are_unbiased_with_the_variance_of_theory(similarity: float) -> None:
    errors = []
    for seed in range(TRIALS):
        left, right, exact = overlapping(similarity, seed)
        errors.append(estimate(left, right, seed) - exact)
    deviation = np.sqrt(exact * (1 - exact) / COUNT)
    assert abs(np.mean(errors)) < 4 * deviation / np.sqrt(TRIALS)
    assert 0.75 * deviation < np.std(errors) < 1.25 * deviation


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_estimates_agree_with_datasketch(similarity: float) -> None:
    left, right, exact = overlapping(similarity, 7)
    peers = []
    for values in (left, right):
        peer = MinHash(num_perm=COUNT, seed=3)
        peer.update_batch([value.tobytes() for value in values])
        peers.append(peer)
    theirs = peers[0].jaccard(peers[1])
    deviation = np.sqrt(exact * (1 - exact) / COUNT)
    assert abs(estimate(left, right, 3) - exact) < 4 * deviation
    assert abs(estimate(left, right, 3) - theirs) < 4 * np.sqrt(2) * deviation


def test_permutations_are_pinned() -> None:
    multipliers, increments = permutations(3, 1)
    assert multipliers.tolist() == PINNED_MULTIPLIERS
    assert increments.tolist() == PINNED_INCREMENTS


# The SplitMix64 stream from seed 1 begins 910a2dec89025cc1, beeb8da1658eec67, f893a2eefb32555e.
PINNED_MULTIPLIERS = [0x910A2DED, 0xBEEB8DA1, 0xF893A2EF]
PINNED_INCREMENTS = [0x89025CC1, 0x658EEC67, 0xFB32555E]


def test_signature_is_the_least_permuted_hash() -> None:
    values = np.array([5, 2**40 + 9, 77], np.uint64)
    multipliers, increments = permutations(COUNT, 4)
    expected = [
        min((int(a) * (int(x) % 2**32) + int(b)) % 2**32 for x in values)
        for a, b in zip(multipliers, increments, strict=True)
    ]
    found = signatures(np.array([0, 3]), values, (multipliers, increments))
    assert found[0].tolist() == expected


def test_band_hashes_are_equal_exactly_where_all_rows_are() -> None:
    first = np.arange(12, dtype=np.uint32)
    second = first.copy()
    second[5] = 99
    found = band_hashes(np.stack([first, second, np.tile(first[:3], 4)]), 4)
    assert (found[0] == found[1]).tolist() == [True, False, True, True]
    assert len(set(found[2].tolist())) == 4  # the same rows in another band are another bucket


WORDS = st.lists(
    st.sampled_from(["alpha", "beta", "gamma", "delta", "的", "是", "不", "了"]), max_size=15
).map(" ".join)


@given(st.lists(WORDS, min_size=1, max_size=10), st.integers(1, 9))
def test_bands_do_not_depend_on_how_batches_are_cut(texts: list[str], size: int) -> None:
    settings = DedupSettings()
    whole = band_lists(pa.array(texts), settings).to_pylist()
    parts = [band_lists(pa.array(texts[i : i + size]), settings) for i in range(0, len(texts), size)]
    assert [bands for part in parts for bands in part.to_pylist()] == whole


def test_long_documents_are_hashed_in_blocks() -> None:
    text = " ".join(f"word{i % 5000}" for i in range(9000))
    offsets, values = shingle_windows(pa.array([text]))
    drawn = permutations(COUNT, 1)
    reversed_order = signatures(offsets, values[::-1].copy(), drawn)
    assert signatures(offsets, values, drawn).tolist() == reversed_order.tolist()


def test_the_narrow_stage_replaces_text_by_bands() -> None:
    columns = {name: [None, None] for name in SIGNATURES.names[:-1]}
    rows = {**columns, "doc_id": ["x", "y"], "text": ["too short", "one two three four five six"]}
    fields = [*list(SIGNATURES)[:-1], pa.field("text", pa.string())]
    batch = pa.RecordBatch.from_pydict(rows, schema=pa.schema(fields))
    found = Signatures()(batch)
    assert found.schema == SIGNATURES
    assert found["bands"][0].as_py() is None
    assert len(found["bands"][1]) == DedupSettings().bands
