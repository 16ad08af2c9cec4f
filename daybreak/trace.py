"""One trace id for a run and all that it starts: the W3C Trace Context of the environment variable TRACEPARENT.

A scheduler sets it, so that a DAG run, its Spark jobs and the trainer bear one id; without one a run makes its
own. Children get it by the environment, as they get everything else of it.
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass

VARIABLE = "TRACEPARENT"
TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


@dataclass(frozen=True)
class Trace:
    """trace_id: 32 hexadecimal digits. span_id: 16, of whoever started this process. flags: 01 is sampled."""

    trace_id: str
    span_id: str
    flags: str = "01"

    def __str__(self) -> str:
        """As TRACEPARENT holds it (W3C Trace Context, 3.2)."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


def current() -> Trace:
    """The trace of this process, from TRACEPARENT; made anew, and left there for children, where there is none.

    A value that is no traceparent counts as none, as the recommendation asks.
    """
    if (found := parse(os.environ.get(VARIABLE, ""))) is None:
        found = Trace(secrets.token_hex(16), secrets.token_hex(8))
        os.environ[VARIABLE] = str(found)
    return found


def parse(value: str) -> Trace | None:
    """What a traceparent says; None where it is none: version ff, an id of zeros, more than version 00 has."""
    match = TRACEPARENT.fullmatch(value.strip())
    if match is None or match[1] == "ff" or (match[1] == "00" and match[5]):
        return None
    if not int(match[2], 16) or not int(match[3], 16):
        return None
    return Trace(match[2], match[3], match[4])
