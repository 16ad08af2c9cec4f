"""Daybreak's contracts: recipes, document schemas, manifests, storage, accounting, and the command line."""

__version__ = "0.1.0"
