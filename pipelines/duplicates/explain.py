"""Which key of the declared order decided between the document that stays and another of its cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.duplicates.clusters import Member
from pipelines.duplicates.order import QUALITY, order_keys

WHY = {"date": "earlier", "timestamp": "earlier", "length": "longer", "source": "better source",
       "licence": "better licence", "doc_id": "smaller doc_id"}  # fmt: skip


@dataclass(frozen=True)
class Reason:
    """The first key on which two documents differ, in words, and what each has there."""

    key: str
    words: str
    stays: Any
    other: Any


def reason(settings: Mapping[str, Any], stays: Member, other: Member) -> Reason | None:
    """Why `stays` comes before `other`; None where one of them stands outside this workspace."""
    if stays.unit is None or other.unit is None:
        return None
    for key in order_keys(settings):
        one, two = (_value(settings, key, member) for member in (stays, other))
        if _rank(settings, key, one) != _rank(settings, key, two):
            return Reason(key, WHY.get(key, f"higher {key.removeprefix(QUALITY)}"), one, two)
    return None


def _value(settings: Mapping[str, Any], key: str, member: Member) -> Any:
    if key.startswith(QUALITY):
        return member.signals.get(key.removeprefix(QUALITY).strip())
    if key == "licence":
        return _licence(member.metadata, str(settings.get("licence_key") or "").split("."))
    if key == "date":
        return (member.timestamp or "")[:10] or None
    return member.n_bytes if key == "length" else getattr(member, key, None)


def _rank(settings: Mapping[str, Any], key: str, value: Any) -> Any:
    listed: Sequence[str] | None = settings.get(f"{key}_order") if key in ("source", "licence") else None
    if listed is None:
        return value
    return listed.index(value) if value in listed else len(listed)


def _licence(metadata: str | None, path: Sequence[str]) -> str | None:
    found: Any = json.loads(metadata or "{}")
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else None
