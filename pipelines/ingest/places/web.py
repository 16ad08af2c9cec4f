"""A file on an HTTP server: its facts, and any range of its bytes, held against what was promised."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import responses
from typing import IO

import requests

from daybreak.errors import InputError
from pipelines.ingest.places.client import PASSING, Attempts, Client
from pipelines.ingest.places.errors import Broken, NoRanges, unavailable

CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")
AGAIN = "Run again later, or leave the file out"


@dataclass(frozen=True)
class Facts:
    """What a server says of a file: bytes (None where it does not tell), ETag, time of the last change."""

    size: int | None
    etag: str = ""
    modified: str = ""

    @property
    def version(self) -> str:
        """Changes when the content does; empty where the server tells nothing."""
        return self.etag or self.modified

    @property
    def mtime_ns(self) -> int:
        """Last-Modified in nanoseconds; 0 where there is none."""
        try:
            return int(parsedate_to_datetime(self.modified).astimezone(UTC).timestamp()) * 10**9
        except (ValueError, TypeError):
            return 0


def look(client: Client, url: str) -> Facts:
    """Ask for a file's facts, by HEAD, else by its first byte, which signed URLs and some servers want.

    Raises InputError with the status where the file is missing (404, 410), refused (401, 403) or unreachable.
    """
    with client.ask("HEAD", url) as response:
        if response.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE, *PASSING):
            raise refused(client, url, response)
        if response.ok and (facts := _facts(response)).size is not None:
            return facts
    with client.ask("GET", url, Range="bytes=0-0") as response:
        if not response.ok and response.status_code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise refused(client, url, response)
        return _facts(response)


def refused(client: Client, url: str, response: requests.Response) -> InputError:
    """The error for a status code, with what to do."""
    code = response.status_code
    name = responses.get(code, response.reason)
    if code in PASSING:
        why = f"the server answers {code} ({name}), after {client.settings.retries + 1} attempts"
        return unavailable(url, why, AGAIN)
    remedies = {
        401: "It needs credentials, in ~/.netrc",
        403: "Check the right to read it, and the signature",
    }
    why = f"the server answers {code} ({name})"
    return unavailable(url, why, remedies.get(code, "Check the source's paths in the recipe"))


class WebFile:
    """A file by its URL; `size` in bytes."""

    def __init__(self, client: Client, url: str) -> None:
        self.name = url
        self._client = client
        self._facts = look(client, url)
        self._whole: IO[bytes] | None = None
        self._received = 0
        self.size: int = self._download() if self._facts.size is None else self._facts.size

    @property
    def version(self) -> str:
        """Its ETag, else its time of change."""
        return self._facts.version

    def close(self) -> None:
        """Let go of what was set aside."""
        if self._whole is not None:
            self._whole.close()

    def fetch(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` to `stop` as they come; raises InputError where they end before."""
        at = start
        if self._whole is None:
            try:
                for data in self._resumed(start, stop):
                    at += len(data)
                    yield data
                return
            except NoRanges:
                self._download()
        yield from self._set_aside(at, stop)

    def _resumed(self, start: int, stop: int) -> Iterator[bytes]:
        attempts = Attempts(self._client, self.name)
        while start < stop:
            try:
                for data in self._part(start, stop):
                    start += len(data)
                    attempts.got(len(data))
                    yield data
                if start < stop:
                    raise Broken("the body ends early")
            except Broken as error:
                if not attempts.failed(str(error)):
                    raise self._short(start, str(error)) from None

    def _part(self, start: int, stop: int) -> Iterator[bytes]:
        """One attempt at a range: the bytes that come, at most those asked for."""
        headers = {"Range": f"bytes={start}-{stop - 1}"}
        if self._facts.etag.startswith('"'):
            headers["If_Range"] = self._facts.etag  # weak ones are not allowed there (RFC 9110, 13.1.5)
        with self._client.ask("GET", self.name, **headers) as response:
            self._check(response)
            if response.status_code != HTTPStatus.PARTIAL_CONTENT:
                if (start, stop) != (0, self._facts.size):
                    raise NoRanges
            elif _first(response) != start:
                raise Broken("the server sent another range than it was asked for")
            left = stop - start
            for data in self._client.body(response):
                yield data[:left]
                left -= len(data)
                if left <= 0:
                    break

    def _check(self, response: requests.Response) -> None:
        if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise Broken("the server has no more")
        if not response.ok:
            raise refused(self._client, self.name, response)
        now = _facts(response)
        for what, before, after in (
            ("ETag", self._facts.etag, now.etag),
            ("time of change", self._facts.modified, now.modified),
            ("length", self._facts.size, now.size),
        ):
            if before and after is not None and after != "" and before != after:
                why = f"it changed on the server while it was read ({what} {before}, then {after})"
                raise unavailable(self.name, why, "Run again, which reads it anew")

    def _download(self) -> int:
        """Set the whole file aside, for a server that gives no ranges; broken downloads begin again.

        What the longest one brought can be read. Returns the file's size.
        """
        self._whole = tempfile.TemporaryFile(prefix="daybreak-")  # noqa: SIM115 - closed with the file
        attempts = Attempts(self._client, self.name)
        while True:
            try:
                return self._attempt()
            except Broken as error:
                if not attempts.failed(str(error)):
                    if self._facts.size is None:
                        raise self._short(self._received, str(error)) from None
                    return self._facts.size

    def _attempt(self) -> int:
        assert self._whole is not None
        self._whole.seek(0)  # the version is the same: what is written over was the same bytes
        with self._client.ask("GET", self.name) as response:
            self._check(response)
            promised, received = _facts(response).size, 0
            for data in self._client.body(response):
                self._whole.write(data)
                received += len(data)
                self._received = max(self._received, received)
        if promised is not None and received < promised:
            raise Broken("the body ends early")
        return received

    def _set_aside(self, start: int, stop: int) -> Iterator[bytes]:
        assert self._whole is not None
        self._whole.seek(start)
        yield self._whole.read(min(stop, self._received) - start)
        if stop > self._received:
            raise self._short(self._received, "the body ends early")

    def _short(self, at: int, why: str) -> InputError:
        promised = "an unknown number of" if self._facts.size is None else self._facts.size
        tried = self._client.settings.retries + 1
        return unavailable(
            self.name, f"it breaks off at byte {at} of {promised} promised ({why}; {tried} attempts)", AGAIN
        )


def _facts(response: requests.Response) -> Facts:
    headers = response.headers
    if found := CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip()):
        size = None if found[2] == "*" else int(found[2])
    else:
        length = headers.get("Content-Length", "")
        size = int(length) if length.isascii() and length.isdigit() else None
    return Facts(size, headers.get("ETag", ""), headers.get("Last-Modified", ""))


def _first(response: requests.Response) -> int | None:
    found = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    return int(found[1]) if found and found[1] else None
