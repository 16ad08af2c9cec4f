"""The few calls of Airflow's REST API that `daybreak airflow` makes."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any


class Api:
    """A running Airflow."""

    def __init__(self, root: str) -> None:
        self._root, self._token = root, ""

    def log_in(self, user: str, password: str) -> bool:
        """Take a token; False while nobody answers."""
        try:
            answer = self.call("POST", "/auth/token", {"username": user, "password": password})
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        self._token = answer["access_token"]
        return True

    def make_pool(self, name: str, slots: int, description: str) -> None:
        """Make a pool where there is none of that name."""
        try:
            self.call("POST", "/api/v2/pools", {"name": name, "slots": slots, "description": description})
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request; its JSON answer. Raises urllib's HTTPError."""
        request = urllib.request.Request(
            self._root + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return dict(json.loads(answer.read() or b"{}"))
