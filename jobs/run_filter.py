"""spark-submit entry point of the filter step: `spark-submit jobs/run_filter.py RECIPE [KEY=VALUE]...`"""

import sys

from pipelines.job import main

if __name__ == "__main__":
    sys.exit(main("filter", sys.argv[1:]))
