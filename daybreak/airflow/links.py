"""Links from a task to its report and to Spark's pages. They are stored when a task ends, whatever its end."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink, conf

HISTORY = "DAYBREAK_SPARK_HISTORY"
"""Environment variable: address of Spark's history server, e.g. http://history.example.org:18080."""
PREFIX = "/daybreak"
"""Where the API server serves the report pages (see `reports`)."""


class ReportLink(BaseOperatorLink):
    """To the report page of the task's recipe and day, served by the plugin."""

    name = "Report"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The address, or an empty text before the task knows its recipe."""
        request = getattr(operator, "request", None)
        if request is None:
            return ""
        base = conf.get("api", "base_url", fallback="").rstrip("/")
        day = f"?day={request.day}" if request.day else ""
        return f"{base}{PREFIX}/report/{quote(ti_key.dag_id)}/{quote(_stem(request.recipe))}{day}"


class SparkLink(BaseOperatorLink):
    """To the application in Spark's history server, or to the list of all where its id is not known."""

    name = "Spark UI"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The address, or an empty text where no history server is set."""
        base = os.environ.get(HISTORY, "").rstrip("/")
        application = getattr(operator, "spark_application", None)
        return f"{base}/history/{quote(application)}/" if base and application else base


def _stem(recipe: str) -> str:
    return recipe.rsplit("/", 1)[-1].rsplit(".", 1)[0]
