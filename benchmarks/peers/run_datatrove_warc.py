"""datatrove's WarcReader and Trafilatura extractor, as they come, on one WARC file.

Run inside the peer's environment (`make peers`):

    .venv-peers/datatrove/bin/python benchmarks/peers/run_datatrove_warc.py FILE.warc.gz

The extractor works in a child process, as datatrove has it; its CPU seconds count. Prints one JSON object: pages that
came out with text, bytes of text, CPU seconds (imports left out).
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.readers import WarcReader
from trafilatura import extract

KINDS = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def cpu_seconds() -> float:
    """User and system time of this process and of children that have ended."""
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, KINDS))


def main() -> None:
    """Read and extract the file; print what it cost."""
    file = Path(sys.argv[1])
    extract("<p>warm</p>")
    began = cpu_seconds()
    reader = WarcReader(str(file.parent), glob_pattern=file.name)
    pages = [len(document.text.encode()) for document in Trafilatura().run(reader.run())]
    print(json.dumps({"pages": len(pages), "bytes": sum(pages), "cpu_seconds": cpu_seconds() - began}))


if __name__ == "__main__":
    main()
