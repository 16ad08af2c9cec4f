"""`daybreak submit`: a step, or all in turn, on a cluster by spark-submit."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from daybreak import java, sharing
from daybreak.cluster import Cluster, Submission, argv, load_cluster
from daybreak.cluster.model import DeployMode
from daybreak.errors import DaybreakError, RecipeError
from daybreak.recipe import Recipe, load_recipe

ALL = "all"
CHOICES: tuple[DeployMode, ...] = ("client", "cluster")


def submit(
    step: str,
    recipe: Path,
    changes: Sequence[str],
    cluster: Path,
    deploy_mode: str | None,
    conf: Sequence[str],
    only_print: bool,
) -> int:
    """Run or print the commands; the first exit code that is not 0, else 0. Nothing starts on a wrong recipe."""
    mode = next((choice for choice in CHOICES if choice == deploy_mode), None)
    if deploy_mode and mode is None:
        raise RecipeError(f"--deploy-mode {deploy_mode}: client or cluster")
    chosen = load_cluster(cluster, conf, mode)
    loaded = load_recipe(recipe, changes)
    variables = _variables()
    submissions = [
        Submission(
            name, recipe, loaded.name, _placed(name, loaded, chosen, step == ALL), sys.executable, tuple(changes),
            variables,
        )
        for name in _steps(step, loaded)
    ]  # fmt: skip
    commands = [(one, argv(spark_submit(), one)) for one in submissions]
    if only_print:
        for _, command in commands:
            print(shlex.join(command))
        return 0
    _complete(submissions)
    return next((code for one, command in commands if (code := _run(one, command, loaded))), 0)


def spark_submit() -> str:
    """Path of spark-submit: SPARK_HOME's, else the one on PATH, else that of the installed pyspark."""
    if home := os.environ.get("SPARK_HOME"):
        return str(Path(home, "bin/spark-submit"))
    if found := shutil.which("spark-submit"):
        return found
    import pyspark

    return str(Path(pyspark.__file__).parent / "bin/spark-submit")


def _steps(wanted: str, recipe: Recipe) -> list[str]:
    from pipelines.registry import STEPS

    known = [step.name for step in STEPS if step.wanted(recipe)]
    if wanted == ALL:
        return known
    if wanted not in known:
        raise RecipeError(
            f"no step {wanted} in this recipe; its steps are {', '.join(known)}, or all of them: {ALL}"
        )
    return [wanted]


def _placed(step: str, recipe: Recipe, cluster: Cluster, one_of_all: bool) -> Cluster:
    """The cluster, in client mode for a step whose driver needs torch that the packed environment has not."""
    needs_torch = step == "train" or (step == "report" and recipe.train is not None)
    if cluster.deploy_mode == "client" or cluster.environment.torch or not needs_torch:
        return cluster
    if one_of_all:
        return cluster.model_copy(update={"deploy_mode": "client"})
    raise RecipeError(
        f"the driver of {step} needs torch, which the environment of this cluster has not: submit it with "
        "--deploy-mode client, or pack torch (make dist WITH_TORCH=1, environment.archive and environment.torch)"
    )


def _complete(submissions: Sequence[Submission]) -> None:
    """Raise DaybreakError for a `dist` here that lacks a file, or holds other code than this."""
    from pipelines.shipping.package import matches

    for one in submissions:
        if "://" in one.cluster.dist:
            continue
        needed = [one.job, *([one.zip] if one.sends_project else []), *([one.archive] if one.packed else [])]
        if missing := [path for path in needed if not Path(path).is_file()]:
            raise DaybreakError(f"{', '.join(missing)} is missing: run `make dist`, or set `dist`")
        if one.sends_project and not matches(Path(one.zip)):
            raise DaybreakError(f"{one.zip} holds other code than this command: run `make dist` again")


def _variables() -> dict[str, str]:
    """This process's variables, and what Spark and a driver elsewhere need to be told: Java, and where paths begin."""
    home = os.environ.get("DAYBREAK_HOME", os.getcwd())
    found = {**os.environ, "DAYBREAK_HOME": home}
    if "JAVA_HOME" not in found and (home_of_java := java.home()):
        found["JAVA_HOME"] = str(home_of_java)
    return found | sharing.variables(found, Path(found["JAVA_HOME"]) if "JAVA_HOME" in found else None)


def _run(one: Submission, command: Sequence[str], recipe: Recipe) -> int:
    code = subprocess.run(command, env=one.variables, check=False).returncode
    if code == 0 and one.away and one.cluster.confirm:
        _confirm(one, recipe)
    return code if code in (0, 1, 2) else 1


def _confirm(one: Submission, recipe: Recipe) -> None:
    """Raise DaybreakError where the step is not done after all."""
    from pipelines.runner import Runner

    planned = {line.step: line for line in Runner(recipe).plan()}[one.step]
    if planned.state != "done":
        raise DaybreakError(
            f"{one.step} is not done in {recipe.workspace} ({planned.why}): the driver failed. Its messages stand in "
            "the cluster: on the master's page under completed drivers, in the worker's folder, or in the pod's log."
        )
