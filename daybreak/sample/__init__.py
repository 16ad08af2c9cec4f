"""`daybreak sample DIR`: real text from the installed environment, written as shards in the real layouts."""

from daybreak.sample.manifest import SampleReport
from daybreak.sample.write import DEFAULT_MEGABYTES, write_sample

__all__ = ["DEFAULT_MEGABYTES", "SampleReport", "write_sample"]
