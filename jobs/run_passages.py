"""spark-submit entry point of the passages step: `spark-submit jobs/run_passages.py RECIPE [KEY=VALUE]...`"""

import sys

from pipelines.job import main

if __name__ == "__main__":
    sys.exit(main("passages", sys.argv[1:]))
