"""Report: one page that shows what happened at each step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from daybreak import __version__
from daybreak.accounting import STAGE_ORDER, Count
from daybreak.errors import DaybreakError
from daybreak.manifest import FileEntry
from daybreak.recipe import Recipe
from daybreak.workspace import LINEAGE, Workspace
from pipelines.code import library_version
from pipelines.decontaminate.benchmarks import content_hashes
from pipelines.gates.verdict import FILE as GATES
from pipelines.gates.verdict import read_verdict
from pipelines.lineage.draw import svg
from pipelines.lineage.graph import graph_of, read_events
from pipelines.quality.book import rulebook
from pipelines.report.collect import collect
from pipelines.report.facts import RunFacts
from pipelines.report.page import render
from pipelines.step import Context, Result, Step

PAGE = "page/index.html"
TABLES = {
    "documents": ("ingest", "documents"),
    "signals": ("ingest", "signals"),
    "ingest_decisions": ("ingest", "decisions"),
    "filter_decisions": ("filter", "decisions"),
    "dedup_decisions": ("dedup", "decisions"),
    "passages_decisions": ("passages", "decisions"),
    "decontaminate_decisions": ("decontaminate", "decisions"),
    "clusters": ("dedup", "clusters"),
    "quarantine": ("ingest", "quarantine"),
    "tokens": ("encode", "tokens"),
    "plan": ("mixture", "plan"),
    "metrics": ("train", "metrics"),
}
VERSIONS = ("pyspark", "pyarrow", "resiliparse", "sentencepiece", "torch")


class Report(Step):
    """The step. The page stands at report/index.html of the workspace."""

    name = "report"
    needs = (
        "ingest", "filter", "dedup", "passages", "decontaminate", "tokenizer", "encode", "mixture", "shards", "train"
    )  # fmt: skip
    code = (
        "pipelines.report",
        "pipelines.duplicates",
        "pipelines.excerpts",
        "pipelines.lineage.graph",
        "pipelines.lineage.draw",
        "pipelines.steps.report",
    )
    libraries = ("vl-convert-python", "jinja2")

    def wanted(self, recipe: Recipe) -> bool:
        """When the recipe has a report section (it has one by default)."""
        return recipe.report is not None

    def settings(self, recipe: Recipe) -> dict[str, Any]:
        """What is shown, and the wishes that are compared with what came out."""
        assert recipe.report is not None
        weights = {name: s.weight for name, s in sorted(recipe.sources.items())}
        shown = {"name": recipe.name, "weights": weights, **recipe.report.model_dump()}
        if recipe.decontaminate:
            shown["benchmarks"] = sorted(recipe.decontaminate.benchmarks)
        return shown

    def outside(self, recipe: Recipe) -> dict[str, str]:
        """The benchmarks: the card tells of those that removed nothing, too. The verdict of gates, also of those
        that stopped the run: the page is what one looks at then.
        """
        store = Workspace(recipe.workspace).store
        gates = {"gates": store.sha256(GATES)} if recipe.gates and store.exists(GATES) else {}
        return {**(content_hashes(recipe) if recipe.decontaminate else {}), **gates}

    def run(self, context: Context) -> Result:
        """Collect, draw, write."""
        recipe = context.recipe
        assert recipe.report is not None
        tokenizer = context.inputs["tokenizer"].facts if "tokenizer" in context.inputs else {}
        facts = collect(
            _tables(context),
            _ordered([c for m in context.inputs.values() for c in m.accounting]),
            run=_run_facts(context),
            asked=_asked(recipe),
            vocabulary=tokenizer.get("vocab_size"),
            tokenizer=_tokenizer_settings(recipe, tokenizer),
            rule_signals=_rule_signals(recipe),
            samples_per_rule=recipe.report.samples,
            contamination=_card(context),
            dedup=_dedup(context),
            gates=_gates(context),
        )
        page = render(replace(facts, lineage=_lineage(context))).encode()
        context.out.make("page")
        context.out.write(PAGE, page)
        context.workspace.store.write("report/index.html", page)
        entry = FileEntry(PAGE, 1, len(page), context.out.sha256(PAGE))
        return Result({"page": [entry]})


def _lineage(context: Context) -> Markup | None:
    """What the steps so far told, drawn; None where they told nothing."""
    if not context.workspace.store.exists(LINEAGE):
        return None
    graph = graph_of(read_events(context.workspace.store.read(LINEAGE).decode(errors="replace")))
    return svg(graph) if graph.nodes else None


def _card(context: Context) -> dict[str, Any] | None:
    manifest = context.inputs.get("decontaminate")
    return manifest.facts["card"] if manifest else None


def _gates(context: Context) -> dict[str, Any] | None:
    there = context.recipe.gates is not None and context.workspace.store.exists(GATES)
    return read_verdict(context.workspace) if there else None


def _dedup(context: Context) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    manifest = context.inputs.get("dedup")
    return (manifest.settings, manifest.facts) if manifest else None


def _tables(context: Context) -> dict[str, list[str] | str]:
    found: dict[str, list[str] | str] = {}
    for name, (step, table) in TABLES.items():
        if step in context.inputs and (entries := context.inputs[step].tables.get(table)):
            found[name] = [context.data(step).path(e.path) for e in entries]
    return found


def _ordered(counts: list[Count]) -> list[Count]:
    return sorted(counts, key=lambda c: STAGE_ORDER.index(c.stage))


def _asked(recipe: Recipe) -> dict[str, float]:
    total = sum(s.weight for s in recipe.sources.values())
    return {name: s.weight / total for name, s in sorted(recipe.sources.items())}


def _tokenizer_settings(recipe: Recipe, facts: Mapping[str, Any]) -> dict[str, object]:
    if recipe.tokenizer is None:
        return {}
    if recipe.tokenizer.path is not None:
        return {"finished": facts["fingerprint"][:16]}
    return recipe.tokenizer.model_dump(exclude={"path"})


def _rule_signals(recipe: Recipe) -> dict[str, str]:
    names = dict.fromkeys(name for source in recipe.sources for name in recipe.rules_for(source))
    rules = {rule.name: rule.signal for rule in rulebook(recipe.quality).rules(names)}
    return {**rules, "language.score": "lang_score", "language.mixed": "lang_share"}


def _versions() -> dict[str, str]:
    """Of the libraries that are here: a driver in a cluster's packed environment may go without torch."""
    found = {}
    for name in VERSIONS:
        with suppress(DaybreakError):
            found[name] = library_version(name)
    return found


def _run_facts(context: Context) -> RunFacts:
    log = context.workspace.store.read("run.log.jsonl").decode().splitlines()
    events = [json.loads(line) for line in log]
    commits = [e for e in events if e["event"] == "commit"]
    began = [e["time"] for e in events if e["event"] == "begin"]
    return RunFacts(
        recipe=context.recipe.name,
        fingerprint=context.inputs["shards"].digest[:16] if "shards" in context.inputs else "",
        started=began[0] if began else "",
        versions={"daybreak": __version__, **_versions()},
        durations={e["step"]: e["seconds"] for e in commits},
    )
