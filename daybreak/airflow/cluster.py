"""Where tasks on Spark run: as a file of conf/spark says (`DAYBREAK_CLUSTER`), else as their connection alone does."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from daybreak.airflow.home import home, read
from daybreak.airflow.request import Request
from daybreak.cluster import Submission, load_cluster
from daybreak.cluster.command import ENVIRONMENT, STANDALONE_CLUSTER, settings
from daybreak.errors import RecipeError

CLUSTER = "DAYBREAK_CLUSTER"
"""Variable that names the file, relative to DAYBREAK_HOME."""


def submission(step: str, request: Request, variables: Mapping[str, str]) -> Submission | None:
    """What `daybreak submit` would run for the step; None where no file is named.

    Raises AirflowFailException for a file that is wrong, and for what SparkSubmitOperator cannot do.
    """
    if not (file := os.environ.get(CLUSTER)):
        return None
    try:
        cluster = load_cluster(home() / file)
        name = read(request.recipe, request.changes).name
    except RecipeError as error:
        raise AirflowFailException(str(error)) from error
    found = Submission(
        step,
        Path(request.recipe),
        name,
        cluster,
        sys.executable,
        request.changes,
        {**os.environ, **variables},
    )
    if found.kind == STANDALONE_CLUSTER:
        raise AirflowFailException(
            f"{file}: a standalone cluster takes no Python program in cluster mode; write deploy_mode: client"
        )
    return found


def arguments(found: Submission) -> dict[str, Any]:
    """Attributes of a SparkSubmitOperator that make its command the one of `daybreak submit`."""
    return {
        "application": found.job,
        "conf": settings(found),
        "files": str(found.recipe.absolute()) if found.shipped else None,
        "py_files": found.zip if found.sends_project else None,
        "name": f"daybreak {found.name} {found.step}",
        "_archives": f"{found.archive}#{ENVIRONMENT}" if found.packed else None,
        "_deploy_mode": found.cluster.deploy_mode,
        "_driver_memory": None,
    }


def check_master(found: Submission, master: str, conn_id: str) -> None:
    """Raise AirflowFailException where the connection names another cluster than the file."""
    if found.cluster.master != master:
        raise AirflowFailException(
            f"the connection {conn_id} names the master {master}, the file of {CLUSTER} {found.cluster.master}: "
            "make them the same"
        )
