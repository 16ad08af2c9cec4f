"""The keys of the declared order, as the settings of the step dedup hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEFAULT = ("length", "timestamp", "doc_id")
"""The order of recipes that name none: longest, then earliest (unknown last), then smallest doc_id."""

QUALITY = "quality:"
"""Beginning of a key that names a column of the signals table."""


def order_keys(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Keys of the declared order in the settings of the step dedup; doc_id ends them."""
    keys = [
        key if isinstance(key, str) else f"{QUALITY}{key['quality']}" for key in settings.get("order") or ()
    ]
    keys = keys or list(DEFAULT)
    return tuple(keys if "doc_id" in keys else [*keys, "doc_id"])


def order_signals(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Columns of the signals table that the declared order looks at."""
    keys = order_keys(settings)
    return tuple(key.removeprefix(QUALITY).strip() for key in keys if key.startswith(QUALITY))
