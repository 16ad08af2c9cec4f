"""`SegmentedWords`: words as a library's dictionary cuts them, for scripts without spaces, where a recipe asks for it.

Our own rules count such scripts by character classes (`kernels.words`), which is fast and the same everywhere. A
segmenter gives words as readers see them, some hundred times slower. The libraries are extras (`segmenters` in
pyproject.toml); nothing here imports one unless a recipe names it.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.errors import RecipeError
from daybreak.recipe import Recipe
from pipelines.guard import progressed
from pipelines.kernels.arrow import put
from pipelines.language.codes import any_covers, wanted
from pipelines.quality.rules import choose

COLUMN = "n_words_segmented"
"""int32: words by the library of the document's language; null for languages without one."""

Cut = Callable[[str], Iterable[str]]


def _jieba() -> Cut:
    import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    return lambda text: tokenizer.cut(text)


def _fugashi() -> Cut:
    import fugashi

    tagger = fugashi.Tagger()
    return lambda text: (word.surface for word in tagger(text))


def _pythainlp() -> Cut:
    from pythainlp.tokenize import word_tokenize

    return lambda text: word_tokenize(text, engine="newmm-safe", keep_whitespace=False)


SEGMENTERS: Mapping[str, Callable[[], Cut]] = {
    "jieba": _jieba,
    "fugashi": _fugashi,
    "pythainlp": _pythainlp,
}
"""Chinese (dictionary and HMM), Japanese (MeCab with UniDic), Thai (maximum matching, bounded on hostile text)."""


@cache
def segmenter(name: str) -> Cut:
    """The segmenter of that name, loaded once a process; RecipeError if it is unknown or not installed."""
    choose("segmenter", name, SEGMENTERS)
    if importlib.util.find_spec(name) is None:
        raise RecipeError(f"{name} is not installed: pip install 'daybreak-corpus[segmenters]'")
    return SEGMENTERS[name]()


@dataclass(frozen=True)
class SegmentedWords:
    """Append `COLUMN`. libraries: (language as a recipe writes it, name in `SEGMENTERS`), the first that fits."""

    libraries: tuple[tuple[str, str], ...]
    name: str = "segmented_words"

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` with the column; the signal `n_words` stays as it is."""
        counts = np.full(batch.num_rows, -1, np.int64)
        languages = pc.dictionary_encode(batch.column("lang"), null_encoding="encode")
        codes = languages.indices.to_numpy(zero_copy_only=False)
        for code, language in enumerate(languages.dictionary.to_pylist()):
            library = next((lib for tag, lib in self.libraries if any_covers([tag], language)), None)
            if library is not None:
                rows = np.flatnonzero(codes == code)
                counts[rows] = _counts(batch.column("text").take(pa.array(rows)), segmenter(library))
        return put(batch, COLUMN, pa.array(counts, pa.int32(), mask=counts < 0))


def _counts(texts: pa.Array, cut: Cut) -> list[int]:
    """Segments with a letter or digit in each text; a null has none."""
    return [_count(text or "", cut) for text in texts.to_pylist()]


def _count(text: str, cut: Cut) -> int:
    progressed()
    return sum(any(map(str.isalnum, word)) for word in cut(text))


def segmenter_stage(recipe: Recipe) -> tuple[SegmentedWords, ...]:
    """The stage, where the recipe names segmenters."""
    chosen = recipe.quality.segmenters
    return (SegmentedWords(tuple(sorted(chosen.items()))),) if chosen else ()


def segmenter_versions(recipe: Recipe) -> dict[str, str]:
    """Library and version by language: what decides the column."""
    return {tag: f"{name} {version(name)}" for tag, name in sorted(recipe.quality.segmenters.items())}


def check_segmenters(recipe: Recipe) -> None:
    """Languages and libraries of `quality.segmenters` are known, and the libraries installed."""
    for tag, name in recipe.quality.segmenters.items():
        wanted(tag)
        segmenter(name)
