"""The files in deploy/ hold what the checks ask for, and the checks find what is planted."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.utils import canonicalize_name

from daybreak import java
from deploy.check import compose, docker, kubernetes, scripts
from deploy.check.files import ROOT, Fault, documents

BIN = Path(sys.executable).parent
LOCK = docker.pins((ROOT / "requirements.lock").read_text())
Check = Callable[[Path], Iterable[Fault]]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What the checks read, to be damaged."""
    root = tmp_path / "tree"
    root.mkdir()
    for name in ("deploy", "conf", "jobs", "dags", "plugins"):
        shutil.copytree(ROOT / name, root / name)
    for name in ("daybreak", "pipelines", "tokenizer", "trainer"):
        (root / name).mkdir()
    for name in ("requirements.lock", "requirements-worker.in"):
        shutil.copy(ROOT / name, root / name)
    for name in (".dockerignore", "pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, root / name)
    return root


@pytest.mark.parametrize("check", [docker, compose, kubernetes, scripts], ids=lambda module: module.__name__)
def test_nothing_is_wrong_here(check: object) -> None:
    assert [str(fault) for fault in check.faults(ROOT)] == []  # type: ignore[attr-defined]


PLANTED = [
    (docker.faults, docker.DOCKERFILE, "COPY conf /opt", "COPY config /opt", "COPY config: not in the tree"),
    (docker.faults, ".dockerignore", "!conf\n", "", "COPY conf: .dockerignore keeps it out"),
    (docker.faults, docker.DOCKERFILE, "ARG TORCH=", "ARG STORE_TOKEN=x\nARG TORCH=", "a secret would stay"),
    (docker.faults, docker.DOCKERFILE, "USER 10001:10001", "USER daybreak", "spark: USER is daybreak"),
    (docker.faults, docker.DOCKERFILE, "HEALTHCHECK NONE", "", "trainer: no HEALTHCHECK"),
    (docker.faults, "deploy/docker/spark.lock", "numpy==", "numpy==9.", "but requirements.lock has"),
    (docker.faults, "deploy/docker/airflow.in", "asyncpg\n", "asyncpg\naiomysql\n", "aiomysql is in airflow.in"),
    (compose.faults, compose.FILE, "    stop_grace_period:", "    stop_grace:", "unknown key stop_grace"),
    (compose.faults, compose.FILE, "cap_drop: [ALL]", "cap_drop: [NET_RAW]", "keeps capabilities"),
    (compose.faults, compose.FILE, "read_only: true", "read_only: false", "its root file system is writable"),
    (compose.faults, compose.FILE, "memory: 12g", "pids: 9", "airflow-scheduler: no limit of memory"),
    (compose.faults, compose.FILE, "seaweedfs:3.97", "seaweedfs:latest", "name a version"),
    (compose.faults, compose.FILE, "POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password",
     "POSTGRES_PASSWORD: hunter22", "environment POSTGRES_PASSWORD: a secret"),
    (compose.faults, compose.FILE, '"127.0.0.1:${AIRFLOW_PORT', '"${AIRFLOW_PORT', "open to the network"),
    (compose.faults, compose.FILE, "spark-master: {condition", "spark-mastr: {condition", "which is no service"),
    (compose.faults, compose.FILE, "target: airflow}", "target: airflo}", "the Dockerfile has no target airflo"),
    (compose.faults, compose.EXAMPLE, "AIRFLOW_PORT=8080", "AIRFLOW_PORT=80", "AIRFLOW_PORT=80, the compose file"),
    (compose.faults, compose.MAKER, "keep airflow_jwt_secret", "keep other", "does not make airflow_jwt_secret"),
    (kubernetes.faults, "deploy/kubernetes/base/history-server.yaml", "replicas: 1", "replica: 1", "replica"),
    (kubernetes.faults, "deploy/kubernetes/base/history-server.yaml", "runAsNonRoot: true", "runAsNonRoot: false",
     "runAsNonRoot is not true"),
    (kubernetes.faults, "deploy/kubernetes/base/history-server.yaml", "livenessProbe:", "livenesProbe:",
     "no livenessProbe"),
    (kubernetes.faults, "deploy/kubernetes/runs/ingest/ingest.yaml", "mainApplicationFile", "mainFile",
     "'mainApplicationFile' is a required property"),
    (kubernetes.faults, "deploy/kubernetes/runs/ingest/ingest.yaml", "claimName: work", "claim: work", "claim"),
    (kubernetes.faults, "deploy/kubernetes/runs/ingest/ingest.yaml", "drop: [ALL]", "drop: []", "keeps capabilities"),
    (kubernetes.faults, "deploy/kubernetes/runs/train/train.yaml", "minAvailable: 2", "minAvailabel: 2",
     "minAvailabel"),
    (kubernetes.faults, "deploy/kubernetes/runs/train/train.yaml", "image: daybreak", "imag: daybreak", "imag"),
    (kubernetes.faults, "deploy/kubernetes/base/kustomization.yaml", "  - queue.yaml\n", "", "no kustomization names"),
    (kubernetes.faults, "conf/kubernetes/pod-template.yaml", "readOnlyRootFilesystem: true",
     "readOnlyRootFilesystem: false", "its root file system is writable"),
    (scripts.faults, "deploy/docker/entrypoint.sh", "set -euo pipefail", "", "goes on after an error"),
    (scripts.faults, "deploy/docker/entrypoint.sh", "esac", "", "entrypoint.sh"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("check", "file", "old", "new", "says"),
    PLANTED,
    ids=[f"{n}-{row[4][:30]}" for n, row in enumerate(PLANTED)],
)
def test_a_planted_fault_is_found(tree: Path, check: Check, file: str, old: str, new: str, says: str) -> None:
    text = (tree / file).read_text()
    assert old in text
    (tree / file).write_text(text.replace(old, new))
    assert any(says in str(fault) for fault in check(tree)), [str(fault) for fault in check(tree)]


def test_hadolint_has_no_complaint() -> None:
    command = [str(BIN / "hadolint"), "--config", ".hadolint.yaml", docker.DOCKERFILE]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout == ""


def test_yamllint_has_no_complaint() -> None:
    folders = ["conf", "deploy", ".hadolint.yaml", ".yamllint.yaml"]
    command = [str(BIN / "yamllint"), "--strict", *folders]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout == ""


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl, which holds kustomize")
@pytest.mark.parametrize("folder", ["overlays/small", "overlays/production", "runs/ingest", "runs/train"])
def test_what_kustomize_builds_is_valid(folder: str) -> None:
    command = ["kubectl", "kustomize", str(ROOT / kubernetes.FOLDER / folder)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    assert [str(fault) for fault in kubernetes.rendered(built.stdout, folder)] == []
    things = list(yaml.safe_load_all(built.stdout))
    assert all(thing["metadata"].get("namespace", "daybreak") == "daybreak" for thing in things)
    assert re.findall(r"image: (\S+)", built.stdout)
    assert all(":0.1.0" in image for image in re.findall(r"image: (\S+)", built.stdout))


def test_versions_are_those_of_the_lock() -> None:
    dockerfile = (ROOT / docker.DOCKERFILE).read_text()
    makefile = (ROOT / "Makefile").read_text()
    (run,) = documents(ROOT / "deploy/kubernetes/runs/ingest/ingest.yaml")
    assert run["spec"]["sparkVersion"] == LOCK["pyspark"] == LOCK["pyspark-client"]
    values = yaml.safe_load((ROOT / "deploy/airflow/values.yaml").read_text())
    assert values["airflowVersion"] == LOCK["apache-airflow"]
    for target in docker.LOCKS:
        pins = docker.pins((ROOT / f"deploy/docker/{target}.lock").read_text())
        assert pins["pyspark"] == LOCK["pyspark"]
    assert pins["numpy"] == LOCK["numpy"]
    java_version = re.search(r"openjdk-(\d+)-jre-headless", dockerfile)
    assert java_version is not None
    assert int(java_version[1]) == java.OLDEST
    for pattern in (r"torch==[\w.]+", r"uv==[\w.]+"):
        assert set(re.findall(pattern, dockerfile)) == set(re.findall(pattern, makefile))
    base = re.search(r"PYTHON_IMAGE=python:(\d+\.\d+)", dockerfile)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert base is not None
    assert project["requires-python"].startswith(f">={base[1]},")
    assert values["images"]["airflow"]["tag"] == project["version"]


def test_our_volcano_schemas_know_no_field_that_volcano_lacks() -> None:
    """Against the classes of Volcano's model that Spark ships; names of fields stand in a class as they are."""
    import pyspark

    jar = next((Path(pyspark.__file__).parent / "jars").glob("volcano-model-*.jar"))
    classes = {
        "spec": "batch/v1alpha1/JobSpec",
        "task": "batch/v1alpha1/TaskSpec",
        "policy": "batch/v1alpha1/LifecyclePolicy",
        "queue": "scheduling/v1beta1/QueueSpec",
    }
    schemas = ROOT / "deploy/check/schemas"
    job = json.loads((schemas / "job-volcano.json").read_text())
    spec = job["properties"]["spec"]["properties"]
    queue = json.loads((schemas / "queue-volcano.json").read_text())["properties"]["spec"]["properties"]
    fields = {
        "spec": spec,
        "task": spec["tasks"]["items"]["properties"],
        "policy": job["$defs"]["policies"]["items"]["properties"],
        "queue": queue,
    }
    with zipfile.ZipFile(jar) as archive:
        for kind, name in classes.items():
            content = archive.read(f"io/fabric8/volcano/api/model/{name}.class")
            assert [f for f in fields[kind] if f.encode() not in content] == []


def test_secrets_are_made_once_each_another_and_closed_to_others(tmp_path: Path) -> None:
    maker = ["bash", str(ROOT / compose.MAKER), str(tmp_path / "secrets")]
    first = subprocess.run(maker, capture_output=True, text=True, check=True)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    again = subprocess.run(maker, capture_output=True, text=True, check=True)
    assert again.stdout == ""
    assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == made
    assert len(set(made.values())) == len(made) == 7
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    assert made["postgres_password"] in made["airflow_database"]
    assert json.loads(made["store_identities"])["identities"][0]["credentials"][0]["accessKey"] in (
        (tmp_path / "store.env").read_text()
    )
    assert not any(value in first.stdout for value in made.values())


OPTIONAL = {
    "fugashi",
    "heliport",
    "jieba",
    "kenlm",
    "pythainlp",
    "venv_pack",
}  # the last packs environments: make dist
ROOMS = {
    "spark": ("daybreak", "pipelines", "tokenizer", "jobs"),
    "airflow": ("daybreak", "pipelines", "tokenizer", "jobs", "dags", "plugins"),
    "trainer": ("daybreak", "tokenizer", "trainer"),
}


@pytest.mark.parametrize("image", docker.LOCKS)
def test_an_image_has_every_library_that_its_code_imports(image: str) -> None:
    """Libraries of Airflow count for its image alone, torch is a build argument."""
    pins = docker.pins((ROOT / f"deploy/docker/{image}.lock").read_text())
    known = packages_distributions()
    wanted = {
        name for room in ROOMS[image] for path in (ROOT / room).rglob("*.py") for name in imported(path)
    }
    if image != "airflow":
        wanted -= {name for name in wanted if name in ("airflow", "fastapi", "starlette")}
    own = {"daybreak", "pipelines", "tokenizer", "trainer", "jobs", "dags", "torch"}
    missing = {
        name
        for name in wanted - set(sys.stdlib_module_names) - OPTIONAL - own
        if not any(canonicalize_name(distribution) in pins for distribution in known.get(name, ["?"]))
    }
    assert missing == set()


def imported(path: Path) -> set[str]:
    """Names of the packages that a file imports anywhere."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found
