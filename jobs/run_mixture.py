"""spark-submit entry point of the mixture step: `spark-submit jobs/run_mixture.py RECIPE [KEY=VALUE]...`"""

import sys

from pipelines.job import main

if __name__ == "__main__":
    sys.exit(main("mixture", sys.argv[1:]))
