"""What a peer's rules for personal data find in a JSON Lines file.

Run inside the peer's environment (`make bench-peers`):

    .venv-peers/presidio/bin/python benchmarks/peers/run_pii.py presidio texts.jsonl spans.jsonl

Each line of the input has `text`; each line of the output is a list of [begin, end, type], in code points. The last
thing printed is one JSON object: CPU seconds.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

RECOGNIZERS = {
    "EmailRecognizer": "email",
    "IpRecognizer": "ip",
    "PhoneRecognizer": "phone",
    "CreditCardRecognizer": "card",
    "IbanRecognizer": "iban",
    "UsSsnRecognizer": "national_id",
}
THRESHOLD = 0.35

Find = Callable[[str], list[tuple[int, int, str]]]


def presidio() -> Find:
    """Presidio's pattern recognisers, without a language model."""
    known = importlib.import_module("presidio_analyzer.predefined_recognizers")
    recognizers: list[tuple[Any, str]] = [
        (getattr(known, name)(), kind) for name, kind in RECOGNIZERS.items()
    ]

    def find(text: str) -> list[tuple[int, int, str]]:
        return [
            (result.start, result.end, kind)
            for recognizer, kind in recognizers
            for result in recognizer.analyze(text, recognizer.supported_entities, None) or []
            if result.score >= THRESHOLD
        ]

    return find


def datatrove() -> Find:
    """The matches of datatrove's PIIFormatter: e-mail and public IP."""
    formatter = importlib.import_module("datatrove.pipeline.formatters").PIIFormatter()
    replacers = ((formatter.email_replacer, "email"), (formatter.ip_replacer, "ip"))

    def find(text: str) -> list[tuple[int, int, str]]:
        return [
            (*match.span(), kind)
            for replacer, kind in replacers
            for match in replacer.regex.finditer(text)
            if replacer.validator is None or replacer.validator(match.group(0))
        ]

    return find


PEERS: dict[str, Callable[[], Find]] = {"presidio": presidio, "datatrove": datatrove}


def main() -> None:
    """Read the command line, look at every text, print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=sorted(PEERS))
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    asked = parser.parse_args()
    find = PEERS[asked.peer]()
    texts = [json.loads(line)["text"] for line in asked.source.read_text(encoding="utf-8").splitlines()]
    began = time.process_time()
    found = [find(text) for text in texts]
    spent = time.process_time() - began
    asked.target.write_text("".join(json.dumps(spans) + "\n" for spans in found), encoding="utf-8")
    print(json.dumps({"cpu_seconds": spent}))


if __name__ == "__main__":
    main()
