"""Files in S3-compatible stores and in whatever else pyarrow's file systems reach (hdfs://)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from urllib.parse import urlsplit

import pyarrow as pa
from pyarrow import fs

from daybreak.recipe.running import Remote
from pipelines.ingest.places.errors import unavailable

HADOOP = ("hdfs", "viewfs")
HDFS = (
    "hdfs:// goes through libhdfs: JAVA_HOME, HADOOP_HOME (or ARROW_LIBHDFS_DIR) and CLASSPATH "
    "(`hadoop classpath --glob`) must be set for every process"
)
REMEDY = "Check address, keys (from the environment) and the right to read"


def parts(url: str) -> tuple[str, str]:
    """What stands before a path in a URL, and the path as its file system has it."""
    scheme, _, place = url.partition("://")
    if scheme == "file":
        return "", place
    if scheme in HADOOP:
        host, slash, path = place.partition("/")
        return f"{scheme}://{host}", slash + path
    return f"{scheme}://", place


def filesystem(url: str, settings: Remote) -> tuple[fs.FileSystem, str]:
    """The file system of `url` and the path within it; raises InputError where it cannot be reached."""
    before, path = parts(url)
    scheme = before.partition("://")[0]
    try:
        if scheme in ("", "s3"):
            return _s3(settings, os.getpid()) if scheme else fs.LocalFileSystem(), path
        root = before if scheme in HADOOP else before + path.partition("/")[0]
        return fs.FileSystem.from_uri(f"{root}/")[0], path
    except (OSError, pa.ArrowException, ValueError) as error:
        remedy = HDFS if scheme in HADOOP else REMEDY
        why = str(error).partition("\n")[0]
        raise unavailable(url, f"its file system cannot be reached ({why})", remedy) from None


@cache
def _s3(settings: Remote, process: int) -> fs.S3FileSystem:
    """One a process: what a parent process opened must not be used in its forked child."""
    known = settings.s3
    endpoint = known.endpoint or _environment("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL") or ""
    address = urlsplit(endpoint if "://" in endpoint else f"https://{endpoint}")
    return fs.S3FileSystem(
        anonymous=known.anonymous,
        region=known.region or _environment("AWS_REGION", "AWS_DEFAULT_REGION"),
        scheme=address.scheme,
        endpoint_override=(address.netloc + address.path.rstrip("/")) or None,
        connect_timeout=settings.connect_timeout,
        request_timeout=settings.read_timeout,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=settings.retries + 1),
    )


def _environment(*names: str) -> str | None:
    return next((os.environ[name] for name in names if os.environ.get(name)), None)


class StoredFile:
    """A file by its URL; `size` in bytes."""

    def __init__(self, url: str, settings: Remote) -> None:
        self.name = url
        self._filesystem, self._path = filesystem(url, settings)
        try:
            self._file = self._filesystem.open_input_file(self._path)
        except FileNotFoundError:
            raise unavailable(
                url, "there is no such file", "Check the source's paths in the recipe"
            ) from None
        except (OSError, pa.ArrowException) as error:
            raise unavailable(url, f"it cannot be opened ({error})", REMEDY) from None
        self.size: int = self._file.size()

    @property
    def version(self) -> str:
        """Its time of change, in nanoseconds; asked for where it is needed, for it takes a request."""
        return str(self._filesystem.get_file_info(self._path).mtime_ns or "")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def fetch(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` to `stop`; raises InputError where they end before."""
        try:
            data = self._file.read_at(stop - start, start)
        except (OSError, pa.ArrowException) as error:
            why = f"it breaks off after byte {start} of {self.size} ({error})"
            raise unavailable(self.name, why, "Run again later, or leave the file out") from None
        yield data
        if len(data) < stop - start:
            why = f"it breaks off at byte {start + len(data)} of {self.size} promised"
            raise unavailable(self.name, why, "It changed in its store: run again")
