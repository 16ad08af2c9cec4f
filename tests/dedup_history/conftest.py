"""Embedded Spark for the tests of this room."""

from __future__ import annotations

from tests.dedup.conftest import bench, bench_pairs, spark  # noqa: F401
