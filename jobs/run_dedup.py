"""spark-submit entry point of the dedup step: `spark-submit jobs/run_dedup.py RECIPE [KEY=VALUE]...`"""

import sys

from pipelines.job import main

if __name__ == "__main__":
    sys.exit(main("dedup", sys.argv[1:]))
