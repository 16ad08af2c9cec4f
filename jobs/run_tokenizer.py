"""spark-submit entry point of the tokenizer step: `spark-submit jobs/run_tokenizer.py RECIPE [KEY=VALUE]...`"""

import sys

from pipelines.job import main

if __name__ == "__main__":
    sys.exit(main("tokenizer", sys.argv[1:]))
