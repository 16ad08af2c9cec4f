"""What computes the bands of a document, by name. A new engine is one file here and one line below."""

from __future__ import annotations

from pipelines.dedup.engines.engine import Engine
from pipelines.dedup.engines.kernel import KernelEngine
from pipelines.dedup.engines.spark_ml import SparkMlEngine

ENGINES: dict[str, Engine] = {engine.name: engine for engine in (KernelEngine(), SparkMlEngine())}

__all__ = ["ENGINES", "Engine"]
