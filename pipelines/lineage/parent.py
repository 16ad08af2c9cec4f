"""The scheduler's task that started this process, named as Airflow's OpenLineage provider names it.

Three ways lead to it, the surest first: Spark settings that SparkSubmitOperator injects
(`openlineage_inject_parent_job_info`), OPENLINEAGE_PARENT_ID and OPENLINEAGE_ROOT_PARENT_ID
(namespace/name/run id, the provider's macros `lineage_parent_id` and `lineage_root_parent_id`), and the names of
DAG, run and task, from which the provider's run ids are computed again (airflow.providers.openlineage 2.20.3,
utils.utils.build_task_instance_ol_run_id).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from openlineage.client.facet_v2 import parent_run
from openlineage.client.uuid import generate_static_uuid

SPARK = "spark.openlineage."
RUN_TIME = re.compile(r"__(\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))")


@dataclass(frozen=True)
class Named:
    """A run of a job somewhere."""

    namespace: str
    name: str
    run_id: str


def parent_facet(
    environment: Mapping[str, str], spark: Mapping[str, str]
) -> parent_run.ParentRunFacet | None:
    """Parent and root, None where nothing tells of one; `spark` are the settings of the session, if one runs."""
    found = _from_spark(spark) or _from_ids(environment) or _from_airflow(environment)
    if found is None:
        return None
    parent, root = found
    return parent_run.ParentRunFacet(
        run=parent_run.Run(runId=parent.run_id),
        job=parent_run.Job(namespace=parent.namespace, name=parent.name),
        root=parent_run.Root(
            run=parent_run.RootRun(runId=root.run_id),
            job=parent_run.RootJob(namespace=root.namespace, name=root.name),
        ),
    )


Found = tuple[Named, Named] | None


def _from_spark(settings: Mapping[str, str]) -> Found:
    def named(prefix: str) -> Named | None:
        keys = (f"{SPARK}{prefix}JobNamespace", f"{SPARK}{prefix}JobName", f"{SPARK}{prefix}RunId")
        return Named(*(settings[key] for key in keys)) if all(key in settings for key in keys) else None

    parent = named("parent")
    return (parent, named("rootParent") or parent) if parent else None


def _from_ids(environment: Mapping[str, str]) -> Found:
    parent = _split(environment.get("OPENLINEAGE_PARENT_ID", ""))
    return (parent, _split(environment.get("OPENLINEAGE_ROOT_PARENT_ID", "")) or parent) if parent else None


def _split(text: str) -> Named | None:
    """namespace/name/run id; the namespace may hold slashes."""
    parts = text.rsplit("/", 2)
    return Named(*parts) if len(parts) == 3 and all(parts) else None


def _from_airflow(environment: Mapping[str, str]) -> Found:
    dag, task, run = (_told(environment, key) for key in ("DAG_ID", "TASK_ID", "DAG_RUN_ID"))
    when = _moment(_told(environment, "LOGICAL_DATE"), run)
    if not dag or not task or when is None:
        return None
    namespace = (
        environment.get("AIRFLOW__OPENLINEAGE__NAMESPACE")
        or environment.get("OPENLINEAGE_NAMESPACE")
        or "default"
    )
    attempt, mapped = _told(environment, "TRY_NUMBER") or "1", _told(environment, "MAP_INDEX") or "-1"
    cleared = _told(environment, "CLEAR_NUMBER") or "0"

    def run_id(*parts: str) -> str:
        return str(generate_static_uuid(when, ".".join((namespace, dag, *parts)).encode()))

    parent = Named(namespace, f"{dag}.{task}", run_id(task, attempt, mapped))
    return parent, Named(namespace, dag, run_id(cleared))


def _told(environment: Mapping[str, str], key: str) -> str:
    """By our own name, else by the one that Airflow sets for every task."""
    return environment.get(f"DAYBREAK_{key}") or environment.get(f"AIRFLOW_CTX_{key}") or ""


def _moment(logical_date: str, run: str) -> datetime | None:
    """The logical date; where a run has none, the provider takes the time in its id."""
    found = RUN_TIME.search(run)
    text = logical_date or (found[1] if found else "")
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
