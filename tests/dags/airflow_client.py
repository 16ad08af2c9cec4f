"""A client of Airflow's REST API (version 2) with what the tests ask for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

ENDED = ("success", "failed")


class Client:
    """One signed-in user of one server. Answers are the API's JSON; HTTP errors raise with the server's words."""

    def __init__(self, root: str, user: str, password: str) -> None:
        self.root, self._user, self._password = root, user, password
        self._http = requests.Session()
        # A kept connection that the server has closed, or a server that starts again, is no failure of a test.
        retry = Retry(total=5, backoff_factor=0.5, status_forcelist=(502, 503, 504), allowed_methods=None)
        self._http.mount("http://", HTTPAdapter(max_retries=retry))

    def log_in(self) -> bool:
        """Get a token for the requests that follow."""
        body = {"username": self._user, "password": self._password}
        answer = requests.post(f"{self.root}/auth/token", json=body, timeout=30)
        answer.raise_for_status()
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return True

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """One request below /api/v2."""
        answer = self._http.request(method, f"{self.root}/api/v2/{path}", json=body, params=query, timeout=60)
        if not answer.ok:
            raise requests.HTTPError(f"{method} {path}: {answer.status_code} {answer.text}", response=answer)
        return answer.json() if answer.content else {}

    def get(self, path: str, **query: Any) -> Any:
        """GET below /api/v2."""
        return self.call("GET", path, **query)

    def page(self, address: str) -> str:
        """The text behind an address of this server; an HTTP error raises."""
        answer = self._http.get(address, timeout=60)
        answer.raise_for_status()
        return answer.text

    def wait(self, what: str, ready: Callable[[], Any], seconds: float) -> Any:
        """The first true answer of `ready`; a server that does not answer yet is asked again."""
        deadline = time.monotonic() + seconds
        while True:
            last: object = None
            try:
                if answer := ready():
                    return answer
            except (requests.RequestException, KeyError) as error:
                last = error
            assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what} ({last})"
            time.sleep(1.0)

    # Dags and runs

    def wait_for_dag(self, dag: str, seconds: float = 180) -> None:
        """Wait until a DAG file was read and its DAG is known; a file that does not import fails at once."""

        def known() -> bool:
            assert self.import_errors() == []
            return bool(self.get(f"dags/{dag}")["dag_id"] == dag)

        self.wait(f"the DAG {dag}", known, seconds)

    def import_errors(self) -> list[str]:
        """Traces of DAG files that could not be read."""
        return [error["stack_trace"] for error in self.get("importErrors")["import_errors"]]

    def trigger(self, dag: str, logical_date: str | None = None, conf: dict[str, Any] | None = None) -> str:
        """Start a run; its id."""
        body = {"logical_date": logical_date, "conf": conf or {}}
        return str(self.call("POST", f"dags/{dag}/dagRuns", body)["dag_run_id"])

    def runs(self, dag: str, **query: Any) -> list[dict[str, Any]]:
        """Runs of a DAG, oldest logical date first."""
        return list(self.get(f"dags/{dag}/dagRuns", order_by="logical_date", **query)["dag_runs"])

    def run(self, dag: str, run: str) -> dict[str, Any]:
        """One run."""
        return dict(self.get(f"dags/{dag}/dagRuns/{run}"))

    def wait_for_run(self, dag: str, run: str, seconds: float = 600) -> str:
        """Wait until a run has ended; its state."""
        ended = self.wait(
            f"run {run} of {dag}", lambda: (s := self.run(dag, run)["state"]) in ENDED and s, seconds
        )
        return str(ended)

    def clear(self, dag: str, run: str, tasks: list[str] | None = None, **more: Any) -> list[str]:
        """Clear tasks of a run (all where none are named), so that they run again; the ids of the cleared."""
        body = {"dry_run": False, "dag_run_id": run, "only_failed": False, "task_ids": tasks, **more}
        answer = self.call("POST", f"dags/{dag}/clearTaskInstances", body)
        return [task["task_id"] for task in answer["task_instances"]]

    def backfill(self, dag: str, first: str, last: str, **more: Any) -> int:
        """Start a back-fill of the dates from first to last, both included; its id."""
        body = {"dag_id": dag, "from_date": first, "to_date": last, **more}
        return int(self.call("POST", "backfills", body)["id"])

    # Tasks of a run

    def tasks(self, dag: str, run: str) -> list[dict[str, Any]]:
        """Task instances of a run, one for each index of a mapped task."""
        return list(self.get(f"dags/{dag}/dagRuns/{run}/taskInstances", limit=100)["task_instances"])

    def states(self, dag: str, run: str) -> dict[str, str | None]:
        """State by task id; that of a mapped task by `id[index]`."""
        return {labelled(task): task["state"] for task in self.tasks(dag, run)}

    def log(self, dag: str, run: str, task: str, try_number: int = 1, map_index: int = -1) -> str:
        """The whole log of one try, as lines of text."""
        path = f"dags/{dag}/dagRuns/{run}/taskInstances/{task}/logs/{try_number}"
        lines = self.get(path, map_index=map_index, full_content=True)["content"]
        return "\n".join(line if isinstance(line, str) else str(line.get("event", "")) for line in lines)

    def links(self, dag: str, run: str, task: str) -> dict[str, str | None]:
        """Extra links of a task by their names."""
        return dict(self.get(f"dags/{dag}/dagRuns/{run}/taskInstances/{task}/links")["extra_links"])

    def asset_events(self, **query: Any) -> list[dict[str, Any]]:
        """Events of assets, oldest first."""
        return list(self.get("assets/events", order_by="timestamp", **query)["asset_events"])


def labelled(task: dict[str, Any]) -> str:
    """Name of a task instance: its task id, and its index where it is one of several."""
    index = task["map_index"]
    return str(task["task_id"]) if index < 0 else f"{task['task_id']}[{index}]"
