"""Small corpora on disk, the passes without Spark, and a plain reference of what they must do."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.schema import DECISIONS, DOCUMENTS
from daybreak.storage import Store
from pipelines.dedup.order import DeclaredOrder
from pipelines.parts import write_part
from pipelines.passages import across, scan
from pipelines.passages.judge import LOSERS, JudgeUnit, losers_path
from pipelines.passages.settings import PassageSettings, Unit
from pipelines.passages.substrings import Substrings
from pipelines.reading import Cuts, KeptUnit
from pipelines.spark.narrow import UnitResult

SIGNALS = pa.schema([DECISIONS.field(name) for name in ("doc_id", "source", "n_bytes")])


def corpus(
    store: Store, units: Sequence[Sequence[str]], ids: Sequence[Sequence[str]] | None = None
) -> list[KeptUnit]:
    """Units of documents that nothing has decided on; ids by place unless given."""
    made = []
    for number, texts in enumerate(units):
        name = f"u{number:03}"
        names = ids[number] if ids else [f"{name}-{n:04}" for n in range(len(texts))]
        known = {"doc_id": names, "source": ["web"] * len(texts), "text": list(texts)}
        known["n_bytes"] = [len(text.encode()) for text in texts]
        for table, schema in (("documents", DOCUMENTS), ("signals", SIGNALS)):
            columns = [known.get(f.name, pa.nulls(len(texts), f.type)) for f in schema]
            rows = pa.table(
                [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema
            )
            write_part(store, f"{table}/{name}.parquet", schema, rows.to_batches())
        made.append(
            KeptUnit(name, 1, (store, f"documents/{name}.parquet"), (), (store, f"signals/{name}.parquet"))
        )
    return made


def passes(
    out: Store,
    units: Sequence[KeptUnit],
    settings: PassageSettings,
    seed: int = 0,
    seen: set[tuple[int, int]] | None = None,
) -> list[UnitResult]:
    """What the engine does, with sorted tables cut into random batches in the place of Spark.

    `seen`: (level, hash) of earlier runs; those of this one are added.
    """
    index = {unit.unit: k for k, unit in enumerate(units)}
    early = seen is None and any(
        isinstance(u.cut, Substrings) and not u.inside for u in settings.units.values()
    )
    if early:
        cut = next(u.cut for u in settings.units.values() if isinstance(u.cut, Substrings))
        for unit in units:
            scan.AnchorUnit(out, cut)(unit)
        rows = pa.Table.from_batches(
            [b for unit in units for b in scan.anchors_of(out, index, unit)],
            schema=scan.ANCHORS.append(pa.field("unit", pa.int32())),
        ).sort_by([("hash", "ascending"), ("unit", "ascending")])
        found = pa.Table.from_batches(list(across._several(iter(cut_up(rows, seed)))))
        _by_unit(out, found, units, scan.HASHES, scan.repeated_path)
    for unit in units:
        scan.ScanUnit(out, settings, DeclaredOrder(), early)(unit)
    firsts = scan.Firsts(out, settings, index)
    kind = pa.schema(
        [("level", pa.int8()), ("hash", pa.int64()), ("order", pa.binary()), ("unit", pa.int32())]
    )
    rows = pa.Table.from_batches([b for unit in units for b in firsts(unit)], kind)
    rows = rows.sort_by([(name, "ascending") for name in ("level", "hash", "order")])
    keys = list(zip(rows["level"].to_pylist(), rows["hash"].to_pylist(), strict=True))
    rows = rows.append_column("seen", pa.array([key in (seen or ()) for key in keys], pa.bool_()))
    copies = [unit.copies for unit in settings.units.values()]
    judged = list(across._judge(iter(cut_up(rows, seed)), np.array(copies), True))
    if judged:
        table = pa.Table.from_batches(judged)
        losers = table.filter(table["loses"]).sort_by([("level", "ascending"), ("hash", "ascending")])
        _by_unit(out, losers, units, LOSERS, losers_path)
    if seen is not None:
        seen.update(keys)
    return [JudgeUnit(out, settings)(unit) for unit in units]


def cut_up(table: pa.Table, seed: int) -> list[pa.RecordBatch]:
    """The rows in batches of random sizes, empty ones too."""
    draw = random.Random(seed)
    batches, start, whole = [], 0, table.combine_chunks()
    while start < len(whole):
        size = draw.choice((0, 1, 2, 3, 7, 50)) * (1 + len(whole) // 2000)
        piece = whole.slice(start, size).combine_chunks().to_batches()
        batches += piece or [pa.RecordBatch.from_pylist([], schema=table.schema)]
        start += size
    return batches


def _by_unit(out: Store, rows: pa.Table, units: Sequence[KeptUnit], schema: pa.Schema, path) -> None:  # type: ignore[no-untyped-def]
    for k, unit in enumerate(units):
        mine = rows.filter(pc.equal(rows["unit"], k)).select(schema.names)
        if len(mine):
            write_part(out, path(unit.unit), schema, mine.to_batches())


def after(unit: KeptUnit, out: Store) -> KeptUnit:
    """The unit as later steps see it."""
    decided = (*unit.decisions, (out, f"decisions/{unit.unit}.parquet"))
    cuts = (*unit.cuts, Cuts(out, f"cuts/{unit.unit}.parquet", len(decided)))
    return KeptUnit(unit.unit, unit.size, unit.documents, decided, unit.signals, cuts)


def left(units: Sequence[KeptUnit], out: Store) -> dict[str, str]:
    """Texts of the documents kept, by doc_id, as later steps read them."""
    read = [b for unit in units for b in after(unit, out).read(["doc_id", "text"], rows=3)]
    return {i: t for b in read for i, t in zip(b["doc_id"].to_pylist(), b["text"].to_pylist(), strict=True)}


def one(cut: object, copies: int = 1, inside: bool = False) -> PassageSettings:
    """Settings of a single unit of text."""
    return PassageSettings({"unit": Unit(cut, inside, copies)})  # type: ignore[arg-type]


def loose(text: str) -> str:
    """The loose form of a text in Latin letters and others without marks of their own, by the standard library."""
    kept = []
    for char in unicodedata.normalize("NFD", text):
        kind = unicodedata.category(char)
        if char.isspace():
            kept.append(" ")
        elif not (kind in ("Mn", "Cc", "Cf") or kind.startswith("P")):
            kept.append("0" if kind == "Nd" else char.lower())
    return re.sub(" +", " ", unicodedata.normalize("NFC", "".join(kept))).strip()


def blankless(text: str) -> str:
    """The text without white space."""
    return "".join(text.split())
