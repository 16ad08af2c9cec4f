"""spark-submit entry point of the train step: `spark-submit jobs/run_train.py RECIPE [KEY=VALUE]...`"""

import sys

from pipelines.job import main

if __name__ == "__main__":
    sys.exit(main("train", sys.argv[1:]))
