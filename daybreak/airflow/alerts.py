"""Alerts of failed tasks: a line of JSON in a file, and a post to a webhook where a connection names one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from airflow.sdk import BaseHook, BaseNotifier
from airflow.sdk.exceptions import AirflowException

from daybreak.secrets import without_secrets

FILE = "DAYBREAK_ALERTS_FILE"
"""Environment variable: the file; by default alerts.jsonl in AIRFLOW_HOME."""
LONGEST = 4000
SECONDS = 10


class Alert(BaseNotifier):
    """On failure of a task: writes a line to the alerts file, and posts it to the webhook of `connection`.

    The connection's host is the whole address (or conn_type, host, port and schema as usual); its password, if any,
    is sent as a bearer token. A webhook that cannot be reached is logged and changes nothing.
    """

    template_fields = ()

    def __init__(self, connection: str = "daybreak_alerts") -> None:
        super().__init__()
        self.connection = connection

    def notify(self, context: Any) -> None:
        """Write and post."""
        alert = describe(context)
        self.log.warning("alert: %s failed in %s", alert["task"], alert["run"])
        _write(alert)
        try:
            self._post(alert)
        except Exception as error:
            self.log.error("the alert was not posted: %s", without_secrets(str(error)))

    def _post(self, alert: dict[str, Any]) -> None:
        import requests

        try:
            connection = BaseHook.get_connection(self.connection)
        except AirflowException:
            return
        headers = {"Authorization": f"Bearer {connection.password}"} if connection.password else {}
        requests.post(_address(connection), json=alert, headers=headers, timeout=SECONDS).raise_for_status()


def describe(context: Any) -> dict[str, Any]:
    """The alert of a failed task: what, when, why, where to look. Credentials are taken out of the reason."""
    ti, date = context["ti"], context.get("logical_date")
    error = context.get("exception")
    return {
        "text": f"{ti.dag_id}.{ti.task_id} failed in {ti.run_id}",
        "dag": ti.dag_id,
        "run": ti.run_id,
        "task": ti.task_id,
        "map_index": getattr(ti, "map_index", -1),
        "try": ti.try_number,
        "logical_date": date.isoformat() if date else None,
        "reason": without_secrets(str(error or ""))[:LONGEST],
        "log": getattr(ti, "log_url", None),
    }


def _write(alert: dict[str, Any]) -> None:
    path = Path(
        os.environ.get(FILE) or Path(os.environ.get("AIRFLOW_HOME", "~/airflow"), "alerts.jsonl")
    ).expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    line = (json.dumps(alert, ensure_ascii=False) + "\n").encode()
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, line)
    finally:
        os.close(file)


def _address(connection: Any) -> str:
    if "://" in (connection.host or ""):
        return str(connection.host)
    scheme = connection.conn_type if connection.conn_type in ("http", "https") else "https"
    port = f":{connection.port}" if connection.port else ""
    return f"{scheme}://{connection.host}{port}/{connection.schema or ''}"
