"""The trigger that waits for input. It shares the triggerer: it looks in a thread and imports little."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from daybreak.airflow.look import Look


class InputTrigger(BaseTrigger):
    """Fires when `look` misses nothing, or at `until` (seconds since 1970) with what is missing."""

    def __init__(self, look: dict[str, Any], every_seconds: float, until: float) -> None:
        super().__init__()
        self.look, self.every_seconds, self.until = look, every_seconds, until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Where the class stands, and its arguments."""
        arguments = {"look": self.look, "every_seconds": self.every_seconds, "until": self.until}
        return f"{type(self).__module__}.{type(self).__qualname__}", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until all is there or time is up; one event, `{"missing": [...]}`."""
        look = Look(**self.look)
        while missing := await asyncio.to_thread(look.missing):
            left = self.until - time.time()
            if left <= 0:
                break
            self.log.info("waiting for %s", "; ".join(missing))
            await asyncio.sleep(min(self.every_seconds, left))
        yield TriggerEvent({"missing": missing})
