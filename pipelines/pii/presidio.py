"""`Presidio`: names and places by Presidio's models, for those who install them; the rest needs no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.errors import RecipeError
from pipelines.guard import at_row
from pipelines.kernels.arrow import as_array, put
from pipelines.pii.edit import Finding, Rows, in_order, put_rows, redact
from pipelines.pii.find import Found
from pipelines.pii.findings import findings_column


@dataclass(frozen=True)
class Presidio:
    """Replace `entities` (Presidio's names) in `text` by <ENTITY>; append pii_<entity> int32, the counts, and add to
    `findings`, which `Scrub` has made. The density is left as it is.

    Only documents whose `lang` is `language` are looked at. model: the spaCy model. min_score: of a finding. Needs
    the packages presidio-analyzer and spacy; a missing one or a missing model is a RecipeError.
    """

    entities: tuple[str, ...] = ("PERSON", "LOCATION")
    language: str = "en"
    model: str = "en_core_web_sm"
    min_score: float = 0.5
    name: str = "presidio"

    def __post_init__(self) -> None:
        missing = [name for name in ("presidio_analyzer", self.model) if find_spec(name) is None]
        if missing:
            raise RecipeError(
                f"scrub.presidio needs the packages {' and '.join(missing)}, which are not installed. Install them "
                "in the environment of every worker, or leave the section out."
            )

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` with scrubbed text, counts and more findings."""
        text = as_array(batch.column("text"))
        wanted = pc.fill_null(pc.equal(batch.column("lang"), self.language), False)
        marks = {entity: f"<{entity}>".encode() for entity in self.entities}
        rows = redact(
            pc.if_else(wanted, text, pa.scalar(None, text.type)), partial(self._search, set()), marks
        )
        found = [("text", row, finding) for row, finding in in_order(rows)]
        batch = put(batch, "text", put_rows(text, rows))
        for entity in self.entities:
            counts = np.zeros(len(text), np.int32)
            np.add.at(counts, [row for _, row, finding in found if finding.type == entity], 1)
            batch = put(batch, f"pii_{entity.lower()}", pa.array(counts))
        more = findings_column(found, len(text), detector="presidio")
        return put(batch, "findings", _joined(batch.column("findings"), more, rows))

    def _search(self, seen: set[bool], text: pa.Array) -> dict[int, list[Found]]:
        """One pass over the texts; a second would take placeholders for names."""
        if seen or not text.null_count < len(text):
            return {}
        seen.add(True)
        analyze = _engine(self.language, self.model).analyze
        found = {}
        for row, document in enumerate(text.to_pylist()):
            at_row(row)
            results = (
                analyze(document, language=self.language, entities=list(self.entities)) if document else []
            )
            kept = [r for r in results if r.score >= self.min_score and not _marked(document, r)]
            if spans := _apart(document, kept):
                found[row] = spans
        return found


def _marked(document: str, result: Any) -> bool:
    """True if the result touches a placeholder."""
    return bool(set("<>") & set(document[max(0, result.start - 1) : result.end + 1]))


def _apart(document: str, results: list[Any]) -> list[Found]:
    """The results as spans in bytes, by place; of two that overlap the higher score, then the earlier."""
    chosen: list[Any] = []
    for result in sorted(results, key=lambda r: (-r.score, r.start, -r.end, r.entity_type)):
        if all(result.end <= other.start or other.end <= result.start for other in chosen):
            chosen.append(result)
    return [
        Found(len(document[: r.start].encode()), len(document[: r.end].encode()), r.entity_type, "model")
        for r in sorted(chosen, key=lambda r: r.start)
    ]


def _joined(first: pa.Array, second: pa.Array, rows: Rows) -> pa.Array:
    """Lists row by row, those of `second` behind those of `first`, which move with the text in the edited `rows`."""
    before = first.to_pylist()
    for row, (_, findings) in rows.items():
        for place in before[row]:
            if place["field"] == "text":
                by = _shift(findings, place["begin"])
                place["begin"] += by
                place["end"] += by
    return pa.array([[*a, *b] for a, b in zip(before, second.to_pylist(), strict=True)], first.type)


def _shift(findings: Sequence[Finding], at: int) -> int:
    """How far the byte at `at` of the text before `findings` were replaced has moved."""
    moved = 0
    for finding in findings:
        if finding.begin - moved >= at:
            break
        moved += finding.end - finding.begin - len(finding.value)
    return moved


@cache
def _engine(language: str, model: str) -> Any:
    """Presidio's analyzer over one spaCy model."""
    provider = import_module("presidio_analyzer.nlp_engine").NlpEngineProvider
    models = [{"lang_code": language, "model_name": model}]
    engine = provider(nlp_configuration={"nlp_engine_name": "spacy", "models": models}).create_engine()
    return import_module("presidio_analyzer").AnalyzerEngine(
        nlp_engine=engine, supported_languages=[language]
    )
