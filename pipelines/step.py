"""A step: the unit of commit and resume. It reads tables of earlier steps and writes its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from daybreak.accounting import Count
from daybreak.manifest import FileEntry, Manifest
from daybreak.progress import Progress
from daybreak.recipe import Recipe
from daybreak.storage import Store
from daybreak.workspace import Workspace

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class Result:
    """What a step wrote: parts by table, counts, and facts for later steps and the report (plain JSON values)."""

    tables: Mapping[str, list[FileEntry]]
    accounting: list[Count] = field(default_factory=list)
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """What a step may use while it runs. `out` is its folder, empty unless the step resumes; `inputs` the
    manifests of what it needs; `fingerprint` what its manifest will have."""

    recipe: Recipe
    workspace: Workspace
    inputs: Mapping[str, Manifest]
    out: Store
    progress: Progress
    session: Callable[[], SparkSession]
    fingerprint: str = ""

    @property
    def spark(self) -> SparkSession:
        """The Spark session, started on first use."""
        return self.session()

    def data(self, step: str) -> Store:
        """Where the data of an earlier step is."""
        return self.workspace.data(self.inputs[step])

    def parts(self, step: str, table: str) -> dict[str, str]:
        """Paths of a table's parts by part name (the unit, for tables laid out by unit)."""
        entries = self.inputs[step].tables.get(table, [])
        return {e.path.rsplit("/", 1)[1].removesuffix(".parquet"): e.path for e in entries}


class Step(ABC):
    """One step of the pipeline. It holds no state: settings are the recipe's, results are in the workspace."""

    name: ClassVar[str]
    """Name of the step and of its folder in the workspace."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Steps whose tables it reads."""
    code: ClassVar[tuple[str, ...]]
    """Packages and modules whose source decides the output."""
    libraries: ClassVar[tuple[str, ...]] = ()
    """Distributions whose version decides the output."""
    resumes: ClassVar[bool] = False
    """Whether a run finds in `context.out` what a killed run of the same fingerprint wrote there."""

    def wanted(self, recipe: Recipe) -> bool:
        """Whether the recipe has this step; every recipe has it unless a step says otherwise."""
        return True

    def settings(self, recipe: Recipe) -> dict[str, Any]:
        """All settings that the output depends on, and no other, as plain JSON values."""
        return {}

    def outside(self, recipe: Recipe) -> dict[str, str]:
        """Inputs from outside the workspace, each with what identifies its content."""
        return {}

    def ready(self, recipe: Recipe, progress: Progress) -> None:  # noqa: B027 - most steps wait for nobody
        """Wait for other runs that change what `outside` tells; called before a step that is not done is run."""

    def stands(self, recipe: Recipe, manifest: Manifest) -> bool:
        """Whether what the step left outside its folder is still as it left it; else it is not done."""
        return True

    @abstractmethod
    def run(self, context: Context) -> Result:
        """Do the work, writing below `context.out` only."""
