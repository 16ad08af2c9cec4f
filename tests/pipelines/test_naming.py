"""Names of jobs nest and come back, and a step's first job clears the last step's."""

from __future__ import annotations

from typing import Any, cast

from pipelines.spark.naming import DESCRIPTION, app_name, describing, group_jobs


class Context:
    """Local properties, as Spark keeps them for a thread."""

    def __init__(self) -> None:
        self.known: dict[str, str | None] = {}

    def getLocalProperty(self, key: str) -> str | None:
        return self.known.get(key)

    def setLocalProperty(self, key: str, value: str | None) -> None:
        self.known[key] = value


class Session:
    def __init__(self) -> None:
        self.sparkContext = Context()


def test_descriptions_nest_and_come_back() -> None:
    spark = cast(Any, Session())
    known = spark.sparkContext.known
    group_jobs(spark, "dedup")
    with describing(spark, "buckets"):
        group_jobs(spark, "dedup")
        assert known[DESCRIPTION] == "dedup: buckets"
        with describing(spark, "write pairs"):
            assert known[DESCRIPTION] == "dedup: write pairs"
        assert known[DESCRIPTION] == "dedup: buckets"
    assert known[DESCRIPTION] == "dedup"
    group_jobs(spark, "encode")
    assert known[DESCRIPTION] == "encode"


def test_an_application_is_named_after_its_one_step() -> None:
    assert app_name("news", ["dedup"]) == "daybreak news dedup"
    assert app_name("news", None) == app_name("news", ["dedup", "encode"]) == "daybreak news"
