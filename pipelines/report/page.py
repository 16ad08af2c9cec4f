"""From facts to one HTML page that needs no network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Any

import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipelines.report import charts_corpus as corpus
from pipelines.report import charts_duplicates as duplicates
from pipelines.report import charts_training as training
from pipelines.report import formats
from pipelines.report.facts import (
    Amount,
    DroppedSample,
    Facts,
    Histogram,
    LossPoint,
    Removal,
    Share,
    TokenizerFacts,
)
from pipelines.report.facts_duplicates import DuplicateFacts
from pipelines.report.vega import Spec

VEGA_LITE = "6.4"
BUNDLED = "window.vegaEmbed = vegaEmbed;"
MOST_ROWS = 20
LEADING_SCORES = 9


@dataclass(frozen=True)
class Figure:
    """A headline figure: what it is, its value, and what to compare it with."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class SampleGroup:
    """The dropped documents shown for one rule of a stage; `removed` documents in all, where counted."""

    stage: str
    rule: str
    removed: int | None
    samples: Sequence[DroppedSample]


@dataclass(frozen=True)
class Page:
    """What the template prints, beside the facts themselves."""

    figures: Sequence[Figure]
    charts: dict[str, Spec] = field(default_factory=dict)
    removals: Sequence[Removal] = ()
    edits: Sequence[Removal] = ()
    groups: Sequence[SampleGroup] = ()
    sources: Sequence[Share] = ()
    languages: Sequence[Share] = ()
    losses: Sequence[LossPoint] = ()
    unreadable: int = 0


def render(facts: Facts) -> str:
    """The whole page as HTML; the same facts give the same bytes."""
    scripts = [Markup(_closed(text)) for text in (_vega(), asset("page.js"))]
    template = environment().get_template("page.html.j2")
    return template.render(
        facts=facts,
        page=_page(facts),
        style=Markup(asset("page.css") + asset("lineage.css")),
        scripts=scripts,
        policy=_policy(scripts),
        leading_scores=LEADING_SCORES,
    )


@cache
def _vega() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script."""
    return str(vl_convert.javascript_bundle(snippet=BUNDLED, vl_version=VEGA_LITE))


def asset(name: str) -> str:
    """A file of the templates' folder."""
    return (files("pipelines.report") / "templates" / name).read_text(encoding="utf-8")


def _closed(script: str) -> str:
    """A script that cannot end its own element early."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _policy(scripts: Sequence[str]) -> str:
    """A content security policy under which only our scripts run and nothing is fetched."""
    digests = (base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
    )


def environment() -> Environment:
    """The templates, with how numbers are written."""
    made = Environment(
        loader=PackageLoader("pipelines.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("whole", "compact", "size", "percent", "signal", "duration", "printable"):
        made.filters[name] = getattr(formats, name)
    return made


def _page(facts: Facts) -> Page:
    sources, languages = _longest(facts.sources), _longest(facts.languages)
    removals = [removal for removal in facts.removals if removal.outcome != "edited"]
    return Page(
        figures=_figures(facts),
        charts=_charts(facts, sources, languages),
        removals=removals,
        edits=[removal for removal in facts.removals if removal.outcome == "edited"],
        groups=_groups(facts.dropped, removals),
        sources=sources,
        languages=languages,
        losses=_evenly(_evaluated(facts.losses), 12),
        unreadable=sum(r.amount.documents for r in removals if r.outcome == "quarantined"),
    )


def _charts(facts: Facts, sources: Sequence[Share], languages: Sequence[Share]) -> dict[str, Spec]:
    """The specification of every chart that has data, by the name its place in the template asks for."""
    specs: dict[str, Any] = {
        "funnel": facts.funnel and corpus.funnel_chart(facts.funnel),
        "sources": sources and corpus.shares_chart(sources),
        "languages": languages and corpus.shares_chart(languages),
        "lengths": facts.lengths and corpus.histogram_chart(facts.lengths, in_bytes=True),
        "clusters": facts.clusters and corpus.clusters_chart(facts.clusters),
        "mixture": facts.mixture and training.mixture_chart(facts.mixture),
        "tokenizer": facts.tokenizer and training.bytes_per_token_chart(_main_languages(facts.tokenizer)),
        "loss": any(p.loss is not None for p in facts.losses) and training.loss_chart(facts.losses),
        "rate": any(p.lr is not None for p in facts.losses) and training.rate_chart(facts.losses),
    }
    specs |= _duplicate_charts(facts.duplicates or DuplicateFacts())
    specs |= {f"score-{i}": _small(score) for i, score in enumerate(facts.scores)}
    return {name: spec for name, spec in specs.items() if spec}


def _duplicate_charts(found: DuplicateFacts) -> dict[str, Any]:
    limit, bins = found.threshold, found.certificate
    return {
        "similarities": found.similarities and duplicates.similarities_chart(found.similarities, limit),
        "certificate": bins and duplicates.certificate_chart(bins, found.curve, limit),
    }


def _small(score: Histogram) -> Spec:
    return corpus.histogram_chart(score, height=110)


def _main_languages(tokenizer: TokenizerFacts) -> TokenizerFacts:
    return replace(tokenizer, languages=tokenizer.languages[:MOST_ROWS])


def _longest(shares: Sequence[Share]) -> tuple[Share, ...]:
    """The first MOST_ROWS shares and the sum of the others."""
    rest = shares[MOST_ROWS:]
    if not rest:
        return tuple(shares)
    before, after = (sum((getattr(s, part) for s in rest), start=Amount()) for part in ("before", "after"))
    return (*shares[:MOST_ROWS], Share(f"{len(rest)} others", before, after))


def _evaluated(points: Sequence[LossPoint]) -> Sequence[LossPoint]:
    """The first and the last point and every evaluation between; all points where nothing was evaluated."""
    if all(point.eval_loss is None for point in points):
        return points
    ends = (points[0].step, points[-1].step)
    return [point for point in points if point.eval_loss is not None or point.step in ends]


def _evenly(points: Sequence[LossPoint], count: int) -> tuple[LossPoint, ...]:
    """About `count` points for the table beside the curve, the first and the last among them."""
    if len(points) <= count:
        return tuple(points)
    return tuple(points[round(i * (len(points) - 1) / (count - 1))] for i in range(count))


def _groups(dropped: Sequence[DroppedSample], removals: Sequence[Removal]) -> tuple[SampleGroup, ...]:
    counts = {(removal.stage, removal.rule): removal.amount.documents for removal in removals}
    groups = []
    for (stage, rule), members in groupby(dropped, key=lambda sample: (sample.stage, sample.rule)):
        samples = tuple(members)
        groups.append(SampleGroup(stage, rule, counts.get((stage, rule)), samples))
    return tuple(sorted(groups, key=lambda group: -(group.removed or 0)))


def _figures(facts: Facts) -> tuple[Figure, ...]:
    """The headline: documents, text, tokens, duplicates, loss; those that are known."""
    shown: list[Figure] = []
    if facts.funnel:
        shown += _corpus_figures(facts)
    if facts.tokenizer:
        shown.append(_tokens_figure(facts, facts.tokenizer))
    dedup = [flow for flow in facts.funnel if "dedup" in flow.stage]
    if dedup:
        gone, seen = sum(flow.dropped.documents for flow in dedup), dedup[0].entered.documents
        shown.append(
            Figure(
                "Duplicates removed", formats.whole(gone), f"{formats.percent(gone, seen)} of those compared"
            )
        )
    losses = [point for point in facts.losses if point.loss is not None]
    if losses:
        first, last = losses[0], losses[-1]
        shown.append(Figure("Final loss", f"{last.loss:.3f}", f"from {first.loss:.3f}, {last.step:,} steps"))
    return tuple(shown)


def _tokens_figure(facts: Facts, tokenizer: TokenizerFacts) -> Figure:
    """Tokens that came out at the end, else all that were encoded."""
    ratio = f"{tokenizer.bytes / max(tokenizer.tokens, 1):.2f} bytes a token"
    kept = facts.funnel[-1].kept.tokens if facts.funnel else None
    if kept is None or kept == tokenizer.tokens:
        return Figure("Tokens", formats.compact(tokenizer.tokens), ratio)
    return Figure("Tokens", formats.compact(kept), f"of {formats.compact(tokenizer.tokens)}, {ratio}")


def _corpus_figures(facts: Facts) -> list[Figure]:
    entered, kept = facts.funnel[0].entered, facts.funnel[-1].kept
    read = facts.funnel[0].kept.bytes
    return [
        Figure(
            "Documents kept",
            formats.whole(kept.documents),
            f"of {entered.documents:,} read ({formats.percent(kept.documents, entered.documents)})",
        ),
        Figure("Text kept", formats.size(kept.bytes), f"of {formats.size(read)} read"),
    ]
