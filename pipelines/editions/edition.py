"""An edition's manifest, and which editions a place holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from daybreak.errors import WorkspaceError
from daybreak.manifest import FileEntry, canonical
from daybreak.workspace import MANIFEST

FORMAT = 1


@dataclass(frozen=True)
class Edition:
    """One edition. recipe_settings: SHA-256 over the settings of all steps, the day apart. values: for gates."""

    name: str
    recipe: str
    day: str | None
    recipe_settings: str
    tokenizer: str
    dtype: str
    documents: int
    tokens: int
    steps: Mapping[str, str]
    values: Mapping[str, float]
    files: tuple[FileEntry, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over the content of its files."""
        files = sorted([entry.path, entry.rows, entry.sha256] for entry in self.files)
        return hashlib.sha256(canonical(files)).hexdigest()

    def to_json(self) -> bytes:
        """Readable JSON, with its digest."""
        content = {"format": FORMAT, **asdict(self), "digest": self.digest}
        return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> Edition:
        """Read a manifest back; ValueError, KeyError or TypeError when it is damaged or of another format."""
        content: dict[str, Any] = json.loads(data)
        if (found := content.pop("format", None)) != FORMAT:
            raise ValueError(f"edition format {found}, this version reads {FORMAT}")
        digest = content.pop("digest")
        content["files"] = tuple(FileEntry(**entry) for entry in content["files"])
        edition = cls(**content)
        if edition.digest != digest:
            raise ValueError("it does not match its own digest: it was edited or damaged")
        return edition


def read_edition(folder: Path) -> Edition | None:
    """The edition in a folder; None where there is none. Raises WorkspaceError where its manifest is damaged."""
    try:
        return Edition.from_json((folder / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkspaceError(
            f"{folder / MANIFEST} cannot be read: {error}. Remove {folder} and publish it again."
        ) from error


def editions(place: Path) -> Iterator[Edition]:
    """The editions of a place, by name: days in their order. Folders that hold none are passed over."""
    names = sorted(entry.name for entry in place.iterdir()) if place.is_dir() else []
    for name in names:
        if not name.startswith(".") and (edition := read_edition(place / name)) is not None:
            yield edition


def before(place: Path, recipe: str, day: str) -> list[Edition]:
    """Editions of earlier days of a recipe, oldest first, whenever they were published."""
    return [e for e in editions(place) if e.recipe == recipe and e.day is not None and e.day < day]
