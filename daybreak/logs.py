"""Structured lines on stderr, in driver and workers, where DAYBREAK_LOG=json asks for them: for log collectors.

Every line is one JSON object with `time` (UTC), `event` and `trace_id`; what else it has depends on the event. No
line holds a document's text or an error's.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import Any

from daybreak.trace import current

VARIABLE = "DAYBREAK_LOG"


def wanted() -> bool:
    """Whether lines are asked for."""
    return os.environ.get(VARIABLE) == "json"


def say(event: str, **values: Any) -> None:
    """Write a line, if they are wanted; in one call, so that lines of several processes do not mix."""
    if wanted():
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"time": time, "event": event, "trace_id": current().trace_id, **values}
        sys.stderr.write(json.dumps(line) + "\n")
        sys.stderr.flush()
