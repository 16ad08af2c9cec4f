"""Settings of duplicate removal, checked when they are made."""

from __future__ import annotations

from dataclasses import dataclass

from daybreak.errors import RecipeError
from pipelines.dedup.banding import candidate_probability, choose
from pipelines.dedup.shingles import KINDS

LEVELS = ("url", "exact", "near")
"""Levels of whole documents, in the order they are applied: each over what the former left."""

CLUSTERINGS = ("representative", "components")


@dataclass(frozen=True)
class DedupSettings:
    """What counts as a near duplicate, and how such pairs are looked for.

    levels: those of `LEVELS` to apply. shingles: what a shingle is made of (`shingles.KINDS`). ngram, char_ngram:
    words, or characters, in one. bands, rows: LSH bands, and hashes a band: 24 x 6 find .991 of the pairs at .75 and
    .9993 at .8, where 14 x 8 (FineWeb, arXiv 2406.17557) find .772 and .924. engine: what computes the bands
    (`engines`). seed: of the MinHash permutations. threshold: least exact Jaccard similarity of a verified pair
    (0.75 is what FineWeb's bands aim at). cluster: `representative` (`rounds`) or `components`. hubs: kept documents
    of a bucket that a later one is compared with. all_pairs: for components, up to which place in a bucket a
    document is compared with all before it. max_driver_edges: rows of buckets, and verified pairs, that the driver
    may hold, 16 to 24 bytes each; more are clustered in Spark. max_driver_documents: documents up to which all of it is
    done in one process (`local`).

    Raises RecipeError where the bands would miss most pairs at the threshold (bands and rows exchanged) or
    let through most pairs at half the threshold (one row a band, as in Spark's MinHashLSH).
    """

    levels: tuple[str, ...] = ("exact", "near")
    ngram: int = 5
    char_ngram: int = 24
    shingles: str = "words"
    bands: int = 24
    rows: int = 6
    engine: str = "kernel"
    seed: int = 1
    threshold: float = 0.75
    cluster: str = "representative"
    hubs: int = 4
    all_pairs: int = 16
    max_driver_edges: int = 5_000_000
    max_driver_documents: int = 200_000

    def __post_init__(self) -> None:
        if self.shingles not in KINDS:
            raise RecipeError(f"dedup: shingles {self.shingles!r}: expected one of {', '.join(KINDS)}")
        if min(self.ngram, self.char_ngram, self.bands, self.rows, self.hubs, self.max_driver_edges) < 1:
            raise RecipeError(
                "dedup: ngram, char_ngram, bands, rows, hubs and max_driver_edges must be 1 or more"
            )
        if self.cluster not in CLUSTERINGS:
            raise RecipeError(f"dedup: cluster is {' or '.join(CLUSTERINGS)}, not {self.cluster!r}")
        if self.cluster == "components" and self.all_pairs < self.hubs:
            raise RecipeError(f"dedup: all_pairs ({self.all_pairs}) must be hubs ({self.hubs}) or more")
        if not 0 < self.threshold <= 1:
            raise RecipeError(f"dedup: threshold {self.threshold} is not a Jaccard similarity in (0, 1]")
        found = candidate_probability(self.threshold, self.bands, self.rows)
        noise = candidate_probability(self.threshold / 2, self.bands, self.rows)
        if found < 0.5 or noise > 0.5:
            raise RecipeError(
                f"dedup: {self.bands} bands of {self.rows} rows find {found:.1%} of the pairs at Jaccard "
                f"{self.threshold} and {noise:.1%} at half of it; expected over and under 50%. Are bands and "
                f"rows exchanged? {self._advice()}"
            )

    @property
    def window(self) -> tuple[int, str]:
        """Length and kind of a shingle, as `shingles.shingle_windows` takes them."""
        return (self.char_ngram if self.shingles == "characters" else self.ngram), self.shingles

    def _advice(self) -> str:
        bands, rows = choose(self.threshold, 0.99)
        return f"{bands} bands of {rows} rows find 99% of the pairs at the threshold."
