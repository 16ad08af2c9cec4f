"""spark-submit entry point of the publish step: `spark-submit jobs/run_publish.py RECIPE [KEY=VALUE]...`"""

import sys

from pipelines.job import main

if __name__ == "__main__":
    sys.exit(main("publish", sys.argv[1:]))
