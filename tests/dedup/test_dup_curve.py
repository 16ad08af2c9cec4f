"""`daybreak dup curve` on the terminal and as JSON."""

from __future__ import annotations

import json

import pytest

from daybreak.cli.dup_curve import show_curve
from daybreak.errors import RecipeError
from pipelines.dedup.banding import candidate_probability


def test_the_banding_for_a_recall_and_where_the_threshold_is(capsys: pytest.CaptureFixture[str]) -> None:
    show_curve(0.75, 0.99, None, None, as_json=False)
    shown = capsys.readouterr().out
    assert "24 bands of 6 rows (144 hashes)" in shown
    marked = next(line for line in shown.splitlines() if "threshold" in line)
    assert marked.startswith("0.75") and "0.9909" in marked


def test_a_banding_of_ones_own_and_the_cheapest_as_good(capsys: pytest.CaptureFixture[str]) -> None:
    show_curve(0.8, 0.99, 20, 13, as_json=False)
    shown = " ".join(capsys.readouterr().out.split())
    assert "20 bands of 13 rows (260 hashes)" in shown
    assert "Cheapest of at least this recall:" in shown


def test_json_is_the_curve_that_a_run_keeps(capsys: pytest.CaptureFixture[str]) -> None:
    show_curve(0.77, 0.99, 14, 8, as_json=True)
    facts = json.loads(capsys.readouterr().out)
    assert (facts["bands"], facts["rows"], facts["threshold"]) == (14, 8, 0.77)
    for point in facts["curve"]:
        assert point["probability"] == pytest.approx(
            candidate_probability(point["similarity"], 14, 8), abs=1e-6
        )
        assert point["duplicate"] == (point["similarity"] >= 0.77)


def test_bands_without_rows_are_refused() -> None:
    with pytest.raises(RecipeError, match="--rows"):
        show_curve(0.75, 0.99, 14, None, as_json=False)
