"""From source files to records: readers of every layout, document identity, expansion of a source's paths."""

from pipelines.ingest.identify import doc_id
from pipelines.ingest.inputs import Input, expand
from pipelines.ingest.registry import READERS, Reader

__all__ = ["READERS", "Input", "Reader", "doc_id", "expand"]
