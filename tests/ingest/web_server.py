"""An HTTP server on this machine that serves files with ranges and ETags, and fails as it is told to."""

from __future__ import annotations

import contextlib
import hashlib
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODIFIED = "Wed, 01 May 2024 10:00:00 GMT"


@dataclass
class Asked:
    """One request as the server saw it; `served` bytes of body were sent."""

    method: str
    path: str
    range: str | None
    agent: str | None
    at: float
    connection: int
    served: int = 0


Fault = Callable[["Handler", bytes, int], None]
"""Answers a GET instead of the server: gets the file's content and the first byte that was asked for."""


@dataclass
class Server:
    """What the server has and how it behaves; change it while it runs."""

    files: dict[str, bytes]
    faults: dict[str, Iterator[Fault]] = field(default_factory=dict)
    """By path: the answers to the next GETs; after the last one all goes well."""
    no_head: set[str] = field(default_factory=set)
    no_ranges: set[str] = field(default_factory=set)
    no_etag: set[str] = field(default_factory=set)
    log: list[Asked] = field(default_factory=list)
    url: str = ""
    most_at_once: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def served(self, path: str) -> int:
        """Bytes of body sent for a path."""
        return sum(asked.served for asked in self.log if asked.path == path)

    def gets(self, path: str) -> list[Asked]:
        return [asked for asked in self.log if asked.path == path and asked.method == "GET"]

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        yield
        with self._lock:
            self._now -= 1


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    shown: Server
    asked: Asked
    stop: int
    """The end of the range that was asked for."""

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = self.path.partition("?")[0].lstrip("/")
        wanted = self.headers.get("Range")
        self.asked = Asked(
            self.command,
            path,
            wanted,
            self.headers.get("User-Agent"),
            time.monotonic(),
            self.client_address[1],
        )
        self.shown.log.append(self.asked)
        with self.shown.counted():
            fault = None
            if self.command == "GET":
                fault = next(self.shown.faults.get(path, iter(())), None)
            if self.command == "HEAD" and path in self.shown.no_head:
                self.status(403)
            elif path not in self.shown.files and fault is None:
                self.status(404)
            else:
                self._file(path, fault, wanted)

    def _file(self, path: str, fault: Fault | None, wanted: str | None) -> None:
        data = self.shown.files.get(path, b"")
        start, stop, code = 0, len(data), 200
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted or "")
        fresh = self.headers.get("If-Range") in (None, etag(data))
        if span and fresh and path not in self.shown.no_ranges:
            start, stop, code = int(span[1]), min(int(span[2] or len(data)) + 1, len(data)), 206
        self.stop = stop
        if fault:
            fault(self, data, start)
        elif start >= len(data) > 0:
            self.status(416, {"Content-Range": f"bytes */{len(data)}"})
        else:
            self.head(code, path, data, start, stop)
            if self.command == "GET":
                self.send(data[start:stop])

    def head(
        self, code: int, path: str, data: bytes, start: int, stop: int, promised: int | None = None
    ) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(stop - start if promised is None else promised))
        self.send_header("Last-Modified", MODIFIED)
        if path not in self.shown.no_etag:
            self.send_header("ETag", etag(data))
        if code == 206:
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
        self.end_headers()

    def send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            for at in range(0, len(data), 1 << 14):
                self.wfile.write(data[at : at + (1 << 14)])
                self.asked.served += len(data[at : at + (1 << 14)])

    def status(self, code: int, headers: Mapping[str, str] = {}) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()


@cache
def etag(data: bytes) -> str:
    return f'"{hashlib.md5(data).hexdigest()}"'


def answers(code: int, **headers: str) -> Fault:
    """A status and nothing else."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, data, start: handler.status(code, named)


def ends(after: int, reset: bool = False) -> Fault:
    """All is promised, and the body stops after so many bytes: the connection is closed, or reset."""

    def fault(handler: Handler, data: bytes, start: int) -> None:
        code = 206 if start else 200
        handler.head(code, handler.asked.path, data, start, len(data))
        handler.send(data[start : start + after])
        handler.wfile.flush()
        if reset:
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.close_connection = True
        handler.connection.close() if reset else handler.connection.shutdown(socket.SHUT_RDWR)

    return fault


def drips(after: int) -> Fault:
    """`after` bytes, and then one at a time, for as long as anybody listens."""

    def fault(handler: Handler, data: bytes, start: int) -> None:
        handler.head(206 if start else 200, handler.asked.path, data, start, len(data))
        handler.send(data[start : start + after])
        with contextlib.suppress(OSError):
            for at in range(start + after, len(data)):
                handler.wfile.write(data[at : at + 1])
                time.sleep(0.05)
        handler.close_connection = True

    return fault


def stalls(handler: Handler, data: bytes, start: int) -> None:
    """Headers, and then nothing until the client has gone."""
    handler.head(206 if start else 200, handler.asked.path, data, start, len(data))
    handler.wfile.flush()
    with contextlib.suppress(OSError):
        handler.connection.recv(1)
    handler.close_connection = True


def moved(to: str) -> Fault:
    """The file has another address now."""
    return answers(301, Location=to)


def breaks_at(byte: int) -> Fault:
    """A file that is short on the server: all is promised, and no attempt gets beyond `byte`."""

    def fault(handler: Handler, data: bytes, start: int) -> None:
        ends(max(0, byte - start))(handler, data, start)

    return fault


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that leave are what is tested here."""


@contextlib.contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[Server]:
    """Serve `files` (content by path without a leading slash) on a free port of this machine."""
    server = Server(dict(files))
    handler = type("ServerHandler", (Handler,), {"shown": server})
    with _Http(("127.0.0.1", 0), handler) as http:
        server.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
