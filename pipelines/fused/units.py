"""The units of work that input files are cut into, the tasks' share of them, and the check that none was missed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from daybreak.errors import InputError
from daybreak.recipe import Recipe
from pipelines.ingest.cuts import CUTS, cut
from pipelines.ingest.inputs import Input
from pipelines.ingest.places import use
from pipelines.ingest.spans import DECODED, Entry, Part, Span
from pipelines.spark.finished import Finished
from pipelines.spark.narrow import UnitResult

MAX_LANES = 8
"""Tasks that decode one stream, at most: each decodes all of it, a tenth of the work on its own spans or less."""

Read = Callable[[Input, Part | None], UnitResult]
"""The work on one file or one part of it; a result without parts tells that the file ended before."""


def unit_name(item: Input, span: Span | None) -> str:
    """The name of a file's unit; those of its spans follow one another as they do."""
    return item.unit if span is None else f"{item.unit}-{span.number:06d}"


def of_sources(names: Sequence[str]) -> re.Pattern[str]:
    """Matches the names of these sources' units, and of files called after them."""
    return re.compile(rf"(?:{'|'.join(map(re.escape, names))})-[0-9a-f]{{16}}(?:-\d{{6,9}})?(?:\.|$)")


def failures(items: Iterable[Input], results: Iterable[UnitResult]) -> dict[str, str]:
    """Why files could not be read, by file (its unit's name): of each file what its first such unit tells."""
    files = {item.unit for item in items}
    found: dict[str, str] = {}
    for result in results:
        if result.failure:
            whole = result.unit in files
            found.setdefault(result.unit if whole else result.unit.rpartition("-")[0], result.failure)
    return found


def large(recipe: Recipe, items: Iterable[Input]) -> list[Input]:
    """The files that are more than one unit, if their layout and content allow it.

    Of a file that stands in a published listing nobody knows the size yet; chosen ranges are one unit a file.
    """
    limit = recipe.ingest.unit_bytes
    cuttable = (i for i in items if not i.ranges and recipe.sources[i.source].format in CUTS)
    return [i for i in cuttable if i.size > limit or (i.size == 0 and "://" in i.path)]


@dataclass(frozen=True)
class Cut:
    """Looks into a large file for where it can be cut."""

    recipe: Recipe

    def __call__(self, item: Input) -> list[Span]:
        """The file's spans; none for one that stays whole, or that reading will find unreadable."""
        use(self.recipe.remote)
        layout = self.recipe.sources[item.source].format
        try:
            return cut(layout, item.path, None, self.recipe.ingest.unit_bytes)
        except InputError:
            return []


@dataclass(frozen=True)
class Job:
    """What one call handles: a file, a span of it, or (a lane) every `stride`-th span of a stream from one on.

    size: stored bytes. last: number of the stream's last span, where an earlier run has found it.
    """

    item: Input
    size: int
    span: Span | None = None
    stride: int = 0
    last: int | None = None

    @property
    def source(self) -> str:
        """The source that the file is of."""
        return self.item.source

    @property
    def unit(self) -> str:
        """Name of the first unit."""
        return unit_name(self.item, self.span)

    def spans(self) -> Iterator[Span]:
        """The spans of a lane, without end where the last is not known."""
        assert self.span is not None
        for steps in count(0, self.stride):
            span = self.span.later(steps)
            if self.last is not None and span.number > self.last:
                return
            yield span


@dataclass(frozen=True)
class Work:
    """The work on a job: its units one by one, each marked as finished before the next."""

    read: Read
    finished: Finished

    def __call__(self, job: Job) -> list[UnitResult]:
        """Results of the units that were not finished before, and of those that an earlier try finished."""
        if job.span is None:
            return [self._unit(job.item, None, job.size)]
        if not job.stride:
            return [self._unit(job.item, Part(job.span), job.size)]
        return list(self._lane(job, Part(job.span)))

    def _lane(self, job: Job, part: Part) -> Iterator[UnitResult]:
        for span in job.spans():
            part.move(span)
            result = self._unit(job.item, part, (span.stop - span.start) // DECODED)
            if result.parts:
                yield result
            if not result.parts or result.facts.get("ended"):
                return

    def _unit(self, item: Input, part: Part | None, size: int) -> UnitResult:
        known = self.finished.find(unit_name(item, part.span if part else None))
        if known is not None:
            return known
        result = self.read(item, part)
        result = replace(result, facts={**result.facts, "bytes": size})
        if result.parts:
            self.finished.write(result)
        return result


def jobs(
    items: Sequence[Input],
    spans: Mapping[str, Sequence[Span]],
    done: Mapping[str, UnitResult],
    slots: int,
) -> list[Job]:
    """What is left to do. `spans` by file's unit name; `slots`: tasks that run at once."""
    total, lasts = sum(item.size for item in items), _lasts(done.values())
    found = []
    for item in items:
        cuts = spans.get(item.unit, ())
        if cuts and cuts[0].measure == "decoded":
            lanes = max(1, min(MAX_LANES, slots, -(-item.size * slots // max(total, 1))))
            found += _lanes(item, cuts[0], lanes, done, lasts.get(item.unit))
        else:
            size = item.size // max(1, len(cuts))
            found += [job for span in cuts or (None,) if (job := Job(item, size, span)).unit not in done]
    return found


def _lanes(
    item: Input, first: Span, lanes: int, done: Mapping[str, UnitResult], last: int | None
) -> list[Job]:
    if last is not None:
        if all(unit_name(item, first.later(n)) in done for n in range(last + 1)):
            return []
        lanes = min(lanes, last + 1)
    return [Job(item, item.size // lanes, first.later(n), lanes, last) for n in range(lanes)]


def _lasts(done: Iterable[UnitResult]) -> dict[str, int]:
    """Number of the last span of each stream of which it is among the finished ones, by the file's unit name."""
    ended = (result.unit.rpartition("-") for result in done if result.facts.get("ended"))
    return {unit: int(number) for unit, _, number in ended}


def unit_bytes(result: UnitResult) -> int:
    """Stored bytes that a finished unit stands for, about."""
    return int(result.facts.get("bytes", 0))


def misread(
    items: Sequence[Input], spans: Mapping[str, Sequence[Span]], results: Mapping[str, UnitResult]
) -> list[Job]:
    """For each archive the first span that does not begin where the one before it ended, to be read from there.

    Behind a span that could not be read nothing is known, and nothing is asked.
    """
    found = (_misread(item, spans.get(item.unit, ()), results) for item in items)
    return [job for job in found if job is not None]


def _misread(item: Input, spans: Sequence[Span], results: Mapping[str, UnitResult]) -> Job | None:
    due: Entry | None = Entry(0)
    for span in spans:
        result = results.get(unit_name(item, span))
        if result is None or result.failure or "entered" not in result.facts:
            return None
        wanted = due if due is not None and due.at < span.stop else None
        if _entry(result, "entered") != wanted:
            entry = due or Entry(spans[-1].stop + 1)
            return Job(item, span.stop - span.start, replace(span, entry=entry))
        due = _entry(result, "left") if wanted else due
    return None


def _entry(result: UnitResult, name: str) -> Entry | None:
    fact = result.facts[name]
    return Entry(**fact) if fact else None
