"""Clusters and their members, from columns alone: a document by doc_id, by its beginning, or by URL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from daybreak.errors import InputError
from pipelines.duplicates.order import order_signals
from pipelines.duplicates.pairs import Pair, ends
from pipelines.duplicates.tables import DupTables, scan

DOCUMENT = ("doc_id", "source", "url", "timestamp", "lang", "metadata")
AMBIGUOUS = 5


@dataclass(frozen=True)
class Member:
    """A document of a cluster. `unit` and what follows it are None where it stands outside this workspace.

    level: exact, near or url. matched, similarity: the document it was held against, None for the one that
    stays. n_bytes: UTF-8 bytes of its text. signals: those that the declared order looks at.
    """

    doc_id: str
    stays: bool
    level: str | None = None
    matched: str | None = None
    similarity: float | None = None
    unit: str | None = None
    source: str | None = None
    url: str | None = None
    timestamp: str | None = None
    lang: str | None = None
    n_bytes: int | None = None
    metadata: str | None = None
    signals: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Cluster:
    """A cluster and some of its `size` members: the one that stays first, then those most like it."""

    cluster_id: str
    size: int
    members: tuple[Member, ...]

    @property
    def stays(self) -> Member:
        """The document that stays."""
        return self.members[0]

    def member(self, doc_id: str) -> Member:
        """A member by its doc_id; KeyError where it is not listed."""
        return {member.doc_id: member for member in self.members}[doc_id]


def find(tables: DupTables, wanted: str) -> str:
    """The doc_id that `wanted` names. Raises InputError where it names no document, or several."""
    by_url = "://" in wanted
    where = pc.field("url") == wanted if by_url else pc.starts_with(pc.field("doc_id"), wanted)
    found = scan(list(tables.documents.values()), where, ["doc_id", "url"] if by_url else ["doc_id"])
    ids = sorted(set(found["doc_id"].to_pylist()))
    if wanted in ids or len(ids) == 1:
        return wanted if wanted in ids else ids[0]
    if not ids:
        raise InputError(f"no document of this workspace has the {'URL' if by_url else 'doc_id'} {wanted!r}")
    if by_url:  # pages fetched several times: any of them leads to the same cluster or to none
        return ids[0]
    shown = ", ".join(ids[:AMBIGUOUS]) + (", ..." if len(ids) > AMBIGUOUS else "")
    raise InputError(f"{len(ids)} documents begin with {wanted!r}: {shown}")


def cluster_of(tables: DupTables, doc_id: str, limit: int = 20) -> Cluster | None:
    """The cluster that holds a document, with at most `limit` members and the document; None without one."""
    own = tables.cluster_rows(pc.field("doc_id") == doc_id, ["cluster_id"])
    if not own.num_rows:
        return None
    (cluster_id,) = set(own["cluster_id"].to_pylist())
    return cluster_by_id(tables, cluster_id, limit, also=(doc_id,))


def cluster_by_id(tables: DupTables, cluster_id: str, limit: int, also: Sequence[str] = ()) -> Cluster:
    """A cluster with at most `limit` members and those of `also`, what they were matched with among them."""
    rows = tables.cluster_rows(pc.field("cluster_id") == cluster_id)
    keys = [("representative", "descending"), ("similarity", "descending"), ("doc_id", "ascending")]
    rows = rows.sort_by(keys)
    every = rows.to_pylist() if rows.num_rows <= limit else _picked(rows, limit, also)
    known = details(tables, [row["doc_id"] for row in every])
    members = [_member(row, known.get(row["doc_id"], {})) for row in every]
    if not any(member.stays for member in members):
        members.insert(0, Member(cluster_id, stays=True))  # an earlier run or another data set holds it
    return Cluster(cluster_id, rows["size"][0].as_py(), tuple(members))


def _picked(rows: pa.Table, limit: int, also: Sequence[str]) -> list[dict[str, Any]]:
    own = rows.filter(pc.is_in(rows["doc_id"], pa.array(also, pa.string())))
    first = rows.slice(0, limit).to_pylist()
    partners = own["matched"].drop_null().to_pylist()
    named = rows.filter(pc.is_in(rows["doc_id"], pa.array([*also, *partners], pa.string()))).to_pylist()
    return [*first, *(row for row in named if row not in first)]


def _member(row: dict[str, Any], known: dict[str, Any]) -> Member:
    return Member(
        row["doc_id"],
        row["representative"],
        row["level"],
        row["matched"],
        None if row["representative"] else row["similarity"],
        **known,
    )


def details(tables: DupTables, doc_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What `Member` tells of documents beside their cluster, by doc_id; none for those not in this workspace."""
    # With its type: of an empty list Arrow would make one of nulls, which fits no column.
    wanted = pc.field("doc_id").isin(pa.array(list(doc_ids), pa.string()))
    found = _placed(tables, wanted)
    columns = ["doc_id", "n_bytes", *order_signals(tables.settings)]
    for unit in {row["unit"] for row in found.values()}:
        files = [tables.signals[unit]] if unit in tables.signals else []
        for row in scan(files, wanted, columns).to_pylist():
            known = found[row.pop("doc_id")]
            known |= {"n_bytes": row.pop("n_bytes"), "signals": row}
    return found


def _placed(tables: DupTables, where: pc.Expression) -> dict[str, dict[str, Any]]:
    """Columns of the documents that pass, and their units, by doc_id. Text is not read."""
    found: dict[str, dict[str, Any]] = {}
    for unit, path in tables.documents.items():
        if not scan([path], where, ["doc_id"]).num_rows:
            continue
        for row in scan([path], where, DOCUMENT).to_pylist():
            doc_id = row.pop("doc_id")
            found[doc_id] = {**row, "unit": unit}
    return found


def placed_pairs(tables: DupTables, pairs: Sequence[Pair]) -> list[tuple[Member, Member]]:
    """Both documents of each pair with their columns: the one it was held against, then the document."""
    known = details(tables, ends(pairs))
    return [
        (
            Member(pair.matched, stays=True, **known.get(pair.matched, {})),
            Member(
                pair.doc_id,
                not pair.removed,
                "near",
                pair.matched,
                pair.similarity,
                **known.get(pair.doc_id, {}),
            ),
        )
        for pair in pairs
    ]


def largest(tables: DupTables, limit: int) -> list[Cluster]:
    """The `limit` largest clusters (ties by cluster_id), each with the document that stays as its only member."""
    rows = tables.cluster_rows(pc.field("size") >= 2, ["cluster_id", "size"])
    sizes = rows.group_by("cluster_id").aggregate([("size", "max")])
    keys = [("size_max", "descending"), ("cluster_id", "ascending")]
    chosen = sizes.sort_by(keys).slice(0, limit).to_pylist()
    firsts = pc.field("cluster_id").isin([row["cluster_id"] for row in chosen]) & pc.field("representative")
    stays = {row["cluster_id"]: row["doc_id"] for row in tables.cluster_rows(firsts).to_pylist()}
    ids = {row["cluster_id"]: stays.get(row["cluster_id"], row["cluster_id"]) for row in chosen}
    known = details(tables, ids.values())
    return [
        Cluster(name, row["size_max"], (Member(ids[name], stays=True, **known.get(ids[name], {})),))
        for row in chosen
        for name in (row["cluster_id"],)
    ]
