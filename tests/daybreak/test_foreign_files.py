"""Workspaces, histories and archives from elsewhere cannot lead out of their folder, and our code runs no shell."""

from __future__ import annotations

import ast
import gzip
import io
import json
import lzma
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from daybreak.errors import WorkspaceError
from daybreak.manifest import FileEntry, Manifest
from daybreak.workspace import Workspace
from pipelines.dedup.history.state import Batch, Removal, State
from pipelines.ingest.registry import READERS
from pipelines.verify import verify

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("daybreak", "pipelines", "tokenizer", "trainer", "jobs", "dags", "deploy", "benchmarks")


def manifest(
    step: str = "ingest", fingerprint: str = "ab" * 32, path: str = "documents/a.parquet"
) -> Manifest:
    entry = FileEntry(path, 1, 4, "0" * 64)
    return Manifest(step, fingerprint, "c", {}, {}, {path.split("/")[0] or "documents": [entry]})


@pytest.mark.parametrize(
    "hostile",
    [
        manifest(path="documents/../../../../etc/passwd"),
        manifest(path="/etc/passwd"),
        manifest(path="../documents/a"),
        manifest(path="documents//a"),
        manifest(path="documents/a\0b"),
        manifest(step="../ingest"),
        manifest(fingerprint="../../../../../home"),
    ],
)
def test_a_manifest_that_leads_out_of_its_folder_is_refused(hostile: Manifest, tmp_path: Path) -> None:
    folder = tmp_path / "ws/ingest"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_bytes(hostile.to_json())
    with pytest.raises(WorkspaceError, match=r"cannot be read: it(s fingerprint| names)"):
        verify(Workspace(tmp_path / "ws"))


def test_ordinary_manifests_are_read_back() -> None:
    assert Manifest.from_json(manifest(path="shards/..a/b..parquet").to_json()).step == "ingest"


@pytest.mark.parametrize(
    "hostile",
    [
        State(batches=(Batch(1, "a", "../../elsewhere", "d"),)),
        State(removals=(Removal(1, 1, "d", "removed/../../x"),)),
        State(retired=("..",)),
    ],
)
def test_a_history_that_leads_out_of_its_folder_is_refused(hostile: State) -> None:
    with pytest.raises(ValueError, match="does not stay in the history's folder"):
        State.from_json(hostile.to_json())


def test_a_link_in_the_place_of_an_old_attempt_goes_and_not_what_it_points_to(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("keep")
    (tmp_path / "ws/ingest").mkdir(parents=True)
    (tmp_path / "ws/ingest/attempt-1").symlink_to(precious)
    Workspace(tmp_path / "ws").begin("ingest")
    assert (precious / "file").read_text() == "keep"
    assert not (tmp_path / "ws/ingest/attempt-1").exists()


def hostile_archive() -> bytes:
    """Members that an extraction would write elsewhere, through `..`, from the root, and through a link."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        link = tarfile.TarInfo("here")
        link.type, link.linkname = tarfile.SYMTYPE, "/tmp"
        archive.addfile(link)
        for name in (
            "../../escaped.txt",
            "/tmp/escaped-daybreak.txt",
            "here/escaped-daybreak.txt",
            "plain.txt",
        ):
            member = tarfile.TarInfo(name)
            member.size = 5
            archive.addfile(member, io.BytesIO(b"text\n"))
    return lzma.compress(buffer.getvalue())


def test_names_in_archives_are_names_and_no_places(tmp_path: Path) -> None:
    folder = tmp_path / "a/b/c"
    folder.mkdir(parents=True)
    file = folder / "urlsf_subset00-0_data.xz"
    file.write_bytes(hostile_archive())
    batches = READERS["openwebtext"](str(file), batch_bytes=1 << 20, options={})
    rows = [row for batch in batches for row in batch.to_pylist()]
    names = [json.loads(row["metadata"])["name"] for row in rows if row["metadata"]]
    assert "../../escaped.txt" in names and "plain.txt" in names
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]
    assert not os.path.exists("/tmp/escaped-daybreak.txt")


FORBIDDEN = {
    "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "eval", "exec", "yaml.unsafe_load",
    "yaml.full_load", "pickle.Unpickler", "marshal.loads", "shelve.open", "tempfile.mktemp",
}  # fmt: skip

UNPACKS_OUR_OWN = {"jobs/launch.py"}
"""Unpacks the environment that `make dist` packed, and that whoever submits names."""


@pytest.mark.parametrize("room", ROOMS)
def test_no_command_goes_through_a_shell_and_nothing_is_unpacked_or_evaluated(room: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in sorted((ROOT / room).rglob("*.py"))
        if path.relative_to(ROOT).as_posix() not in UNPACKS_OUR_OWN
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and list(_risks(call))
    ]
    assert found == []


def _risks(call: ast.Call) -> Iterator[str]:
    name = ast.unparse(call.func)
    options = {word.arg: word.value for word in call.keywords}
    if name in FORBIDDEN or name.endswith((".extractall", ".extract")):
        yield name
    if isinstance(shell := options.get("shell"), ast.Constant) and shell.value:
        yield "shell"
    if name == "torch.load" and ast.unparse(options.get("weights_only", ast.Constant(None))) != "True":
        yield name
    if isinstance(pickled := options.get("allow_pickle"), ast.Constant) and pickled.value:
        yield "allow_pickle"


BOMB = """
import re, sys
from pipelines.ingest.registry import READERS

rows = [row for batch in READERS["jsonl"](sys.argv[1], batch_bytes=1 << 20, options={}) for row in batch.to_pylist()]
# ru_maxrss is that of the process it was forked from, where that was larger
peak = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())
print([row["error"] for row in rows], int(peak.group(1)) // 1024)
"""


def test_a_small_file_that_decodes_to_one_huge_line_takes_no_memory(tmp_path: Path) -> None:
    """200 MB in 0.2 MB: the line is quarantined, the one behind it is read."""
    file = tmp_path / "bomb.jsonl.gz"
    with gzip.open(file, "wb", 6) as out:
        for _ in range(200):
            out.write(b"a" * (1 << 20))
        out.write(b'\n{"text": "The ferry leaves at nine."}\n')
    program = subprocess.run(
        [sys.executable, "-c", BOMB, str(file)], cwd=ROOT, capture_output=True, text=True
    )
    assert program.returncode == 0, program.stderr
    errors, megabytes = program.stdout.strip().rsplit(" ", 1)
    assert errors == "['The line is 209715200 bytes long; the limit is 67108864', None]"
    assert int(megabytes) < 450
