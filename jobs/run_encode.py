"""spark-submit entry point of the encode step: `spark-submit jobs/run_encode.py RECIPE [KEY=VALUE]...`"""

import sys

from pipelines.job import main

if __name__ == "__main__":
    sys.exit(main("encode", sys.argv[1:]))
