"""The zip holds every package whole: a folder without `__init__.py` cannot be imported from a zip."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from pipelines.shipping.package import PACKAGES, build_zip

ROOT = Path(__file__).resolve().parents[2]


def test_every_folder_with_code_is_a_package() -> None:
    folders = {file.parent for package in PACKAGES for file in (ROOT / package).rglob("*.py")}
    assert [str(f.relative_to(ROOT)) for f in sorted(folders) if not (f / "__init__.py").exists()] == []


def test_all_steps_import_from_the_zip(tmp_path: Path) -> None:
    archive = build_zip(tmp_path / "daybreak.zip")
    assert zipfile.ZipFile(archive).testzip() is None
    probe = (
        f"import sys; sys.path.insert(0, {str(archive)!r}); "
        "from pipelines.registry import STEPS; from pipelines.code import code_version; "
        "print(STEPS[0].__module__, all(code_version(s.code, ()) for s in STEPS), "
        "sys.modules['pipelines'].__file__)"
    )
    done = subprocess.run([sys.executable, "-I", "-c", probe], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    module, versions, place = done.stdout.split()
    assert (module, versions) == ("pipelines.steps.ingest", "True")
    assert place.startswith(str(archive))


def test_the_code_version_is_that_of_the_checkout(tmp_path: Path) -> None:
    archive = build_zip(tmp_path / "daybreak.zip")
    probe = (
        "from pipelines.registry import STEPS; from pipelines.code import code_version; "
        "print([code_version(s.code, ()) for s in STEPS])"
    )
    answers = [
        subprocess.run(
            [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(place)!r}); {probe}"],
            capture_output=True, text=True, cwd=tmp_path, check=True,
        ).stdout
        for place in (archive, ROOT)
    ]  # fmt: skip
    assert answers[0] == answers[1]
