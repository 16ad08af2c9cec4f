"""What Airflow loads from the plugins folder: the page server of the reports."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from daybreak.airflow.links import PREFIX


class DaybreakPlugin(AirflowPlugin):
    """Serves the reports. The links themselves are the operators' own and need no registration."""

    name = "daybreak"

    @property
    def fastapi_apps(self) -> list[dict[str, object]]:  # type: ignore[override]
        """Imported when the API server asks, so that tasks and DAG files do not import FastAPI."""
        from daybreak.airflow.reports import app

        return [{"app": app, "url_prefix": PREFIX, "name": "Daybreak reports"}]
