"""spark-submit entry point of the ingest step: `spark-submit jobs/run_ingest.py RECIPE [KEY=VALUE]...`

With `--source NAME` it reads that source alone; the step without it commits.
"""

import sys

from pipelines.job import main

if __name__ == "__main__":
    sys.exit(main("ingest", sys.argv[1:]))
