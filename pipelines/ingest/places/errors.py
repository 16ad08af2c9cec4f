"""What goes wrong with a place: for good, or for now."""

from __future__ import annotations

from daybreak.errors import InputError
from daybreak.secrets import without_secrets


class Broken(Exception):
    """An attempt failed in a way that may pass: reset, time-out, too few bytes."""


class NoRanges(Exception):
    """The server sends the whole file where a part was asked for."""


class BrokenOff(InputError):
    """A file cannot be had from byte `at` on; what stands before can be read."""

    def __init__(self, message: str, at: int = 0) -> None:
        super().__init__(message)
        self.at = at


def unavailable(url: str, why: str, remedy: str) -> InputError:
    """The error for a file that cannot be had; no credential of its URL is shown."""
    return InputError(without_secrets(f"{url}: {why}. {remedy}"))
