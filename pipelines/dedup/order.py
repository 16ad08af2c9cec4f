"""The declared order: which of two duplicates stays. The same everywhere, and total, since doc_id ends it."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

ORDER = (("n_bytes", "descending"), ("timestamp", "ascending"), ("doc_id", "ascending"))
"""Longest first, then earliest (unknown dates last), then smallest doc_id."""


def ordered(table: pa.Table) -> pa.Table:
    """Rows in the declared order."""
    keys = [(name, direction, "at_end") for name, direction in ORDER]
    return table.take(pc.sort_indices(table, sort_keys=keys))
