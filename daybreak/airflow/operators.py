"""Steps as tasks: by spark-submit, or by the command line where no Spark is needed. No shell, no templates."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

from airflow.providers.apache.spark.hooks.spark_submit import SparkSubmitHook
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.providers.standard.hooks.subprocess import SubprocessHook, SubprocessResult
from airflow.sdk import Asset, BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from daybreak import sharing
from daybreak.airflow import cluster
from daybreak.airflow.assets import announce
from daybreak.airflow.home import home, read
from daybreak.airflow.links import ReportLink, SparkLink
from daybreak.airflow.request import Asked, Request
from daybreak.cluster import Submission

WRONG = 2
"""Exit code of a wrong recipe: trying again cannot help."""
BUSY, PATIENCE, PAUSE = "another run is using the workspace", 900.0, 10.0
"""What the command says of a workspace that is in use; seconds to wait for it, and between two attempts."""
APPLICATION = re.compile(
    r"(?<![A-Za-z0-9])(app-\d{14}-\d{4}|application_\d+_\d+|spark-[0-9a-f]{32}|local-\d{13})(?![0-9a-f])"
)
"""Ids of applications on standalone clusters, YARN, Kubernetes and in local mode, as spark-submit's log shows them."""


def environment(context: Mapping[str, Any]) -> dict[str, str]:
    """What every task gives its process: home, and who it is, for run log, lineage and traces.

    The trace id is made of DAG and run, so all tasks of a run share it, retries as well.
    """
    ti = context["ti"]
    digest = hashlib.sha256(f"{ti.dag_id}\0{ti.run_id}".encode()).hexdigest()
    return {
        "DAYBREAK_HOME": str(home()),
        "DAYBREAK_DAG_ID": ti.dag_id,
        "DAYBREAK_DAG_RUN_ID": ti.run_id,
        "DAYBREAK_TASK_ID": ti.task_id,
        "TRACEPARENT": f"00-{digest[:32]}-{digest[32:48]}-01",
    }


class SubmitStep(SparkSubmitOperator):
    """One step by spark-submit on the cluster of `conn_id`; of `ingest`, one `source` alone where that is given."""

    operator_extra_links = (ReportLink(), SparkLink())
    overwrite_rtif_after_execution = True  # "Rendered Templates" then shows what was really submitted

    def __init__(
        self,
        *,
        step: str,
        asked: Asked,
        source: str | None = None,
        corpus: Asset | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            application=str(home() / "jobs" / f"run_{step}.py"),
            py_files=os.environ.get("DAYBREAK_ZIP"),
            durable=False,  # a retry runs the step again, which finds what is done; the task stays with its driver
            **kwargs,
        )
        self.step, self.asked, self.source, self.corpus = step, asked, source, corpus
        self.request: Request | None = None
        self.placed: Submission | None = None
        self.spark_application: str | None = None

    def _get_hook(self) -> SparkSubmitHook:
        """The provider's hook, which also tells the application's id where the log shows it."""
        hook = super()._get_hook()
        if self.placed:
            cluster.check_master(self.placed, hook._connection["master"], self._conn_id or "")
        process = hook._process_spark_submit_log
        setattr(hook, process.__name__, lambda lines: process(self._watched(lines)))
        return hook

    def _watched(self, lines: Iterator[str]) -> Iterator[str]:
        for line in lines:
            if self.spark_application is None and (found := APPLICATION.search(line)):
                self.spark_application = found.group(1)
            yield line

    def execute(self, context: Any) -> None:
        """Submit and wait; exit code 2 is final, and the corpus is announced where this is its last step."""
        self.request = self.asked(context)
        self.env_vars = environment(context)
        os.environ.update(sharing.variables(os.environ))  # of this task's process, which starts spark-submit
        self._place()
        one = ["--source", self.source] if self.source else []
        self.application_args = [self._recipe(), *one, *self.request.changes]
        try:
            super().execute(context)
        except AirflowException as error:
            if self._exit_code() == WRONG:
                raise AirflowFailException(
                    f"{self.step}: recipe or usage is wrong; see the log above"
                ) from error
            raise
        if self.corpus:
            announce(self.corpus, self.request, context)

    def _place(self) -> None:
        """Take sizes, settings, environment and deploy mode from the file of DAYBREAK_CLUSTER, where it is set."""
        assert self.request is not None
        self.placed = cluster.submission(self.step, self.request, self.env_vars or {})
        for name, value in (cluster.arguments(self.placed) if self.placed else {}).items():
            setattr(self, name, value)

    def _recipe(self) -> str:
        """The recipe as the driver finds it: by its name alone where it is sent along."""
        assert self.request is not None
        return self.placed.recipe.name if self.placed and self.placed.shipped else self.request.recipe

    def _exit_code(self) -> int | None:
        process = getattr(self._hook, "_submit_sp", None)
        return process.returncode if process else None


class CommandStep(BaseOperator):
    """One step that needs no Spark, by `daybreak run RECIPE --only STEP`; its output is the task's log.

    `final` are exit codes that end the task without a retry; `more` are changes that the DAG adds; `after` is a
    task without whose success this one has nothing to do, for trigger rules that would run it; `needs_section` is a
    section without which the recipe has nothing to do here.
    """

    operator_extra_links = (ReportLink(),)
    template_fields = ("command",)
    overwrite_rtif_after_execution = True  # "Rendered Templates" then shows the command, to repeat it by hand
    ui_color = "#e8f1e4"

    def __init__(
        self, *, step: str, asked: Asked, final: tuple[int, ...] = (WRONG,), more: tuple[str, ...] = (),
        after: str | None = None, needs_section: str | None = None, corpus: Asset | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.step, self.asked, self.corpus = step, asked, corpus
        self.final, self.more, self.after, self.needs_section = final, more, after, needs_section
        self.request: Request | None = None
        self.command: list[str] | None = None
        self._hook = SubprocessHook()

    def execute(self, context: Any) -> None:
        """Run the command; raise where it fails, finally for the exit codes in `final`."""
        self.request = self.asked(context)
        self._require(context)
        changes = [*self.request.changes, *self.more]
        self.command = [
            sys.executable, "-m", "daybreak", "run", self.request.recipe, *changes, "--only", self.step
        ]  # fmt: skip
        environ = {**os.environ, **environment(context)}
        done = self._run(self.command, environ)
        if done.exit_code in self.final:
            raise AirflowFailException(f"{self.step}: {done.output}")
        if done.exit_code:
            raise AirflowException(f"{self.step}: exit code {done.exit_code}: {done.output}")
        if self.corpus:
            announce(self.corpus, self.request, context)

    def _run(self, command: list[str], environ: dict[str, str]) -> SubprocessResult:
        """Run it, and wait for another run of the same workspace: training begins while the report is still written."""
        patience = time.monotonic() + PATIENCE
        while True:
            done = self._hook.run_command(command, env=environ, cwd=str(home()))
            if done.exit_code != 1 or BUSY not in done.output or time.monotonic() > patience:
                return done
            time.sleep(PAUSE)

    def _require(self, context: Any) -> None:
        ti, request = context["ti"], self.request
        assert request is not None
        if self.step == "publish" and not request.publish:
            raise AirflowSkipException("this run was started without publication")
        if self.needs_section and getattr(read(request.recipe, request.changes), self.needs_section) is None:
            raise AirflowSkipException(f"{request.recipe} has no section `{self.needs_section}`")
        if self.after:
            states = ti.get_task_states(dag_id=ti.dag_id, task_ids=[self.after], run_ids=[ti.run_id])
            if states.get(ti.run_id, {}).get(self.after) != "success":
                raise AirflowSkipException(f"{self.after} did not succeed: there is nothing to report")

    def on_kill(self) -> None:
        """End the command and its children."""
        self._hook.send_sigterm()
