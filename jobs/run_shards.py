"""spark-submit entry point of the shards step: `spark-submit jobs/run_shards.py RECIPE [KEY=VALUE]...`"""

import sys

from pipelines.job import main

if __name__ == "__main__":
    sys.exit(main("shards", sys.argv[1:]))
