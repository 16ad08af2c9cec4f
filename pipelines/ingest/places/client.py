"""HTTP as a guest behaves: few connections a host, pauses, retries with back-off, time-outs, a name.

requests and urllib3 do the protocol: redirects, and retries (RFC 9110: 429 and 503 with Retry-After) up to the first
byte of a body. Bodies that break are taken up again by `web.py`, under the same rules of urllib3's `Retry`.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util.retry import Retry

from daybreak import __version__
from daybreak.recipe.running import Remote
from pipelines.ingest.places.errors import Broken, unavailable

PASSING = (408, 429, 500, 502, 503, 504)
"""Status codes that another attempt may change; all others are final."""

CHUNK = 64 << 10


class Gate:
    """Lets at most `connections` requests through at once, the starts of any two `pause` seconds apart."""

    def __init__(self, connections: int, pause: float) -> None:
        self._free = threading.BoundedSemaphore(connections)
        self._pause, self._next, self._lock = pause, 0.0, threading.Lock()

    def __enter__(self) -> None:
        self._free.acquire()
        with self._lock:
            now = time.monotonic()
            start = max(now, self._next)
            self._next = start + self._pause
        time.sleep(start - now)

    def __exit__(self, *_: object) -> None:
        self._free.release()


class Client:
    """The connections of one process, made for one set of settings."""

    def __init__(self, settings: Remote) -> None:
        self.settings = settings
        self._gates: dict[str, Gate] = {}
        self._lock = threading.Lock()
        self._session = requests.Session()
        contact = f"; {settings.contact}" if settings.contact else ""
        self._session.headers["User-Agent"] = f"daybreak-corpus/{__version__} (corpus builder{contact})"
        # what is stored is what is wanted, byte by byte: no coding on the way
        self._session.headers["Accept-Encoding"] = "identity"
        adapter = HTTPAdapter(pool_maxsize=settings.connections, max_retries=self.retry())
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def retry(self) -> Retry:
        """A fresh count of attempts."""
        known = self.settings
        return Retry(
            total=known.retries,
            status_forcelist=PASSING,
            allowed_methods=("GET", "HEAD"),
            backoff_factor=known.backoff,
            backoff_jitter=known.backoff,
            backoff_max=known.max_wait,
            retry_after_max=int(known.max_wait),
            raise_on_status=False,
        )

    def gate(self, url: str) -> Gate:
        """The gate of the URL's host."""
        with self._lock:
            host = urlsplit(url).netloc
            return self._gates.setdefault(host, Gate(self.settings.connections, self.settings.pause))

    @contextmanager
    def ask(self, method: str, url: str, **headers: str) -> Iterator[requests.Response]:
        """The response to a request, whatever its status, its body unread.

        Raises InputError where no attempt brought one.
        """
        known = self.settings
        with self.gate(url):
            try:
                response = self._session.request(
                    method,
                    url,
                    headers={name.replace("_", "-"): value for name, value in headers.items()},
                    timeout=(known.connect_timeout, known.read_timeout),
                    stream=True,
                    allow_redirects=True,
                )
            except (requests.RequestException, HTTPError) as error:
                why = f"the server could not be reached in {known.retries + 1} attempts ({_reason(error)})"
                raise unavailable(url, why, "Check the address and the server; then run again") from None
            with response:
                yield response
                if response.raw.length_remaining == 0:
                    response.raw.drain_conn()  # read to its end: the connection serves the next request

    def body(self, response: requests.Response) -> Iterator[bytes]:
        """The bytes of a body as they come; raises Broken where they stop, or come more slowly than allowed."""
        began, received, known = time.monotonic(), 0, self.settings
        while True:
            try:
                data: bytes = response.raw.read1(CHUNK, decode_content=False)
            except (HTTPError, OSError) as error:
                raise Broken(_reason(error)) from None
            if not data:
                return
            received += len(data)
            waited = time.monotonic() - began
            if waited > known.read_timeout:
                if received < waited * known.min_rate:
                    raise Broken(
                        f"{received} bytes in {waited:.0f} seconds are less than {known.min_rate} a second"
                    )
                began, received, waited = time.monotonic(), 0, 0.0
            yield data
            began = time.monotonic() - waited  # what the reader takes is not the server's time


class Attempts:
    """Counts what failed in a row, and waits before the next try; bytes that arrive begin the count again."""

    ENOUGH = 256 << 10

    def __init__(self, client: Client, url: str) -> None:
        self._client, self._url = client, url
        self._retry, self._progress = client.retry(), 0

    def got(self, size: int) -> None:
        """So many bytes more have arrived."""
        self._progress += size

    def failed(self, why: str) -> bool:
        """Wait as long as is due; False where no attempt is left."""
        if self._progress >= self.ENOUGH:
            self._retry = self._client.retry()
        self._progress = 0
        try:
            self._retry = self._retry.increment("GET", self._url, error=HTTPError(why))
        except MaxRetryError:
            return False
        self._retry.sleep()
        return True


def _reason(error: BaseException) -> str:
    """The innermost cause, without the object and the URL that the libraries put before it."""
    inner = [getattr(error, "reason", None), *reversed(error.args)]
    cause = next((one for one in inner if isinstance(one, BaseException)), None)
    if cause is not None:
        return _reason(cause)
    return str(error).rpartition(": ")[2] or type(error).__name__


def client(settings: Remote) -> Client:
    """This process's client for `settings`; a forked child makes its own, for sockets must not be shared."""
    return _client(settings, os.getpid())


@cache
def _client(settings: Remote, process: int) -> Client:
    return Client(settings)
