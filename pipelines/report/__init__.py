"""The report: one self-contained page that shows what a run did at each step."""

from __future__ import annotations

from pipelines.report.collect import collect
from pipelines.report.facts import Facts, RunFacts
from pipelines.report.page import render

__all__ = ["Facts", "RunFacts", "collect", "render"]
