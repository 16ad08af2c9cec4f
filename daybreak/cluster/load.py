"""Reading conf/spark: YAML, `--conf` from the command line, and errors that say which key is wrong."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

from daybreak.cluster.model import Cluster, DeployMode
from daybreak.errors import RecipeError
from daybreak.recipe.explain import explain
from daybreak.secrets import credentials, without_secrets


def load_cluster(path: Path, conf: Sequence[str] = (), deploy_mode: DeployMode | None = None) -> Cluster:
    """Read and validate a file. `conf` holds KEY=VALUE of Spark, which win over the file's.

    A relative `dist` stands relative to DAYBREAK_HOME, else the current folder. Raises RecipeError with one line
    a wrong key; ${oc.env:NAME} takes a value from the environment.
    """
    content = _read(path)
    content["conf"] = {**_mapping(content.get("conf"), path), **dict(map(_pair, conf))}
    if deploy_mode:
        content["deploy_mode"] = deploy_mode
    if found := list(credentials({"spark": content})):
        raise RecipeError(f"{path} is not valid:\n" + "\n".join(f"  {line}" for line in found))
    try:
        cluster = Cluster.model_validate(_resolved(content, path))
    except ValidationError as error:
        raise RecipeError(f"{path} is not valid:\n" + "\n".join(explain(error, Cluster))) from None
    return cluster if "://" in cluster.dist else cluster.model_copy(update={"dist": _place(cluster.dist)})


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise RecipeError(f"no settings of a cluster at {path}; conf/spark has one file a kind of cluster")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(without_secrets(f"{path} is not YAML: {error}")) from None
    return _mapping(content, path)


def _mapping(content: Any, path: Path) -> dict[str, Any]:
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise RecipeError(f"{path} holds no mapping where one is due; see conf/spark/standalone.yaml")
    return dict(content)


def _resolved(content: dict[str, Any], path: Path) -> Any:
    try:
        return OmegaConf.to_container(OmegaConf.create(content), resolve=True)
    except OmegaConfBaseException as error:
        raise RecipeError(f"{path}: {str(error).splitlines()[0]}") from error


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise RecipeError(
            f"--conf {text!r}: write KEY=VALUE, for example spark.executor.extraJavaOptions=-Xss4m"
        )
    return key, value


def _place(path: str) -> str:
    return str((Path(os.environ.get("DAYBREAK_HOME", ".")) / Path(path).expanduser()).absolute())
