"""How this process reaches other places: the recipe's `remote` section, taken over at the start of its work."""

from __future__ import annotations

from daybreak.recipe.model import Remote

_settings = Remote()


def use(remote: Remote) -> None:
    """Take these settings for every file that this process opens from here on.

    They are the process's, as its connections are, for they change no output: no reader has to hand them on.
    """
    global _settings
    _settings = remote


def settings() -> Remote:
    """The settings in use."""
    return _settings
