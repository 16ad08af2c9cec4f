"""Verdicts of NeMo Curator's English heuristic filters on a JSON Lines file, for comparison with ours and for races.

Run inside the peer's environment (`make bench-peers`):

    .venv-peers/curator/bin/python benchmarks/peers/run_curator.py texts.jsonl verdicts.jsonl

Filters, thresholds and order are those of heuristic_filter_english_pipeline.yaml in Curator's own wheel. Each line of
the output has `reason`: the class of the first filter to drop the text, with n for n-grams, null where it is kept,
or `error` where a filter fails. As in its pipeline, a text that is dropped is not seen by later filters. The last
thing printed is one JSON object: CPU seconds. Ray and the pipeline's data frames are not started: filters alone.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from pathlib import Path
from typing import Any

import nemo_curator
import yaml

CONFIG = "config/text/heuristic_filter_english_pipeline.yaml"


def filters() -> list[tuple[str, Any]]:
    """Name and object of every filter of the configuration, in its order."""
    text = (Path(nemo_curator.__file__).parent / CONFIG).read_text(encoding="utf-8")
    found = []
    for stage in yaml.safe_load(text)["stages"]:
        settings = dict(stage.get("filter_obj") or {})
        if not settings:
            continue
        module, _, name = settings.pop("_target_").rpartition(".")
        made = getattr(importlib.import_module(module), name)(**settings)
        found.append((f"{name}{settings['n']}" if "n" in settings else name, made))
    return found


def verdict(chain: list[tuple[str, Any]], text: str) -> str | None:
    """The first filter of `chain` to drop `text`; None if none does, `error` if one fails before."""
    for name, judge in chain:
        try:
            if not judge.keep_document(judge.score_document(text)):
                return name
        except ZeroDivisionError:
            return "error"
    return None


def main() -> None:
    """Read the command line, judge every text, print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    asked = parser.parse_args()
    chain = filters()
    texts = [json.loads(line)["text"] for line in asked.source.read_text(encoding="utf-8").splitlines()]
    verdict(chain, texts[0])
    began = time.process_time()
    reasons = [verdict(chain, text) for text in texts]
    seconds = time.process_time() - began
    asked.target.write_text(
        "".join(json.dumps({"reason": reason}) + "\n" for reason in reasons), encoding="utf-8"
    )
    print(json.dumps({"cpu_seconds": {"heuristics": seconds}}))


if __name__ == "__main__":
    main()
