"""spark-submit entry point of the report step: `spark-submit jobs/run_report.py RECIPE [KEY=VALUE]...`"""

import sys

from pipelines.job import main

if __name__ == "__main__":
    sys.exit(main("report", sys.argv[1:]))
