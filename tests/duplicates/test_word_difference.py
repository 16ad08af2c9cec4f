"""Two texts word by word: what is shown can be put together again, and only differences are marked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.duplicates.words import brief, difference, equal_blocks

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "the", "漢", "字"]), max_size=60)


@given(WORDS, WORDS)
def test_blocks_rise_in_both_texts_and_hold_equal_words(left: list[str], right: list[str]) -> None:
    i = j = 0
    for a, b, size in equal_blocks(left, right):
        assert size > 0 and a >= i and b >= j
        assert left[a : a + size] == right[b : b + size]
        i, j = a + size, b + size


@given(WORDS, WORDS)
def test_with_enough_context_both_texts_stand_there_whole(left: list[str], right: list[str]) -> None:
    found = difference(" ".join(left), " ".join(right), context=100)
    pieces = [piece for hunk in found.hunks for piece in hunk.pieces]
    if left == right:
        assert not pieces and found.same == len(left)
    else:
        assert "".join(p.left for p in pieces).split() == left
        assert "".join(p.right for p in pieces).split() == right


@given(WORDS, WORDS, st.integers(0, 3))
def test_skipped_and_shown_words_make_up_the_left_text(
    left: list[str], right: list[str], context: int
) -> None:
    found = difference(" ".join(left), " ".join(right), context)
    told = sum(hunk.skipped + sum(len(p.left.split()) for p in hunk.pieces) for hunk in found.hunks)
    assert told <= len(left)
    for hunk in found.hunks:
        assert any(not p.same for p in hunk.pieces)
        ends = (hunk.pieces[0], hunk.pieces[-1])
        assert all(len(p.left.split()) <= 2 * context or not p.same for p in ends)


def test_white_space_alone_makes_no_difference_and_han_is_cut_by_character() -> None:
    assert difference("a  b\nc", "a b c").hunks == ()
    (hunk,) = difference("中文字", "中間字").hunks
    assert [(p.left, p.right) for p in hunk.pieces if not p.same] == [("文", "間")]


def test_a_moved_paragraph_is_found_around_anchors() -> None:
    one, two = (" ".join(f"{name}{i}" for i in range(300)) for name in "pq")
    found = difference(f"{one} {two}", f"{two} {one}")
    assert found.same == 300


def test_brief_cuts_hunks_and_pieces() -> None:
    texts = [" ".join(f"w{i}" if i % 50 else f"{side}{i}" * 100 for i in range(400)) for side in "xy"]
    found = brief(difference(*texts, context=3), hunks=2, letters=20)
    assert len(found.hunks) == 2
    assert all(len(p.left) <= 22 for hunk in found.hunks for p in hunk.pieces)
