"""The step's passes over units, without Spark: accounting, cuts as later steps read them, the card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from daybreak.accounting import Ledger, differences
from daybreak.schema import DECISIONS
from daybreak.storage import Store
from pipelines.decontaminate.benchmarks import PARTS
from pipelines.decontaminate.card import Card, Findings, build_card, markdown
from pipelines.decontaminate.index import build_index
from pipelines.decontaminate.judge import Judge
from pipelines.decontaminate.overlap import common
from pipelines.decontaminate.settings import VARIANTS, DecontaminateSettings
from pipelines.decontaminate.tokens import tokenize
from pipelines.parts import write_part
from pipelines.reading import Cuts, KeptUnit
from pipelines.report import Facts, RunFacts, render
from pipelines.report.collect_funnel import collect_contamination
from pipelines.report.collect_samples import collect_dropped
from pipelines.spark.narrow import UnitResult
from pipelines.steps.decontaminate import JudgeUnit, MatchUnit, _overlaps, _sums
from pipelines.steps.ingest import gather

QUESTION = " ".join(f"word{n}" for n in range(30))
COMMON = "all rights reserved no part of this may be copied in any form without leave"
ANSWER = "secret " + " ".join(f"answer{n}" for n in range(14))
GPT3 = VARIANTS["gpt3"].settings
CLEAN = "Nothing of any test stands here, only a long and quiet page about rivers. " * 8
SOURCE = pa.schema(
    [("doc_id", pa.string()), ("source", pa.string()), ("n_bytes", pa.int64()), ("text", pa.string())]
)


def corpus(store: Store, units: dict[str, Sequence[str]]) -> list[KeptUnit]:
    """Units of which an earlier step dropped every text that begins with 'drop'."""
    made = []
    for unit, texts in units.items():
        table = pa.table(
            {
                "doc_id": [f"{unit}-{n}" for n in range(len(texts))],
                "source": ["web"] * len(texts),
                "n_bytes": [len(text.encode()) for text in texts],
                "text": list(texts),
            },
            schema=SOURCE,
        )
        write_part(store, f"documents/{unit}.parquet", SOURCE, table.to_batches())
        verdicts = ["drop" if text.startswith("drop") else "keep" for text in texts]
        known = {
            "doc_id": table["doc_id"],
            "source": table["source"],
            "n_bytes": table["n_bytes"],
            "verdict": verdicts,
        }
        decided = pa.table(
            [known.get(f.name, pa.nulls(len(texts), f.type)) for f in DECISIONS], schema=DECISIONS
        )
        write_part(store, f"decided/{unit}.parquet", DECISIONS, decided.to_batches())
        place = (store, f"documents/{unit}.parquet")
        made.append(KeptUnit(unit, 1, place, ((store, f"decided/{unit}.parquet"),), place))
    return made


PARTS_TABLE = pa.table(
    {
        "benchmark": ["exam", "exam", "legal"],
        "item": [0, 0, 1],
        "id": ["q0", "q0", "l0"],
        "part": ["text", "answer", "text"],
        "text": [QUESTION, ANSWER, COMMON],
    },
    schema=PARTS,
)


def run(
    store: Store, units: list[KeptUnit], settings: DecontaminateSettings
) -> tuple[list[UnitResult], Findings]:
    """Both passes, as the step makes them."""
    index = build_index(tokenize(PARTS_TABLE["text"].combine_chunks(), settings.cut), settings.ngram, 8)
    index.save(Path(store.path("index")))
    counts = np.zeros(len(index.gram_at), np.int64)
    for unit in units:
        found = MatchUnit(store, settings)(unit)
        counts[found.facts["grams"]] += found.facts["counts"]
    ignored = common(counts, settings)
    np.save(store.path("index/ignored.npy"), ignored)
    judge = JudgeUnit(store, Judge(settings, PARTS_TABLE.drop_columns(["text"])))
    results = [judge(unit) for unit in units]
    covered = np.unique(np.concatenate([r.facts["covered"] for r in results]))
    overlaps = _overlaps(store, gather(results))
    counted = Ledger([c for r in results for c in r.counts]).counts()
    return results, Findings(PARTS_TABLE, index, counts, ignored, covered, overlaps, *_sums(counted))


def later(unit: KeptUnit, store: Store) -> KeptUnit:
    """The unit as the steps after this one see it."""
    cuts = f"cuts/{unit.unit}.parquet"
    decided = (*unit.decisions, (store, f"decisions/{unit.unit}.parquet"))
    found = (Cuts(store, cuts, len(decided)),) if store.exists(cuts) else ()
    return KeptUnit(unit.unit, 1, unit.documents, decided, unit.signals, found)


def texts_of(unit: KeptUnit, rows: int) -> list[str]:
    return [text for batch in unit.read(["text"], rows) for text in batch.column("text").to_pylist()]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.at(tmp_path)


def mixed(**more: str) -> dict[str, list[str]]:
    pages = [f"{CLEAN}{COMMON} {n} {CLEAN}" for n in range(11)]
    return {
        "a": [CLEAN, f"drop {QUESTION}", f"{CLEAN}{QUESTION.upper()}. {CLEAN}", *pages[:6]],
        "b": [*pages[6:], f"see {ANSWER}", CLEAN],
        "none": [],
    }


def test_spans_leave_and_the_books_balance(store: Store) -> None:
    units = corpus(store, mixed())
    results, _ = run(store, units, GPT3)
    counts = [c for result in results for c in result.counts]
    assert differences(counts) == []
    kept = Ledger(counts).counts()
    by = {(c.outcome, c.rule): (c.documents, c.bytes) for c in kept}
    assert by["in", None][0] == 15 and by["kept", None][0] == 14
    assert by["dropped", "decontaminate.exam"] == (1, len(f"see {ANSWER}"))
    after = [later(unit, store) for unit in units]
    texts = [text for unit in after for text in texts_of(unit, 3)]
    assert sum(len(text.encode()) for text in texts) == by["kept", None][1]
    sizes = [
        n
        for unit in after
        for b in unit.read_signals(["n_bytes"], 4)
        for n in b.column("n_bytes").to_pylist()
    ]
    assert sizes == [len(text.encode()) for text in texts]
    cut = texts[1]
    assert cut == CLEAN[:-200] + CLEAN[200 - len(". ") :]
    assert texts[0] == CLEAN and all(COMMON in text for text in texts[2:13])


def test_common_phrases_are_removed_where_nothing_is_common(store: Store) -> None:
    units = corpus(store, mixed())
    run(store, units, VARIANTS["ngram8"].settings)
    left = [text for unit in units for text in texts_of(later(unit, store), 512)]
    assert left == [CLEAN, *[f"{CLEAN}{COMMON} {n} {CLEAN}" for n in range(11)], CLEAN]


def test_the_card_holds_counts_and_ids_and_no_text(store: Store) -> None:
    units = corpus(store, mixed())
    _, found = run(store, units, GPT3)
    card = build_card("gpt3", GPT3, found)
    exam, legal = card.benchmarks
    assert (card.documents, card.documents_hit, card.documents_dropped) == (15, 2, 1)
    assert (exam.items, exam.items_hit, exam.items_dirty, exam.covered) == (1, 1, 1, 1.0)
    assert (exam.documents_hit, exam.documents_dropped, exam.ngrams_common) == (2, 1, 0)
    assert [(hit.id, hit.share, hit.documents, hit.examples) for hit in exam.hits] == [
        ("q0", 1.0, 2, ("a-2", "b-5"))
    ]
    assert (legal.items_hit, legal.ngrams, legal.ngrams_seen, legal.ngrams_common) == (0, 3, 3, 3)
    whole = json.dumps(card.to_dict()) + markdown(card.to_dict())
    assert "word3" not in whole and "secret" not in whole and "reserved" not in whole
    assert "| exam | 1 | 0 | 1 |" in whole and "`b-5`" in whole


def test_nothing_found_gives_an_empty_card(store: Store) -> None:
    results, found = run(store, corpus(store, {"a": [CLEAN], "none": []}), GPT3)
    card: Card = build_card("gpt3", GPT3, found)
    assert [b.items_hit for b in card.benchmarks] == [0, 0] and card.documents_hit == 0
    assert [r.parts["decisions"].rows for r in results] == [1, 0]


def test_splitting_units_elsewhere_changes_no_verdict(store: Store, tmp_path: Path) -> None:
    texts = [text for unit in mixed().values() for text in unit]
    verdicts = []
    for name, size in (("one", len(texts)), ("many", 1), ("three", 3)):
        other = Store.at(tmp_path / name)
        units = {f"u{n:03}": texts[n : n + size] for n in range(0, len(texts), size)}
        made = corpus(other, units)
        run(other, made, GPT3)
        verdicts.append([text for unit in made for text in texts_of(later(unit, other), 2)])
    assert verdicts[0] == verdicts[1] == verdicts[2]


def test_the_report_shows_the_benchmarks_and_no_excerpt_of_what_was_dropped(store: Store) -> None:
    units = corpus(store, mixed())
    _, found = run(store, units, GPT3)
    card = build_card("gpt3", GPT3, found).to_dict()
    shown = collect_contamination(card)
    assert [(row.name, row.items, row.items_hit, row.documents) for row in shown] == [
        ("exam", 1, 1, 2),
        ("legal", 1, 0, 0),
    ]
    page = render(Facts(run=RunFacts("r"), contamination=shown))
    assert 'id="contamination"' in page and "exam" in page
    assert collect_contamination(None) == ()
    tables = {"decontaminate_decisions": store.path("decisions"), "documents": store.path("documents")}
    (sample,) = collect_dropped(tables)
    assert (sample.rule, sample.detail, sample.excerpt) == ("decontaminate.exam", "q0", None)
