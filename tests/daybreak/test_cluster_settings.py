"""Settings of clusters and the commands made of them. YARN and Kubernetes do not run here: their commands are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.cluster import Submission, argv, load_cluster
from daybreak.errors import RecipeError
from tests.conftest import ROOT

CONF = ROOT / "conf/spark"
GOOD = """
manager: standalone
master: spark://host:7077
dist: /shared/dist
driver: {memory: 2g}
executors: {cores: 2, memory: 4g, number: 3}
"""


@pytest.fixture(autouse=True)
def _master(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DAYBREAK_HOME", "DAYBREAK_IMAGE", "DAYBREAK_NAMESPACE", "SPARK_EVENTS", "K8S_MASTER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SPARK_MASTER_URL", "spark://host:7077")


def written(folder: Path, text: str) -> Path:
    file = folder / "cluster.yaml"
    file.write_text(text)
    return file


def command(file: Path, mode: str | None = None, **variables: str) -> list[str]:
    cluster = load_cluster(file, (), mode)  # type: ignore[arg-type]
    recipe = Path("/recipes/my.yaml")
    return argv(
        "spark-submit", Submission("dedup", recipe, "my", cluster, "/here/python", ("seed=4",), variables)
    )


def confs(found: list[str]) -> dict[str, str]:
    pairs = (found[k + 1] for k, word in enumerate(found) if word == "--conf")
    return dict(pair.split("=", 1) for pair in pairs)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("mangaer: yarn", ["mangaer", "did you mean `manager`"]),
        ("executors: {memroy: 4g}", ["executors.memroy", "did you mean `memory`"]),
        ("executors: {memory: lots}", ["executors.memory", "lots"]),
        ("executors: {number: 2, most: 4}", ["number and most exclude each other"]),
        ("conf: {sql.shuffle.partitions: 4}", ["begin with `spark.`"]),
        ("conf: {spark.executor.memory: 4g}", ["say executors.memory"]),
        ("conf: {spark.hadoop.fs.s3a.secret.key: abc}", ["a credential does not stand"]),
        ("master: yarn", ["master of standalone begins with spark://"]),
        ("master: ${oc.env:NO_SUCH_VARIABLE}", ["NO_SUCH_VARIABLE"]),
    ],
)
def test_a_wrong_key_is_named_with_what_to_do(tmp_path: Path, change: str, expected: list[str]) -> None:
    key = change.split(":")[0]
    kept = [line for line in GOOD.splitlines() if not line.startswith(f"{key}:")]
    with pytest.raises(RecipeError) as caught:
        load_cluster(written(tmp_path, "\n".join([*kept, change])))
    assert [part for part in expected if part not in str(caught.value)] == []


def test_the_command_line_wins_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD + "conf: {spark.task.maxFailures: 8}\n")
    assert load_cluster(file, ["spark.task.maxFailures=2"]).conf == {"spark.task.maxFailures": "2"}
    with pytest.raises(RecipeError, match=r"say driver\.memory"):
        load_cluster(file, ["spark.driver.memory=9g"])


def test_client_mode_takes_the_driver_from_here_and_executors_from_the_archive(tmp_path: Path) -> None:
    assert command(written(tmp_path, GOOD)) == [
        "spark-submit", "--master", "spark://host:7077", "--deploy-mode", "client", "--name", "daybreak my dedup",
        "--py-files", "/shared/dist/daybreak.zip", "--archives", "/shared/dist/environment.tar.gz#environment",
        "--conf", "spark.cores.max=6", "--conf", "spark.driver.cores=1", "--conf", "spark.driver.memory=2g",
        "--conf", "spark.executor.cores=2", "--conf", "spark.executor.memory=4g",
        "--conf", "spark.pyspark.driver.python=/here/python", "--conf", "spark.pyspark.python=./environment/bin/python",
        "/shared/dist/jobs/run_dedup.py", "/recipes/my.yaml", "seed=4",
    ]  # fmt: skip


def test_a_standalone_cluster_runs_the_driver_as_a_program_of_the_jvm(tmp_path: Path) -> None:
    found = command(written(tmp_path, GOOD), "cluster")
    assert found[found.index("--class") :] == [
        "--class", "org.apache.spark.deploy.PythonRunner", "/shared/dist/driver.jar",
        "/shared/dist/jobs/launch.py", "/shared/dist/daybreak.zip",
        "/shared/dist/environment.tar.gz", "/shared/dist/jobs/run_dedup.py", "/recipes/my.yaml", "seed=4",
    ]  # fmt: skip
    known = confs(found)
    assert known["spark.submit.pyFiles"] == known["spark.files"] == "/shared/dist/daybreak.zip"
    assert known["spark.standalone.submit.waitAppCompletion"] == "true"


def test_such_a_driver_may_reach_into_java_as_arrow_does(tmp_path: Path) -> None:
    text = GOOD + "conf: {spark.driver.extraJavaOptions: -Dmine=1}\n"
    options = confs(command(written(tmp_path, text), "cluster"))["spark.driver.extraJavaOptions"].split()
    assert "--add-opens=java.base/java.nio=ALL-UNNAMED" in options
    assert options[-1] == "-Dmine=1"
    assert "spark.driver.extraJavaOptions" not in confs(command(written(tmp_path, GOOD), "client"))


def test_yarn_gets_recipe_environment_and_variables_sent() -> None:
    found = command(
        CONF / "yarn.yaml",
        DAYBREAK_HOME="/home/me",
        TRACEPARENT="00-1-2-01",
        DAYBREAK_PII_KEY="sixteen-letters-k",
    )
    assert found[found.index("--files") + 1] == "/recipes/my.yaml"
    assert found[-2:] == ["my.yaml", "seed=4"]
    known = confs(found)
    assert known["spark.yarn.appMasterEnv.DAYBREAK_HOME"] == "/home/me"
    assert known["spark.yarn.appMasterEnv.TRACEPARENT"] == "00-1-2-01"
    assert known["spark.pyspark.python"] == known["spark.pyspark.driver.python"] == "./environment/bin/python"
    assert known["spark.executor.memoryOverhead"] == "8g"
    assert known["spark.dynamicAllocation.maxExecutors"] == "64"
    assert "sixteen-letters-k" not in " ".join(found)


def test_kubernetes_takes_everything_from_the_image() -> None:
    found = command(CONF / "k8s.yaml", DAYBREAK_HOME="/home/me")
    assert found[:5] == [
        "spark-submit",
        "--master",
        "k8s://https://kubernetes.default.svc:443",
        "--deploy-mode",
        "cluster",
    ]
    assert {"--py-files", "--archives", "--files"}.isdisjoint(found)
    assert found[-3:] == ["local:///opt/app/jobs/run_dedup.py", "/recipes/my.yaml", "seed=4"]
    known = confs(found)
    assert known["spark.pyspark.python"] == "/opt/daybreak/bin/python"
    assert known["spark.kubernetes.driverEnv.DAYBREAK_HOME"] == "/opt/app"
    assert known["spark.dynamicAllocation.shuffleTracking.enabled"] == "true"


@pytest.mark.parametrize("name", ["local", "standalone", "yarn", "k8s"])
def test_every_file_shipped_is_valid_and_holds_what_its_cluster_needs(name: str) -> None:
    cluster = load_cluster(CONF / f"{name}.yaml")
    assert cluster.manager == name
    if name != "local":
        wanted = {"spark.speculation", "spark.eventLog.enabled", "spark.ui.prometheus.enabled"}
        assert wanted <= set(cluster.conf)
