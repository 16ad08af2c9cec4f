"""Files of a workspace, through pyarrow's file systems: local disk today, S3 or HDFS by the same calls."""

from __future__ import annotations

import hashlib
import os
import uuid
from dataclasses import dataclass
from pathlib import Path

from pyarrow import fs


@dataclass(frozen=True)
class Store:
    """A file system and a root below which all paths are relative. Pickles, so tasks can carry it."""

    filesystem: fs.FileSystem
    root: str

    @classmethod
    def at(cls, location: str | Path) -> Store:
        """The store at a local path or a URI (`s3://…`, `hdfs://…`)."""
        if "://" in str(location):
            filesystem, root = fs.FileSystem.from_uri(str(location))
            return cls(filesystem, root)
        return cls(fs.LocalFileSystem(), str(Path(location).absolute()))

    @property
    def local(self) -> bool:
        """Whether the root is a folder of this machine."""
        return isinstance(self.filesystem, fs.LocalFileSystem)

    def path(self, *parts: str) -> str:
        """The full path of something below the root."""
        return "/".join((self.root, *parts))

    def below(self, *parts: str) -> Store:
        """The same store with its root further down."""
        return Store(self.filesystem, self.path(*parts))

    def exists(self, *parts: str) -> bool:
        """Whether a file or folder is there."""
        return self.filesystem.get_file_info(self.path(*parts)).type != fs.FileType.NotFound

    def is_folder(self, *parts: str) -> bool:
        """Whether a folder is there."""
        return self.filesystem.get_file_info(self.path(*parts)).type == fs.FileType.Directory

    def make(self, *parts: str) -> None:
        """Create a folder and its parents."""
        self.filesystem.create_dir(self.path(*parts), recursive=True)

    def names(self, *parts: str) -> list[str]:
        """Names of the entries of a folder, sorted; empty when it is not there."""
        selector = fs.FileSelector(self.path(*parts), allow_not_found=True)
        return sorted(info.base_name for info in self.filesystem.get_file_info(selector))

    def sizes(self, *parts: str) -> dict[str, int]:
        """Size of each file in a folder by its name, in bytes; empty when the folder is not there."""
        selector = fs.FileSelector(self.path(*parts), allow_not_found=True)
        found = self.filesystem.get_file_info(selector)
        return {info.base_name: info.size for info in found if info.type == fs.FileType.File}

    def remove(self, *parts: str) -> None:
        """Delete a file or a whole folder; nothing happens when it is not there."""
        info = self.filesystem.get_file_info(self.path(*parts))
        if info.type == fs.FileType.Directory:
            self.filesystem.delete_dir(info.path)
        elif info.type == fs.FileType.File:
            self.filesystem.delete_file(info.path)

    def move(self, source: str, target: str) -> None:
        """Rename within the store; atomic on a local disk."""
        self.filesystem.move(self.path(source), self.path(target))

    def read(self, *parts: str) -> bytes:
        """The bytes of a file."""
        with self.filesystem.open_input_stream(self.path(*parts)) as stream:
            return stream.read()

    def write(self, name: str, data: bytes) -> None:
        """Write a file so that a reader sees the old content or the new, never a part."""
        if not self.local:
            with self.filesystem.open_output_stream(self.path(name)) as stream:
                stream.write(data)
            return
        target, temporary = self.path(name), self.path(f"{name}.{uuid.uuid4().hex}.tmp")
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)

    def sha256(self, *parts: str) -> str:
        """SHA-256 of a file, hexadecimal."""
        digest = hashlib.sha256()
        with self.filesystem.open_input_stream(self.path(*parts)) as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()

    def size(self, *parts: str) -> int:
        """Size of a file in bytes, -1 when it is not there."""
        info = self.filesystem.get_file_info(self.path(*parts))
        return info.size if info.type == fs.FileType.File else -1
