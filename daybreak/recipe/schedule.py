"""When a recipe runs in Airflow: the section `schedule`. Never changes the output."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from daybreak.recipe.section import Section

DATE = r"^\d{4}-\d{2}-\d{2}$"
AT = r"^([0-5]?\d) ([01]?\d|2[0-3]) \* \* \*$"


class Wait(Section):
    """Waiting for a day's input."""

    marker: str | None = Field(
        None,
        description="a local file that tells that all is there; by default every path of every source is looked for",
    )
    minutes: Annotated[float, Field(ge=0)] = Field(
        720.0, description="longest wait, minutes; 0: what is not there at once is missing"
    )
    every_seconds: Annotated[float, Field(ge=1)] = Field(60.0, description="seconds between two looks")
    quiet_seconds: Annotated[float, Field(ge=0)] = Field(
        0.0, description="local files must not have changed for so many seconds"
    )
    soft_fail: bool = Field(False, description="when time is up, skip the day instead of failing")


class Schedule(Section):
    """When and how Airflow runs this recipe."""

    cron: str = Field(
        "0 0 * * *", pattern=AT,
        description="minute and hour (UTC) of a daily run, `M H * * *`: a day's run starts then, the day after",
    )  # fmt: skip
    start: str | None = Field(None, pattern=DATE, description="first day, e.g. 2026-01-02")
    end: str | None = Field(None, pattern=DATE, description="last day")
    catchup: bool = Field(True, description="run days between `start` and now that have not run")
    max_active_runs: Annotated[int, Field(ge=1)] = Field(
        1, description="days at once; their dedup keeps the order of the days whatever this says"
    )
    retries: Annotated[int, Field(ge=0)] = Field(2, description="further attempts of a task that failed")
    retry_minutes: Annotated[float, Field(ge=0)] = Field(
        5.0, description="wait before the first of them; doubled each time, up to an hour"
    )
    pool: str = Field("default_pool", description="Airflow pool of the tasks on Spark; it must be there")
    alerts: str = Field(
        "daybreak_alerts",
        description="Airflow connection of the webhook that alerts are posted to, where there is one",
    )
    wait: Wait = Field(default_factory=Wait)
