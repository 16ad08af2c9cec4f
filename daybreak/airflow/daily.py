"""When a daily DAG runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import CronDataIntervalTimetable

from daybreak.recipe.schedule import Schedule


def timing(schedule: Schedule | None) -> dict[str, Any]:
    """Arguments of a DAG whose logical date is the day of its input; without a schedule it is only triggered.

    CronDataIntervalTimetable, which Airflow 3 does not choose by itself: its logical date is the beginning of the
    day's interval, and a back-fill's range is one of days. CronTriggerTimetable's is the moment of the run.
    """
    if schedule is None:
        return {"schedule": None, "catchup": False, "max_active_runs": 1}
    return {
        "schedule": CronDataIntervalTimetable(schedule.cron, timezone="UTC"),
        "start_date": _midnight(schedule.start),
        "end_date": _midnight(schedule.end, last=True),
        "catchup": schedule.catchup,
        "max_active_runs": schedule.max_active_runs,
    }


def _midnight(day: str | None, last: bool = False) -> datetime | None:
    """The beginning of a day, or its last second."""
    if day is None:
        return None
    clock = {"hour": 23, "minute": 59, "second": 59} if last else {}
    return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC, **clock)
