"""The accounting identity finds what went missing, and merging does not depend on order."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.accounting import Count, Ledger, breaks, check, differences
from daybreak.errors import AccountingError

counts = st.builds(
    Count,
    stage=st.sampled_from(["ingest", "extract", "clean"]),
    source=st.sampled_from(["a", "b"]),
    outcome=st.sampled_from(["in", "kept", "dropped", "quarantined", "edited"]),
    rule=st.sampled_from([None, "x", "y"]),
    documents=st.integers(0, 9),
    bytes=st.integers(-9, 99),
    tokens=st.none() | st.integers(0, 5),
)


@given(st.lists(counts, max_size=30), st.integers())
def test_merging_is_order_free(items: list[Count], seed: int) -> None:
    shuffled = random.Random(seed).sample(items, len(items))
    assert Ledger(items).counts() == Ledger(shuffled).counts()


def ledger(kept: int, bytes_kept: int) -> list[Count]:
    book = Ledger()
    book.add("extract", "web", "in", 10, 1000)
    book.add("extract", "web", "dropped", 2, 150, rule="empty")
    book.add("extract", "web", "quarantined", 1, 50, rule="bad")
    book.add("extract", "web", "edited", 0, 300)
    book.add("extract", "web", "kept", kept, bytes_kept)
    return book.counts()


def test_the_identity_holds_in_documents_and_bytes() -> None:
    check(ledger(7, 500))


@pytest.mark.parametrize(
    ("kept", "size", "unit"), [(6, 500, "documents"), (7, 499, "bytes"), (8, 500, "documents")]
)
def test_what_is_lost_or_invented_is_named(kept: int, size: int, unit: str) -> None:
    with pytest.raises(AccountingError, match=f"extract, source web: .* {unit} in"):
        check(ledger(kept, size))


def test_a_break_between_stages_is_named() -> None:
    book = Ledger(ledger(7, 500))
    book.add("clean", "web", "in", 6, 500)
    book.add("clean", "web", "kept", 6, 500)
    assert differences(book.counts()) == []
    with pytest.raises(AccountingError, match="extract kept"):
        check([c for c in book.counts() if c.stage == "clean"], ledger(7, 500))
    assert breaks(book.counts()) == [
        "source web: extract kept (7, 500) (documents, bytes), clean took in (6, 500)"
    ]


def test_a_source_that_vanishes_between_stages_is_named() -> None:
    book = Ledger(ledger(7, 500))
    book.add("clean", "other", "in", 0, 0)
    assert breaks(book.counts()) == [
        "source web: extract kept (7, 500) (documents, bytes), clean took in (0, 0)"
    ]
