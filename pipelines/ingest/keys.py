"""Which key of a record holds what: the settings that JSON Lines, Parquet, Arrow and CSV share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

LICENCE = ("licence", "license")
"""Where a licence is looked for by default; in our metadata it is always `licence`."""


class Fields(NamedTuple):
    """What a layout knows of a document besides its text; values as they stand in the record, any type.

    `drop`: the rule by which the layout's options leave it out.
    """

    url: object = None
    timestamp: object = None
    lang: object = None
    metadata: Mapping[str, object] = {}
    drop: str | None = None


@dataclass(frozen=True)
class Keys:
    """Keys, or paths of keys with dots, in a layout's records.

    text: all are joined by a blank line. url, timestamp, lang, licence: the first that is there. metadata:
    the keys to keep, None for every one left over. renamed: further metadata by its name in ours, the first
    of its keys that is there.
    """

    text: tuple[str, ...] = ("text",)
    url: tuple[str, ...] = ("url",)
    timestamp: tuple[str, ...] = ("timestamp",)
    lang: tuple[str, ...] = ()
    licence: tuple[str, ...] = LICENCE
    metadata: tuple[str, ...] | None = None
    renamed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Keys:
        """The keys that a recipe's options name, by daybreak.recipe.options.KeyedOptions."""
        kept = options.get("metadata_keys")
        return cls(
            text=_names(options.get("text_key", "text")),
            url=_names(options.get("url_key", "url")),
            timestamp=_names(options.get("timestamp_key", "timestamp")),
            lang=_names(options.get("lang_key")),
            licence=_names(options.get("licence_key")) or LICENCE,
            metadata=None if kept is None else tuple(kept),
        )

    @cached_property
    def taken(self) -> frozenset[str]:
        """Keys with a place of their own, which `metadata=None` therefore leaves out."""
        own = (self.text, self.url, self.timestamp, self.lang, self.licence, *self.renamed.values())
        return frozenset(key for keys in own for key in keys)

    def describe(self, document: Mapping[str, Any]) -> Fields:
        """What a record says besides its text."""
        if self.metadata is None:
            taken = self.taken
            metadata = {key: value for key, value in document.items() if key not in taken}
        else:
            metadata = {key: lookup(document, key) for key in self.metadata}
        for name, keys in self.renamed.items():
            metadata[name] = first(document, keys)
        if (licence := first(document, self.licence)) is not None:
            metadata["licence"] = licence
        return Fields(
            first(document, self.url), first(document, self.timestamp), first(document, self.lang), metadata
        )


def first(document: Mapping[str, Any], keys: Sequence[str]) -> object:
    """The value of the first of `keys` that has one; None where none has."""
    for key in keys:
        if (value := lookup(document, key)) is not None:
            return value
    return None


def lookup(document: Mapping[str, Any], key: str) -> object:
    """The value under `key`: as it stands, else as a dotted path into nested objects; None where absent."""
    if key in document:
        return document[key]
    if "." not in key:
        return None
    value: object = document
    for part in key.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _names(given: str | Sequence[str] | None) -> tuple[str, ...]:
    if given is None:
        return ()
    return (given,) if isinstance(given, str) else tuple(given)
