"""Links of a task, and the pages that the report link leads to: nothing but report pages, to nobody but users."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from daybreak.airflow.links import ReportLink, SparkLink
from daybreak.airflow.operators import APPLICATION
from daybreak.airflow.request import Request

RECIPE = """
name: linked
workspace: {folder}/ws
sources: {{a: {{format: text, paths: [a.txt]}}}}
"""
KEY = SimpleNamespace(dag_id="corpus_build", run_id="r1", task_id="dedup")


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A report page of a recipe that the instance knows."""
    recipe = tmp_path / "linked.yaml"
    recipe.write_text(RECIPE.format(folder=tmp_path))
    monkeypatch.setenv("DAYBREAK_RECIPE", str(recipe))
    monkeypatch.setenv("DAYBREAK_HOME", str(tmp_path))
    page = tmp_path / "ws/report/index.html"
    page.parent.mkdir(parents=True)
    page.write_text("<p>the page</p>")
    return page


def test_the_report_link_names_dag_recipe_and_day() -> None:
    task = SimpleNamespace(request=Request("/recipes/daily.yaml", ("day=2026-01-02",)))
    link = ReportLink().get_link(task, ti_key=KEY)
    assert link.endswith("/daybreak/report/corpus_build/daily?day=2026-01-02")
    assert ReportLink().get_link(SimpleNamespace(), ti_key=KEY) == ""


def test_the_spark_link_leads_to_the_application_in_the_history_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = SimpleNamespace(spark_application="app-20260102030405-0001")
    assert SparkLink().get_link(task, ti_key=KEY) == ""
    monkeypatch.setenv("DAYBREAK_SPARK_HISTORY", "http://history:18080/")
    assert SparkLink().get_link(task, ti_key=KEY) == "http://history:18080/history/app-20260102030405-0001/"
    assert SparkLink().get_link(SimpleNamespace(), ti_key=KEY) == "http://history:18080"


@pytest.mark.parametrize(
    ("line", "application"),
    [
        ("Connected to Spark cluster with app ID app-20260102030405-0001", "app-20260102030405-0001"),
        ("Submitted application application_1700000000000_0042", "application_1700000000000_0042"),
        ("Logging events to file:/e/eventlog_v2_local-1795809599660/e.zstd", "local-1795809599660"),
        ("spark-app-selector -> spark-0123456789abcdef0123456789abcdef, ", "spark-0123456789abcdef0123456789abcdef"),
    ],
)  # fmt: skip
def test_the_applications_id_is_read_from_the_log(line: str, application: str) -> None:
    found = APPLICATION.search(line)
    assert found is not None
    assert found.group(1) == application


def test_the_page_of_a_known_recipe_is_served_and_no_other_file(page: Path, tmp_path: Path) -> None:
    from daybreak.airflow.reports import page_of

    assert page_of("linked", None) == page.resolve()
    assert page_of("linked", "2026-01-02/../..") is None
    assert page_of("../linked", None) is None
    assert page_of("unknown", None) is None
    page.unlink()
    assert page_of("linked", None) is None


def test_a_link_out_of_the_workspace_is_not_followed(page: Path, tmp_path: Path) -> None:
    from daybreak.airflow.reports import page_of

    secret = tmp_path / "secret.html"
    secret.write_text("secret")
    page.unlink()
    page.symlink_to(secret)
    assert page_of("linked", None) is None


def test_nobody_sees_a_page_without_a_login_and_users_see_it_without_network(page: Path) -> None:
    import httpx

    from daybreak.airflow import reports

    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(app=reports.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/report/corpus_build/linked")

    assert asyncio.run(get()).status_code == 401
    response = reports.report("corpus_build", "linked")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "connect-src" not in policy
