"""A run over HTTP by the command line: every document, or the exact list of what is missing; and no credential told."""

from __future__ import annotations

import json
from itertools import repeat
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from daybreak.workspace import Workspace
from tests.ingest.test_web_places import FILES, NUMBER, lines
from tests.ingest.web_server import answers, breaks_at, drips, ends, moved, serving
from tests.line.support import daybreak

SIGNATURE = "9b1f7c0d5e3a4c21"

RECIPE = """
name: remote
workspace: {folder}/ws
min_free_gb: 0.2
sources:
  lines:
    format: jsonl
    paths: ["{url}/a/lines.jsonl.gz", "${{oc.env:SIGNED}}", "{url}/a/none.gz", "{url}/a/short.jsonl"]
  pages: {{format: commoncrawl_warc, paths: ["{url}/a/pages.warc.gz"]}}
  table: {{format: parquet, paths: ["{url}/old.parquet"]}}
spark: {{master: "local[2]", driver_memory: 1g, partitions: 2}}
remote: {{retries: 2, backoff: 0.01, read_timeout: 0.5, cache: {folder}/cache}}
quality: {{rules: []}}
"""


@pytest.mark.slow
def test_a_run_tells_exactly_what_it_could_not_have(tmp_path: Path) -> None:
    with serving({**FILES, "a/short.jsonl": lines(0, NUMBER), "a/signed.jsonl": lines(NUMBER, 10)}) as server:
        server.faults["a/lines.jsonl.gz"] = iter([answers(429, Retry_After="1"), ends(4000, reset=True)])
        server.faults["a/pages.warc.gz"] = iter([answers(503), drips(3000)])
        server.faults["old.parquet"] = repeat(moved("/a/table.parquet"))
        server.faults["a/table.parquet"] = iter([ends(1000), ends(2000)])
        server.faults["a/short.jsonl"] = repeat(breaks_at(50_000))
        server.no_head |= {"old.parquet", "a/signed.jsonl"}
        recipe = tmp_path / "remote.yaml"
        recipe.write_text(RECIPE.format(folder=tmp_path, url=server.url))
        signed = {"SIGNED": f"{server.url}/a/signed.jsonl?X-Amz-Signature={SIGNATURE}"}
        failed, done = (
            daybreak("run", str(recipe), "--only", "ingest", f"ingest.max_bad_inputs={n}", env=signed)
            for n in (1, 2)
        )
    none = f"{server.url}/a/none.gz: the server answers 404 (Not Found)"
    short = f"{server.url}/a/short.jsonl: it breaks off at byte 50000 of {len(server.files['a/short.jsonl'])}"
    assert failed.returncode == 1
    assert "2 input files cannot be read, the recipe allows 1" in failed.stderr
    assert all(reason in failed.stderr for reason in (none, short))
    assert done.returncode == 0, done.stderr
    manifest = Workspace(tmp_path / "ws").manifest("ingest")
    assert manifest is not None
    told = sorted(manifest.facts["bad_inputs"].values())
    assert [reason.startswith(start) for reason, start in zip(told, (none, short), strict=True)] == [
        True,
        True,
    ]
    before_the_break = server.files["a/short.jsonl"][:50_000].count(b"\n")
    assert manifest.rows("documents") == NUMBER + 10 + before_the_break + 200 + NUMBER
    assert manifest.rows("quarantine") == 2
    _tells_no_secret(tmp_path, failed.stdout + failed.stderr + done.stdout + done.stderr)


def _tells_no_secret(folder: Path, printed: str) -> None:
    assert SIGNATURE not in printed
    for file in (file for file in folder.rglob("*") if file.is_file()):
        assert SIGNATURE.encode() not in file.read_bytes(), file
        if file.suffix == ".parquet":
            assert SIGNATURE not in json.dumps(pq.read_table(file).to_pylist(), default=str), file
