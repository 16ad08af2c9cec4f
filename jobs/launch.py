"""Starts a job in the packed environment where Spark does not unpack it for the driver (standalone, cluster mode).

`launch.py ARCHIVE JOB ARGUMENT...` runs under any Python 3.11, with no library: it unpacks ARCHIVE in the driver's
folder and becomes JOB, under the environment's interpreter.
"""

import os
import sys
import tarfile

FOLDER = "environment"

if __name__ == "__main__":
    archive, job, *arguments = sys.argv[1:]
    with tarfile.open(archive) as packed:
        packed.extractall(FOLDER)  # our own archive; the Pythons before 3.11.4 know no `filter`
    python = os.path.abspath(os.path.join(FOLDER, "bin", "python"))
    os.environ["PYSPARK_DRIVER_PYTHON"] = python
    os.execv(python, [python, job, *arguments])
