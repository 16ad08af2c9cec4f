"""Credentials do not stand in recipes, and are struck out of what is printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.errors import RecipeError
from daybreak.recipe import load_recipe
from daybreak.secrets import without_secrets

RECIPE = """
name: tiny
workspace: ws
sources:
  web: {{format: c4, paths: ["{path}"]}}
"""
SIGNED = "https://crawl.example.org/a.gz?X-Amz-Date=20240501&X-Amz-Signature=1f2e3d4c"


def load(folder: Path, path: str, *overrides: str) -> list[str]:
    file = folder / "tiny.yaml"
    file.write_text(RECIPE.format(path=path))
    return load_recipe(file, overrides).sources["web"].paths


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("https://me:hunter22@crawl.example.org/a.gz", "a user and password"),
        ("s3://AKIAKEY:hunter22@crawl/a.gz", "a user and password"),
        ("s3://hunter22@crawl/a.gz", "a key"),
        (SIGNED, "a credential in its parameter 'X-Amz-Signature'"),
        ("https://x.blob.example.net/a.gz?sv=2024&sig=hunter22", "a credential in its parameter 'sig'"),
        (
            "https://crawl.example.org/a.gz?access_token=hunter22",
            "a credential in its parameter 'access_token'",
        ),
    ],
)
def test_an_address_with_a_credential_is_refused_without_showing_it(
    path: str, kind: str, tmp_path: Path
) -> None:
    with pytest.raises(RecipeError) as error:
        load(tmp_path, path)
    assert f"sources.web.paths.0: the address holds {kind}" in str(error.value)
    assert "${oc.env:NAME}" in str(error.value)
    assert "hunter22" not in str(error.value)
    assert "1f2e3d4c" not in str(error.value)
    assert error.value.exit_code == 2


@pytest.mark.parametrize(
    "override",
    ["remote.s3.secret_key=hunter22", "spark.conf={spark.hadoop.fs.s3a.secret.key: hunter22}"],
)
def test_keys_that_would_hold_a_credential_are_refused(override: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="a credential does not stand in a recipe") as error:
        load(tmp_path, "a.gz", override)
    assert "hunter22" not in str(error.value)


@pytest.mark.parametrize(
    "path",
    [
        "https://crawl.example.org/download?file=a.gz&keyword=x",
        "s3://crawl/a/*.gz",
        "https://me@crawl.example.org/a.gz",
    ],
)
def test_other_addresses_are_taken(path: str, tmp_path: Path) -> None:
    assert load(tmp_path, path) == [path]


def test_a_signed_address_may_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNED", SIGNED)
    monkeypatch.setenv("SIGNATURE", "1f2e3d4c")
    assert load(tmp_path, "${oc.env:SIGNED}") == [SIGNED]
    assert load(tmp_path, "https://crawl.example.org/a.gz?sig=${oc.env:SIGNATURE}")[0].endswith("=1f2e3d4c")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{SIGNED}: gone", "https://crawl.example.org/a.gz?X-Amz-Date=20240501&X-Amz-Signature=***: gone"),
        ("'https://me:hunter22@x.org/a' failed", "'https://***@x.org/a' failed"),
        ("Max retries exceeded with url: /a?sig=abc%3D (x)", "Max retries exceeded with url: /a?sig=*** (x)"),
        (f"http://x.org/a?q={'f' * 30}&page=2", "http://x.org/a?q=***&page=2"),
        ("mail a@x.org, see http://x.org/?id=5", "mail a@x.org, see http://x.org/?id=5"),
    ],
)
def test_what_is_printed_shows_no_credential(text: str, shown: str) -> None:
    assert without_secrets(text) == shown
