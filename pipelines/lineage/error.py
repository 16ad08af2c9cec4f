"""What may be told of an error outside the workspace: never a document's text, a personal value or a credential."""

from __future__ import annotations

import pyarrow as pa

from daybreak.errors import DaybreakError
from daybreak.secrets import without_secrets

LONGEST = 300


def told(error: BaseException) -> str:
    """The error's type; of an error that we raise ourselves also the first line of its message, scrubbed.

    Later lines hold details that readers, parsers and the trainer gave, which may quote their input; so may the
    whole message of any other error.
    """
    kind = type(error).__name__
    if not isinstance(error, DaybreakError) or not str(error).strip():
        return kind
    line = without_secrets(str(error).strip().splitlines()[0])[:LONGEST]
    return f"{kind}: {_scrubbed(line)}"


def _scrubbed(line: str) -> str:
    from pipelines.pii.scrub import Scrub

    batch = Scrub()(pa.RecordBatch.from_pydict({"text": pa.array([line], pa.string())}))
    return str(batch.column("text")[0].as_py())
