"""What is shown of one document and its cluster: on the terminal, as a page, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow.compute as pc

from pipelines.duplicates.clusters import Cluster, Member, cluster_of
from pipelines.duplicates.explain import Reason, reason
from pipelines.duplicates.tables import DupTables, scan
from pipelines.duplicates.words import Difference, difference
from pipelines.excerpts import whole_texts


@dataclass(frozen=True)
class View:
    """A document's fate and its cluster.

    reasons: why the one that stays comes before each listed member. left, right: the two documents whose
    texts are compared (left stays); difference: None where one of the texts is not in this workspace.
    """

    doc_id: str
    fate: str
    cluster: Cluster | None = None
    reasons: Mapping[str, Reason] | None = None
    left: Member | None = None
    right: Member | None = None
    difference: Difference | None = None

    def plain(self) -> dict[str, Any]:
        """As values that JSON knows."""
        return asdict(self)


def view_of(tables: DupTables, doc_id: str, limit: int = 20, context: int = 12) -> View:
    """Everything about one document: cluster and columns first, then the text of two documents."""
    cluster, fate = cluster_of(tables, doc_id, limit), fate_of(tables, doc_id)
    if cluster is None:
        return View(doc_id, fate)
    stays = cluster.stays
    reasons = {m.doc_id: why for m in cluster.members[1:] if (why := reason(tables.settings, stays, m))}
    right = cluster.member(doc_id)
    if right is stays:  # the one least like it tells most
        right = min(cluster.members[1:], key=lambda m: (m.similarity or 0, m.doc_id))
    found = compared(tables, [(stays, right)], context)
    return View(doc_id, fate, cluster, reasons, stays, right, found[0])


def fate_of(tables: DupTables, doc_id: str) -> str:
    """What dedup decided on a document, in words."""
    columns = ["verdict", "stage", "rule"]
    rows = scan(list(tables.decisions.values()), pc.field("doc_id") == doc_id, columns).to_pylist()
    if not rows:
        return "was dropped before dedup"
    (row,) = rows
    return "was kept" if row["verdict"] == "keep" else f"was dropped ({row['rule']})"


def compared(
    tables: DupTables, pairs: Sequence[tuple[Member, Member]], context: int = 12
) -> list[Difference | None]:
    """How the two texts of each pair differ; None where one of them is not in this workspace."""
    rows = [{"doc_id": m.doc_id, "unit": m.unit} for pair in pairs for m in pair if m.unit is not None]
    texts = whole_texts(tables.documents, rows)
    both = ((texts.get(left.doc_id), texts.get(right.doc_id)) for left, right in pairs)
    return [None if a is None or b is None else difference(a, b, context) for a, b in both]
