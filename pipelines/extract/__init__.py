"""From stored pages to plain text."""

from pipelines.extract.html import Extract

__all__ = ["Extract"]
