"""What a file in conf/spark may say: where Spark runs, how large its processes are, and Spark's own settings."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from daybreak.recipe.section import Section

Count = Annotated[int, Field(ge=1)]
Size = Annotated[str, Field(pattern=r"^\d+[kmgt]$")]
Manager = Literal["local", "standalone", "yarn", "k8s"]
DeployMode = Literal["client", "cluster"]
MASTERS = {"local": "local", "standalone": "spark://", "yarn": "yarn", "k8s": "k8s://"}
INSTEAD = {
    "spark.master": "master",
    "spark.submit.deployMode": "deploy_mode",
    "spark.driver.memory": "driver.memory",
    "spark.driver.cores": "driver.cores",
    "spark.driver.memoryOverhead": "driver.overhead",
    "spark.executor.memory": "executors.memory",
    "spark.executor.cores": "executors.cores",
    "spark.executor.memoryOverhead": "executors.overhead",
    "spark.executor.instances": "executors.number",
    "spark.cores.max": "executors.number",
    "spark.dynamicAllocation.enabled": "executors.least and executors.most",
    "spark.dynamicAllocation.minExecutors": "executors.least",
    "spark.dynamicAllocation.maxExecutors": "executors.most",
    "spark.pyspark.python": "environment",
    "spark.pyspark.driver.python": "environment",
    "spark.archives": "environment",
    "spark.app.name": "nothing: the name comes from recipe and step",
}
"""Settings of Spark that have a key of their own here."""


class Driver(Section):
    """The driver's process."""

    cores: Count = Field(1, description="cores, where the cluster runs the driver")
    memory: Size = Field("4g", description="heap of the JVM, e.g. 4g")
    overhead: Size | None = Field(
        None, description="memory beside the heap, which holds the driver's Python process"
    )


class Executors(Section):
    """The executors: as many as `number`, or from `least` to `most` as there is work. Without either, Spark decides."""

    cores: Count = Field(1, description="tasks at once in an executor; each has a Python worker of its own")
    memory: Size = Field("2g", description="heap of the JVM: shuffles, sorts, Arrow batches on their way")
    overhead: Size | None = Field(
        None, description="memory beside the heap, which holds the Python workers of all its cores"
    )
    number: Count | None = Field(None, description="a fixed number of executors")
    least: Annotated[int, Field(ge=0)] = Field(0, description="executors kept when there is no work")
    most: Count | None = Field(None, description="executors at most: switches dynamic allocation on")

    @model_validator(mode="after")
    def _one_way(self) -> Executors:
        if self.number is not None and self.most is not None:
            raise ValueError("number and most exclude each other: a fixed number, or as there is work")
        if self.least > (self.most or 0):
            raise ValueError("least is above most" if self.most else "least needs most")
        return self


class Environment(Section):
    """Python on drivers and executors."""

    kind: Literal["packed", "installed"] = Field(
        "packed",
        description="packed: project and `archive` are sent, and unpacked for each application; installed: `python` "
        "has project and libraries, on every machine or in the image",
    )
    archive: str = Field("environment.tar.gz", description="name of the archive in `dist`")
    python: str = Field(
        "python3.11",
        description="installed: the interpreter to use; packed: one that starts the driver of a standalone cluster "
        "and unpacks the archive",
    )
    torch: bool = Field(
        False, description="whether it holds torch, which a driver needs for train (`make dist WITH_TORCH=1`)"
    )


class Cluster(Section):
    """One way to run Spark."""

    manager: Manager = Field(description="local, standalone, yarn or k8s")
    master: str = Field(description="as spark-submit takes it, e.g. spark://host:7077")
    deploy_mode: DeployMode = Field("client", description="where the driver runs: here, or in the cluster")
    dist: str = Field(
        "dist",
        description="what `make dist` wrote: a folder, or where a copy of it stands (hdfs://, s3a://; local:// in an "
        "image, of which only jobs/ is needed); in a standalone cluster's cluster mode a folder that all machines see",
    )
    ship_recipe: bool = Field(
        True,
        description="in cluster mode on YARN and Kubernetes: send the recipe along; otherwise the driver reads it "
        "under the same absolute path",
    )
    confirm: bool = Field(
        False,
        description="in cluster mode: look into the workspace for the step's manifest afterwards (it must be seen "
        "from here); spark-submit tells of a failed driver only on YARN",
    )
    environment: Environment = Field(default_factory=Environment)
    driver: Driver = Field(default_factory=Driver)
    executors: Executors = Field(default_factory=Executors)
    conf: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="further settings of Spark"
    )

    @field_validator("conf")
    @classmethod
    def _conf(cls, conf: dict[str, Any]) -> dict[str, Any]:
        for key in conf:
            check_key(key)
        return conf

    @model_validator(mode="after")
    def _fits(self) -> Cluster:
        if not self.master.startswith(MASTERS[self.manager]):
            raise ValueError(f"master of {self.manager} begins with {MASTERS[self.manager]}")
        if self.manager == "local" and self.deploy_mode == "cluster":
            raise ValueError("deploy_mode cluster needs a cluster: local has none")
        return self


def check_key(key: str) -> None:
    """Raise ValueError for a key of `conf` that is none of Spark's, or that has a key of its own."""
    if not key.startswith("spark."):
        raise ValueError(f"{key}: settings of Spark begin with `spark.`")
    if key in INSTEAD:
        raise ValueError(f"{key}: say {INSTEAD[key]}")
