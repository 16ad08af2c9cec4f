"""The tasks of the DAG `train`."""

from __future__ import annotations

from airflow.sdk import BaseOperator

from daybreak.airflow.operators import CommandStep
from daybreak.airflow.request import by_event
from daybreak.airflow.steps import DOCS


def training() -> list[BaseOperator]:
    """Training, then the report with what it came to."""
    return [
        CommandStep(task_id=step, step=step, asked=by_event, needs_section="train", doc_md=DOCS[step])
        for step in ("train", "report")
    ]
