"""Errors that a user can act on. The command line prints their message alone, without a traceback."""

from __future__ import annotations


class DaybreakError(Exception):
    """A failure with a message for the user: what happened, where, and what to do. Exit code 1."""

    exit_code = 1


class RecipeError(DaybreakError):
    """A recipe or an override is wrong; found before any work starts. Exit code 2."""

    exit_code = 2


class InputError(DaybreakError):
    """An input cannot be opened or read, past what the recipe allows."""


class WorkspaceError(DaybreakError):
    """The workspace cannot be used: locked by another run, unwritable, full, or damaged."""


class AccountingError(DaybreakError):
    """Documents or bytes went missing between two stages."""
