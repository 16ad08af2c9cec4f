"""spark-submit entry point of the gates step: `spark-submit jobs/run_gates.py RECIPE [KEY=VALUE]...`"""

import sys

from pipelines.job import main

if __name__ == "__main__":
    sys.exit(main("gates", sys.argv[1:]))
