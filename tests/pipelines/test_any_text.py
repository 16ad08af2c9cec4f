"""The whole chain of narrow stages and the verdicts, on any text: nothing crashes, no row changes another's verdict."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daybreak.recipe import Recipe, load_recipe
from daybreak.schema import DOCUMENTS
from pipelines.fused.chain import build_chain
from pipelines.quality.rules import RULE_SETS
from pipelines.steps.filter import decider
from tests.pipelines.script_texts import GOOD

RECIPE = """
name: any
workspace: {folder}/ws
sources: {{web: {{format: jsonl, paths: ["{folder}/*.jsonl"]}}}}
scrub: {{max_density: 20}}
quality: {{rules: [{rules}], signals: {signals}}}
"""
PIECES = st.sampled_from(
    ["\n", " ", "…", "😀", "漢字。", "ไทย", "a@example.org ", "555-0100 ", "{", "The ", "\u2028", "\x00", "é"]
)
TEXTS = (
    st.lists(PIECES, max_size=40).map("".join)
    | st.text(max_size=60)
    | st.sampled_from([*GOOD.values(), "", "x"])
)


def recipe_of(folder: Path, rules: str, signals: str) -> Recipe:
    file = folder / f"{signals}.yaml"
    file.write_text(RECIPE.format(folder=folder, rules=rules, signals=signals))
    return load_recipe(file)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    return recipe_of(tmp_path_factory.mktemp("any"), "daybreak@1", "used")


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    sets = [name for name in RULE_SETS if not name.startswith(("c4", "refinedweb"))]  # those edit the text
    return recipe_of(tmp_path_factory.mktemp("any"), ", ".join(f'"{name}"' for name in sets), "all")


def verdicts(recipe: Recipe, texts: list[str]) -> list[tuple[str, list[str]]]:
    """Verdict and failed rules of each text, through every stage and the filter."""
    known = {
        "doc_id": [f"{n:032x}" for n in range(len(texts))],
        "source": ["web"] * len(texts),
        "text": texts,
    }
    columns = [pa.array(known.get(f.name, [None] * len(texts)), f.type) for f in DOCUMENTS]
    batch = pa.RecordBatch.from_arrays(columns, schema=DOCUMENTS)
    after, failures = build_chain(recipe, "web").survivors(batch)
    assert failures == []
    return [(row["verdict"], row["failed"]) for row in decider(recipe)(after).to_pylist()]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXTS, min_size=1, max_size=5), st.integers(0, 5))
def test_neither_neighbours_nor_order_nor_cuts_change_a_verdict(
    usual: Recipe, texts: list[str], cut: int
) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    together = verdicts(usual, texts)
    assert verdicts(usual, texts[::-1])[::-1] == together
    parts = [part for part in (texts[:cut], texts[cut:]) if part]
    assert [row for part in parts for row in verdicts(usual, part)] == together


@pytest.mark.parametrize("language", GOOD)
def test_composed_and_decomposed_text_share_a_verdict(usual: Recipe, language: str) -> None:
    forms = [unicodedata.normalize(form, GOOD[language]) for form in ("NFC", "NFD")]
    assert verdicts(usual, forms) == [("keep", []), ("keep", [])]


@pytest.mark.slow
def test_giants_and_oddities_leave_their_neighbours_alone(everything: Recipe) -> None:
    plain = GOOD["eng"]
    odd = [
        "",
        "x",
        "😀" * 50_000,
        "\n" * 100_000,
        "word " * 10_000_000,
        "字" * 3_000_000,
        "1" * 1_000_000,
        "@" * 100_000,
    ]
    rows = verdicts(everything, [part for text in odd for part in (text, plain)])
    assert rows[1::2] == verdicts(everything, [plain]) * len(odd)
    assert [verdict for verdict, _ in rows[::2]] == ["drop"] * len(odd)
