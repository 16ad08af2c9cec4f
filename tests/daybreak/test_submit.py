"""`daybreak submit` as a user calls it: exit codes, the commands it prints, and what it refuses before it starts."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.line.support import ROOT, daybreak

RECIPE = """
name: tiny
workspace: ws
sources:
  web: {format: c4, paths: [shards/*.json.gz]}
tokenizer: {vocab_size: 400}
train: {steps: 2}
"""
CLUSTER = "manager: standalone\nmaster: spark://host:7077\ndist: no-dist\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "tiny.yaml").write_text(RECIPE)
    (tmp_path / "cluster.yaml").write_text(CLUSTER)
    return tmp_path


def submit(place: Path, *arguments: str) -> tuple[int, str, str]:
    done = daybreak(
        "submit", *arguments, "--cluster", "cluster.yaml", cwd=place, env={"DAYBREAK_HOME": str(place)}
    )
    return done.returncode, done.stdout, done.stderr


def test_all_prints_a_command_a_step_and_training_stays_where_torch_is(place: Path) -> None:
    code, out, err = submit(place, "all", "tiny.yaml", "name=it's", "--print")
    assert (code, "pattern" in err) == (2, True)
    code, out, err = submit(place, "all", "tiny.yaml", "workspace=w s", "--deploy-mode", "cluster", "--print")
    assert code == 0, err
    commands = [shlex.split(line) for line in out.splitlines()]
    names = [command[command.index("--name") + 1].split()[-1] for command in commands]
    assert names == [
        "ingest",
        "filter",
        "dedup",
        "tokenizer",
        "encode",
        "mixture",
        "shards",
        "train",
        "report",
    ]
    assert all(command[-1] == "workspace=w s" for command in commands)
    modes = {name: c[c.index("--deploy-mode") + 1] for name, c in zip(names, commands, strict=True)}
    assert {name for name, mode in modes.items() if mode == "client"} == {"train", "report"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["ingets", "tiny.yaml"], 2, "its steps are ingest"),
        (["ingest", "tiny.yaml", "langauge.keep=[en]"], 2, "did you mean `language`"),
        (["ingest", "tiny.yaml", "--deploy-mode", "both"], 2, "client or cluster"),
        (["ingest", "tiny.yaml", "--conf", "memory"], 2, "KEY=VALUE"),
        (["train", "tiny.yaml", "--deploy-mode", "cluster"], 2, "needs torch"),
        (["ingest", "tiny.yaml"], 1, "run `make dist`"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_starts(
    place: Path, arguments: list[str], code: int, said: str
) -> None:
    found, _, err = submit(place, *arguments)
    assert (found, said in err) == (code, True), err
    assert not (place / "ws").exists()


def test_a_zip_of_other_code_is_refused(place: Path) -> None:
    from pipelines.shipping.package import build_dist

    dist = build_dist(place / "no-dist")
    (dist / "environment.tar.gz").touch()
    zipped = dist / "daybreak.zip"
    zipped.write_bytes((ROOT / "tests/__init__.py").read_bytes())
    import zipfile

    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("daybreak/__init__.py", "")
    code, _, err = submit(place, "ingest", "tiny.yaml")
    assert (code, "other code" in err) == (1, True), err
