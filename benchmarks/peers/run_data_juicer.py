"""Verdicts of some of data-juicer's filters on a JSON Lines file, for comparison with ours and for races.

Run inside the peer's environment (`make bench-peers`):

    .venv-peers/data_juicer/bin/python benchmarks/peers/run_data_juicer.py texts.jsonl verdicts.jsonl

Each filter runs with its own defaults, a batch of 1,000 texts at a time as data-juicer hands them over. Each line of
the output has one key a filter: true where it keeps the text. The last thing printed is one JSON object: CPU seconds of
each filter. Its executor, with the data set's files between the filters, is not started: filters alone.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from data_juicer.ops.filter.alphanumeric_filter import AlphanumericFilter
from data_juicer.ops.filter.special_characters_filter import SpecialCharactersFilter
from data_juicer.ops.filter.word_repetition_filter import WordRepetitionFilter
from data_juicer.ops.filter.words_num_filter import WordsNumFilter
from data_juicer.utils.constant import Fields

FILTERS = {
    "words_num": WordsNumFilter,
    "special_characters": SpecialCharactersFilter,
    "alphanumeric": AlphanumericFilter,
    "word_repetition": WordRepetitionFilter,
}
BATCH = 1000


def main() -> None:
    """Read the command line, judge every text with every filter, print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    asked = parser.parse_args()
    texts = [json.loads(line)["text"] for line in asked.source.read_text(encoding="utf-8").splitlines()]
    judges = {name: kind() for name, kind in FILTERS.items()}
    kept: dict[str, list[bool]] = {name: [] for name in judges}
    seconds = dict.fromkeys(judges, 0.0)
    for at in range(0, len(texts), BATCH):
        part = texts[at : at + BATCH]
        for name, judge in judges.items():
            began = time.process_time()
            measured = judge.compute_stats_batched({"text": part, Fields.stats: [{} for _ in part]})
            kept[name] += list(judge.process_batched(measured))
            seconds[name] += time.process_time() - began
    rows = [dict(zip(kept, row, strict=True)) for row in zip(*kept.values(), strict=True)]
    asked.target.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    print(json.dumps({"cpu_seconds": seconds}))


if __name__ == "__main__":
    main()
