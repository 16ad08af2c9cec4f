"""Gates: bounds, earlier editions, and what is said where nothing can be judged."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.accounting import Count
from daybreak.errors import DaybreakError, RecipeError
from daybreak.manifest import Manifest
from daybreak.recipe.model import Recipe
from daybreak.recipe.publication import Earlier, Gates
from pipelines.gates.judge import Gate, Past, judged
from pipelines.gates.values import measured
from pipelines.gates.verdict import check
from pipelines.steps.gates import check_gates

VALUES = {
    "removal": 0.4,
    "duplicates": 0.2,
    "languages.eng_Latn": 0.7,
    "languages.deu_Latn": 0.25,
    "languages.fra_Latn": 0.005,
    "documents": 1000,
    "tokens": 500_000,
}


def past(number: int, **changes: float) -> Past:
    return Past([(f"2026-01-{day:02d}", {**VALUES, **changes}) for day in range(1, number + 1)])


def by_name(section: Gates, values: dict[str, float] = VALUES, before: Past | None = None) -> dict[str, Gate]:
    return {gate.name: gate for gate in judged(values, section, before or Past())}


def gates(**section: object) -> Gates:
    return Gates.model_validate(section)


def test_bounds_are_inclusive_and_a_gate_outside_them_fails() -> None:
    section = gates(removal={"min": 0.4, "max": 0.4}, documents={"min": 1001}, duplicates={"max": 0.19})
    found = by_name(section)
    assert found["removal"].verdict == "passed"
    assert (found["documents"].verdict, found["duplicates"].verdict) == ("failed", "failed")
    with pytest.raises(DaybreakError) as caught:
        check(list(found.values()), "gates.json")
    message = str(caught.value)
    assert "2 of" in message
    assert "documents: 1,000 is below its min 1,001" in message
    assert "duplicates: 0.200 is above its max 0.190" in message
    assert "gates.duplicates.max=0.2" in message
    assert caught.value.exit_code == 1
    check([found["removal"]], "gates.json")


def test_a_language_is_written_in_any_spelling_and_one_that_is_not_there_has_the_share_nought() -> None:
    section = gates(languages={"en": {"min": 0.5}, "deu": {"max": 0.2}, "jpn": {"min": 0.01}}, earlier=None)
    found = by_name(section)
    assert {name: gate.verdict for name, gate in found.items()} == {
        "languages.en": "passed",
        "languages.deu": "failed",
        "languages.jpn": "failed",
    }
    assert found["languages.jpn"].value == 0.0


def test_with_few_earlier_editions_a_value_is_not_judged_and_that_is_said() -> None:
    found = by_name(gates(removal={"max": 0.5}), before=past(2))
    assert found["removal"].verdict == "passed"  # by its bound
    assert found["tokens"].verdict == "not judged"
    for name in ("removal", "tokens"):
        assert found[name].why == ("not judged against earlier editions: 2 of them, needs 5",)
    nowhere = by_name(gates(recall={"min": 0.9}))["recall"]
    assert (nowhere.verdict, nowhere.why) == ("not judged", ("not judged: this run has no such value",))
    undated = by_name(gates(), before=Past(why_none="the recipe is for no day"))["tokens"]
    assert undated.why == ("not judged against earlier editions: the recipe is for no day",)


def test_a_value_far_from_earlier_editions_fails_and_a_little_away_passes() -> None:
    few = {**VALUES, "tokens": 100_000, "removal": 0.8}
    found = by_name(gates(), few, past(5))
    assert (found["tokens"].verdict, found["removal"].verdict) == ("failed", "failed")
    assert "limit 3.5" in found["tokens"].why[0]
    assert found["documents"].verdict == "passed"
    near = by_name(gates(), {**VALUES, "tokens": 450_000, "removal": 0.5}, past(5))
    assert {near[name].verdict for name in ("tokens", "removal")} == {"passed"}


def test_only_the_last_editions_count() -> None:
    old = [(f"2026-01-{day:02d}", {**VALUES, "tokens": 5}) for day in range(1, 10)]
    new = [(f"2026-02-{day:02d}", VALUES) for day in range(1, 6)]
    section = gates(earlier={"editions": 5, "least": 5})
    gate = by_name(section, before=Past([*old, *new]))["tokens"]
    assert [name for name, _ in gate.past] == [name for name, _ in new]
    assert gate.verdict == "passed"


def test_languages_of_a_trace_make_no_gate_and_one_that_vanished_does() -> None:
    assert "languages.fra_Latn" not in by_name(gates(), before=past(5))
    gone = {name: value for name, value in VALUES.items() if name != "languages.deu_Latn"}
    section = gates(languages={"de": {}})
    assert by_name(section, gone, past(5))["languages.de"].verdict == "failed"


@given(
    st.lists(st.floats(0, 1), min_size=5, max_size=14),
    st.floats(0, 1),
    st.floats(0.01, 0.2),
    st.floats(0.5, 10),
)
def test_the_score_is_the_modified_z_score(
    before: list[float], value: float, least_spread: float, limit: float
) -> None:
    section = Gates(earlier=Earlier(least=5, least_spread=least_spread, max_score=limit))
    editions = [(f"2026-01-{day:02d}", {"duplicates": found}) for day, found in enumerate(before, 1)]
    gate = by_name(section, {"duplicates": value}, Past(editions))["duplicates"]
    median = statistics.median(before)
    spread = max(statistics.median(abs(v - median) for v in before) / 0.6745, least_spread)
    assert gate.score == pytest.approx(abs(value - median) / spread, abs=0.006)
    assert gate.verdict == ("failed" if gate.score > limit else "passed")


def manifest(step: str, counts: list[Count], **facts: object) -> Manifest:
    return Manifest(step, "0" * 64, "", {}, {}, {}, counts, facts)


def test_values_come_from_counts_and_facts() -> None:
    def count(stage: str, outcome: str, documents: int, tokens: int | None = None) -> Count:
        return Count(stage, "news", outcome, None, documents, 10, tokens)  # type: ignore[arg-type]

    found = measured(
        {
            "ingest": manifest(
                "ingest",
                [
                    count("ingest", "in", 205),
                    count("ingest", "dropped", 100),  # requests and the like
                    count("ingest", "quarantined", 5),
                    count("ingest", "kept", 100),
                ],
            ),
            "filter": manifest("filter", [count("quality", "kept", 80), count("quality", "dropped", 20)]),
            "dedup": manifest(
                "dedup",
                [
                    count("exact dedup", "in", 80),
                    count("exact dedup", "dropped", 10),
                    count("exact dedup", "kept", 70),
                    count("near dedup", "in", 70),
                    count("near dedup", "dropped", 10),
                    count("near dedup", "kept", 60),
                ],
                certificate={"overall": {"recall": 0.99}},
            ),
            "encode": manifest(
                "encode", [], languages={"eng_Latn": {"tokens": 75}, "fra_Latn": {"tokens": 25}}
            ),
            "shards": manifest(
                "shards", [count("shards", "kept", 50, 1234), count("shards", "in", 50, 1234)]
            ),
        }
    )
    assert found == {
        "removal": 0.4,
        "stages.ingest": round(5 / 105, 6),
        "stages.quality": 0.2,
        "stages.exact dedup": 0.125,
        "stages.near dedup": round(10 / 70, 6),
        "duplicates": 0.25,
        "recall": 0.99,
        "languages.eng_Latn": 0.75,
        "languages.fra_Latn": 0.25,
        "documents": 50,
        "tokens": 1234,
    }


@pytest.mark.parametrize(
    ("section", "other", "message"),
    [
        ({"recall": {"min": 0.9}}, {"dedup": {"certificate": None}}, "dedup.certificate"),
        ({"tokens": {"min": 9}}, {}, "add a `tokenizer` section"),
        ({"languages": {"englsh": {"min": 0.1}}}, {"tokenizer": {}}, "unknown language 'englsh'"),
    ],
)
def test_a_bound_on_what_cannot_be_told_is_refused(
    tmp_path: Path, section: dict[str, object], other: dict[str, object], message: str
) -> None:
    recipe = {
        "name": "x",
        "workspace": str(tmp_path),
        "sources": {"a": {"format": "c4", "paths": ["x"]}},
        "gates": section,
    }
    with pytest.raises(RecipeError, match=message):
        check_gates(Recipe.model_validate({**recipe, **other}))
