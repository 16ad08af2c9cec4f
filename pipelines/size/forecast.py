"""The forecast of a build, step by step: what flows, what it costs, how sure that is and why."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from daybreak.recipe import Recipe
from pipelines.dedup.local import SET_BYTES, fits
from pipelines.dedup.wanted import stage_settings
from pipelines.mixture.apportion import quotas
from pipelines.size.amount import Amount, total
from pipelines.size.history import History, Ratio
from pipelines.size.laws import BYTES_A_TOKEN, DEDUP_KEEPS, LAWS, MEMORY, Growth, Law
from pipelines.size.survey import SourceSurvey

UNSURE, SURER = 2.0, 1.5
"""Factor of doubt of CPU time: by the laws' own rates, and by a run's (a shared machine's speed swings by half)."""

WIDE_VOCABULARY = 65_500
"""Vocabulary from which token ids take four bytes."""


@dataclass(frozen=True)
class Range:
    """A forecast value with the least and most it may come to."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, doubt: tuple[float, float]) -> Range:
        """A value and the factors to its ends."""
        return cls(value, value * doubt[0], value * doubt[1])


@dataclass(frozen=True)
class StepForecast:
    """One step. documents, text: what it leaves, bytes. cpu: core seconds that tasks share; once: seconds of one core
    at the start and on the driver. tasks: into which the work is cut. disk: bytes by table. driver: bytes of its
    Python process. runs: how many earlier runs tell its rates. why: the reasons of the ranges."""

    step: str
    law: str
    documents: Range
    text: Range
    tokens: float
    cpu: Range
    once: float
    tasks: int
    shuffle: Range
    disk: Mapping[str, Range]
    driver: float
    runs: int
    why: tuple[str, ...]

    def wall(self, cores: int) -> Range:
        """Seconds at so many cores."""
        share = max(1, min(cores, self.tasks))
        return Range(*(self.once + cpu / share for cpu in (self.cpu.value, self.cpu.low, self.cpu.high)))


@dataclass(frozen=True)
class Forecast:
    """All steps in order, and what could not be forecast, in words."""

    steps: tuple[StepForecast, ...]
    notes: tuple[str, ...] = ()


@dataclass
class _Flow:
    """What reaches a step: amounts by source, factors of doubt of documents and of text, and units."""

    amounts: dict[str, Amount]
    documents: tuple[float, float]
    text: tuple[float, float]
    units: int
    why: tuple[str, ...] = ()


def forecast(
    recipe: Recipe, sources: Mapping[str, SourceSurvey], history: History, steps: list[str]
) -> Forecast:
    """The forecast of these steps, in order, from a survey of the input and earlier runs."""
    flow = _Flow({}, (1.0, 1.0), (1.0, 1.0), sum(source.units for source in sources.values()))
    done, notes = list[StepForecast](), _notes(sources, history)
    for step in steps:
        if step in ("ingest", "filter"):
            one, flow = _sampled(step, recipe, sources, history, flow)
        elif step in LAWS:
            one, flow = _lawful(step, recipe, history, flow)
        else:
            notes.append(f"{step} is not forecast")
            continue
        done.append(one)
    return Forecast(tuple(done), tuple(notes))


def _notes(sources: Mapping[str, SourceSurvey], history: History) -> list[str]:
    notes = [
        f"{name}: {source.sample.why}; nothing of it is in the forecast"
        for name, source in sources.items()
        if not source.sample.files
    ]
    notes += [
        f"{name}: {source.unknown_sizes} of {source.files} sizes are not known, the others' mean stands for them"
        for name, source in sources.items()
        if source.unknown_sizes
    ]
    if not history.places:
        notes.append(
            "no earlier run: rates are those measured on another machine (pipelines/size/laws.py). Run a small part of "
            "the input, then name its workspace by --like"
        )
    return notes


def _scale(source: SourceSurvey) -> float:
    """How many times what was sampled a source holds."""
    return source.stored_bytes / source.sample.stored_bytes if source.sample.stored_bytes else 0.0


def _sampled(
    step: str, recipe: Recipe, sources: Mapping[str, SourceSurvey], history: History, before: _Flow
) -> tuple[StepForecast, _Flow]:
    """Ingest or filter: amounts and tables as the sample has them."""
    flows = {n: s.sample.ingest if step == "ingest" else s.sample.filter for n, s in sources.items()}
    came = {n: _amount(flows[n], "in", "in_bytes", _scale(s)) for n, s in sources.items()}
    left = {n: _amount(flows[n], "out", "out_bytes", _scale(s)) for n, s in sources.items()}
    doubt, why = _sampling(sources)
    after = replace(before, amounts=left, documents=doubt, text=doubt, why=why)
    law, cpu = LAWS[step], _cpu(step, LAWS[step], history, came, left, before.units)
    if step == "ingest" and "ingest" not in history.cpu:
        cpu = sum(s.sample.cpu_seconds * _scale(s) for s in sources.values())
    disk = {t: Range.of(size, doubt) for t, size in _sampled_tables(step, sources).items()}
    return _step(step, step, law, recipe, history, after, cpu, 0.0, disk, 0.0, why), after


def _amount(flow: Mapping[str, int], documents: str, size: str, scale: float) -> Amount:
    return Amount(flow.get(documents, 0) * scale, flow.get(size, 0) * scale)


def _sampling(sources: Mapping[str, SourceSurvey]) -> tuple[tuple[float, float], tuple[str, ...]]:
    """Doubt from sampling: how far files of a source differ in text a stored byte, less with more of them."""
    sums, why = [0.0, 0.0, 0.0], list[str]()
    for name, source in sources.items():
        sample = source.sample
        text = sample.ingest.get("out_bytes", 0) * _scale(source)
        share = min(1.0, sample.stored_bytes / source.stored_bytes) if source.stored_bytes else 1.0
        mean = text / source.stored_bytes if source.stored_bytes else 0.0
        less = math.sqrt((1 - share) / sample.files) if sample.files else 0.0
        low, high = ((edge / mean - 1) * less if mean else 0.0 for edge in sample.spread)
        sums = [sums[0] + text, sums[1] + text * max(low, -0.95), sums[2] + text * high]
        if share < 0.95 and sample.files:
            edges = f"{sample.spread[0]:.2f} to {sample.spread[1]:.2f}"
            why.append(
                f"{name}: {share:.1%} read, {sample.files} files of {edges} bytes of text a stored byte"
            )
    if not sums[0]:
        return (1.0, 1.0), tuple(why)
    return (1 + min(-0.02, sums[1] / sums[0]), 1 + max(0.02, sums[2] / sums[0])), tuple(why)


def _sampled_tables(step: str, sources: Mapping[str, SourceSurvey]) -> dict[str, float]:
    """Bytes by table: what a part takes without rows for each unit, and the rows' own by stored bytes."""
    sizes: dict[str, float] = {}
    for source in sources.values():
        for name, (_, size, overhead) in source.sample.tables.items():
            of, _, table = name.partition(".")
            if of == step:
                fixed = overhead / source.sample.files * source.units
                rows = max(0, size - overhead) * _scale(source)
                sizes[table] = sizes.get(table, 0.0) + fixed + rows
    return sizes


def _lawful(step: str, recipe: Recipe, history: History, before: _Flow) -> tuple[StepForecast, _Flow]:
    """Any later step: amounts by earlier runs' shares, cost by its law and their ratios."""
    after, why = SHARES.get(step, _all_of_it)(step, recipe, history, before)
    came, left = total(before.amounts.values()), total(after.amounts.values())
    name = _law_name(step, recipe, came)
    law = LAWS[name]
    parts = max(1, math.ceil(left.tokens / recipe.shards.tokens)) if step == "shards" else before.units
    if step == "tokenizer" and recipe.tokenizer:
        came = Amount(came.documents, min(came.bytes, recipe.tokenizer.sample_bytes))
    cpu = _cpu(name, law, history, {"": came}, {"": left}, parts)
    ratio = history.shuffle.get(name, Ratio())
    shuffle = law.shuffle(parts, Amount(came.documents, came.bytes, left.tokens)) * ratio.factor
    if step == "dedup":
        shuffle *= 1 if ratio.runs else stage_settings(recipe).bands / 24
    disk = {
        table: Range.of(_table(step, table, growth, law, recipe, history, parts, came, left), before.text)
        for table, growth in law.tables.items()
    }
    driver = _driver(name, law, recipe, came)
    return _step(step, name, law, recipe, history, after, cpu, shuffle, disk, driver, why, parts), after


def _law_name(step: str, recipe: Recipe, came: Amount) -> str:
    if step != "dedup":
        return step
    prior = recipe.dedup.history is not None or bool(recipe.dedup.against)
    local = fits(int(came.documents), int(came.bytes), stage_settings(recipe), prior)
    return "dedup" if local else "dedup in Spark"


def _table(
    step: str,
    table: str,
    growth: Growth,
    law: Law,
    recipe: Recipe,
    history: History,
    parts: int,
    came: Amount,
    left: Amount,
) -> float:
    files = 1 if step in ("tokenizer", "mixture", "report") else parts
    ratio = history.tables.get(f"{step}.{table}", Ratio())
    size = growth(files, came if table in law.wide else left) * ratio.factor
    vocabulary = recipe.tokenizer.vocab_size if recipe.tokenizer else 0
    wide = step == "shards" and not ratio.runs and vocabulary >= WIDE_VOCABULARY
    return size + growth.token * left.tokens * wide


def _driver(name: str, law: Law, recipe: Recipe, came: Amount) -> float:
    """Bytes of the driver's Python process."""
    data = law.driver(0, came)
    if name == "dedup":
        data = law.driver(0, replace(came, bytes=came.bytes * SET_BYTES[stage_settings(recipe).shingles]))
    if name == "dedup in Spark" and recipe.dedup.near:
        rows = min(came.documents * stage_settings(recipe).bands, recipe.dedup.near.max_driver_edges)
        data = 24.0 * rows
    return MEMORY["driver"].bytes + data


def _cpu(
    name: str, law: Law, history: History, came: Mapping[str, Amount], left: Mapping[str, Amount], parts: int
) -> float:
    """CPU seconds that grow with the data."""
    ratio = history.cpu.get(name, Ratio())
    return law.work(total(came.values()), total(left.values()), parts) * ratio.factor


def _step(
    step: str,
    name: str,
    law: Law,
    recipe: Recipe,
    history: History,
    after: _Flow,
    cpu: float,
    shuffle: float,
    disk: Mapping[str, Range],
    driver: float,
    why: tuple[str, ...],
    parts: int | None = None,
) -> StepForecast:
    ratio, left = history.cpu.get(name, Ratio()), total(after.amounts.values())
    doubt, reason = _doubt(name, history, left)
    once = law.once(1) * ratio.factor
    tasks = min(parts or after.units, recipe.spark.partitions or parts or after.units)
    return StepForecast(
        step,
        name,
        Range.of(left.documents, after.documents),
        Range.of(left.bytes, after.text),
        left.tokens,
        Range.of(cpu if law.parallel else 0.0, (after.text[0] / doubt, after.text[1] * doubt)),
        once if law.parallel else once + cpu,
        max(1, tasks) if law.parallel else 1,
        Range.of(shuffle, (after.text[0] / UNSURE, after.text[1] * UNSURE)),
        disk,
        driver or MEMORY["driver"].bytes,
        len(ratio.runs),
        (*why, reason),
    )


def _doubt(name: str, history: History, left: Amount) -> tuple[float, str]:
    """Factor of doubt of CPU time, and why."""
    ratio = history.cpu.get(name, Ratio())
    if not ratio.runs:
        return UNSURE, f"cpu: no run tells, rates of {LAWS[name].source}"
    seen = max(history.seen.get(name, [0.0]))
    beyond = left.bytes / seen if seen else 1.0
    words = f"cpu: {len(ratio.runs)} runs, {min(ratio.runs):.2f} to {max(ratio.runs):.2f} times the law"
    if beyond > 10:
        return UNSURE, f"{words}; {beyond:.0f} times the text of the largest run"
    return SURER, words


def _all_of_it(step: str, recipe: Recipe, history: History, before: _Flow) -> tuple[_Flow, tuple[str, ...]]:
    return before, ()


def _deduplicated(
    step: str, recipe: Recipe, history: History, before: _Flow
) -> tuple[_Flow, tuple[str, ...]]:
    """What a step that drops documents leaves, by earlier runs' shares."""
    default = (DEDUP_KEEPS, DEDUP_KEEPS) if step == "dedup" else (1.0, 1.0)
    shares = {name: history.share(step, name) or default for name in before.amounts}
    known = any(name == step for name, _ in history.kept)
    left = {name: amount.scaled(*shares[name]) for name, amount in before.amounts.items()}
    low, high = (0.8, 1.1) if known else (0.6, 1.25)
    after = replace(
        before,
        amounts=left,
        documents=(before.documents[0] * low, before.documents[1] * high),
        text=(before.text[0] * low, before.text[1] * high),
    )
    reason = (
        "earlier runs' share; more text holds more copies" if known else "no run tells how much is duplicate"
    )
    return after, (f"kept: {reason}",)


def _tokenised(step: str, recipe: Recipe, history: History, before: _Flow) -> tuple[_Flow, tuple[str, ...]]:
    """Tokens of what is left."""
    default = bytes_a_token(recipe.tokenizer.vocab_size if recipe.tokenizer else 32_000)
    left = {
        name: replace(amount, tokens=amount.bytes / (history.bytes_a_token(name) or default))
        for name, amount in before.amounts.items()
    }
    return replace(before, amounts=left), ()


def _mixed(step: str, recipe: Recipe, history: History, before: _Flow) -> tuple[_Flow, tuple[str, ...]]:
    """What the quotas take of each source; further epochs of a document are no further rows in a shard."""
    available = {name: int(amount.tokens) for name, amount in before.amounts.items() if amount.tokens >= 1}
    weights = {name: recipe.sources[name].weight for name in available}
    given = (
        quotas(available, weights, recipe.mixture.total_tokens, recipe.mixture.max_epochs)
        if available
        else {}
    )
    shares = {name: min(1.0, quota.epochs) for name, quota in given.items()}
    left = {
        name: amount.scaled(shares.get(name, 0.0), shares.get(name, 0.0))
        for name, amount in before.amounts.items()
    }
    return replace(before, amounts=left), ()


Share = Callable[[str, Recipe, History, _Flow], tuple[_Flow, tuple[str, ...]]]
SHARES: Mapping[str, Share] = {
    "dedup": _deduplicated,
    "passages": _deduplicated,
    "decontaminate": _deduplicated,
    "encode": _tokenised,
    "mixture": _mixed,
}
"""What a step leaves of what it takes in; a step that is not here leaves all."""


def bytes_a_token(vocabulary: int) -> float:
    """Bytes of text a token, by the size of the vocabulary, from `BYTES_A_TOKEN`."""
    points = sorted(BYTES_A_TOKEN.items())
    if vocabulary <= points[0][0]:
        return points[0][1]
    for (low, one), (high, other) in pairwise(points):
        if vocabulary <= high:
            return one + (other - one) * math.log(vocabulary / low) / math.log(high / low)
    return points[-1][1]
