"""How this process reaches other places: the recipe's `remote` section, taken over at the start of its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daybreak.errors import InputError
from daybreak.recipe.running import Remote

if TYPE_CHECKING:
    from pipelines.ingest.places.web import Facts

_settings = Remote()
_asked: dict[str, Facts | InputError] = {}


def use(remote: Remote) -> None:
    """Take these settings for every file that this process opens from here on, and forget what servers said.

    They are the process's, as its connections are, for they change no output: no reader has to hand them on.
    """
    global _settings
    _settings = remote
    _asked.clear()


def settings() -> Remote:
    """The settings in use."""
    return _settings


def asked() -> dict[str, Facts | InputError]:
    """What servers said of their files, by URL, since `use`: one run plans several times, and asks once."""
    return _asked
