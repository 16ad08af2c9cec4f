"""Expansion of a source's paths: sorted, named alike on every machine, and clear where nothing matches."""

from __future__ import annotations

from pathlib import Path

import pytest
import xxhash

from daybreak.errors import InputError
from pipelines.ingest import Input, expand


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "a/2.gz",
        "a/1.gz",
        "a/b/3.gz",
        "a/README.md",
        "a/_SUCCESS",
        "a/.hidden.gz",
        "c/1.gz",
        "x[1].gz",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def names(inputs: list[Input]) -> list[str]:
    return [found.file for found in inputs]


@pytest.mark.parametrize(
    ("pattern", "files"),
    [
        ("a/*.gz", ["1.gz", "2.gz"]),
        ("a/**/*.gz", ["1.gz", "2.gz", "b/3.gz"]),
        ("a/[!1].gz", ["2.gz"]),
        ("*/1.gz", ["a/1.gz", "c/1.gz"]),
        ("a/?.gz", ["1.gz", "2.gz"]),
        ("a", ["1.gz", "2.gz", "README.md", "b/3.gz"]),
        ("a/2.gz", ["2.gz"]),
        ("a/_SUCCESS", ["_SUCCESS"]),
    ],
)
def test_globs_folders_and_files(tree: Path, pattern: str, files: list[str]) -> None:
    assert names(expand("s", [pattern], base=str(tree))) == files


def test_a_file_tells_its_facts_and_its_unit_does_not_depend_on_the_machine(tree: Path) -> None:
    (found,) = expand("s", [str(tree / "a" / "b")])
    stat = (tree / "a/b/3.gz").stat()
    assert found == Input("s", "3.gz", str(tree / "a/b/3.gz"), stat.st_size, stat.st_mtime_ns)
    assert found.unit == f"s-{xxhash.xxh64_hexdigest(b'3.gz')}"
    assert expand("s", [f"file://{tree}/a/b"]) == [found]


def test_a_file_named_twice_is_one_input(tree: Path) -> None:
    assert len(expand("s", ["a/1.gz", "a/*.gz"], base=str(tree))) == 2


def test_two_files_of_one_name_are_refused(tree: Path) -> None:
    with pytest.raises(InputError, match=r"a/1\.gz and .*c/1\.gz would both be called '1\.gz'"):
        expand("s", ["a/1.gz", "c/1.gz"], base=str(tree))


def test_a_single_file_that_is_missing_may_be_listed_but_a_pattern_may_not(tree: Path) -> None:
    found = expand("s", ["a/1.gz", "a/9.gz"], base=str(tree), missing_ok=True)
    assert names(found) == ["1.gz", "9.gz"]
    assert f"{tree}/a holds: " in found[1].missing
    assert found[0].missing == ""
    assert found[1].identity != found[0].identity
    with pytest.raises(InputError, match="matches no file"):
        expand("s", ["a/*.zst"], base=str(tree), missing_ok=True)


@pytest.mark.parametrize("pattern", ["a/*.zst", "a/9.gz", "a/deep/er/*.gz"])
def test_a_pattern_without_a_match_names_itself_and_what_is_there(tree: Path, pattern: str) -> None:
    with pytest.raises(InputError) as error:
        expand("s", [pattern], base=str(tree))
    assert f"{pattern}' matches no file" in str(error.value)
    assert f"The folder {tree}/a holds: .hidden.gz, 1.gz, 2.gz, README.md, _SUCCESS and 1 more" in str(
        error.value
    )
