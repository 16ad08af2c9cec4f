"""Spark ML's HashingTF, MinHashLSH and approxSimilarityJoin, for races; on few documents, for it takes long.

    python benchmarks/peers/run_spark_ml.py texts.jsonl removed.json TABLES ROWS THRESHOLD

Input and output as in run_datatrove_minhash.py. Spark ML has no rows in a band: each of TABLES tables is one hash
(ROWS is not used). A document goes where an earlier one is at the threshold or nearer.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

import psutil
from pyspark.ml.feature import HashingTF, MinHashLSH
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

WORD = re.compile(r"\w+")
NGRAM = 5


def shingles(text: str) -> list[str]:
    """The distinct runs of five words."""
    words = WORD.findall(text.lower())
    return list({" ".join(words[i : i + NGRAM]) for i in range(len(words) - NGRAM + 1)})


def cpu_seconds() -> float:
    """CPU time of this process and its descendants: the JVM."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(sum(process.cpu_times()[:4]) for process in processes)


def main() -> None:
    """Hash, join, print what it cost."""
    source, target, tables, threshold = (
        Path(sys.argv[1]),
        Path(sys.argv[2]),
        int(sys.argv[3]),
        float(sys.argv[5]),
    )
    documents = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    spark = (
        SparkSession.builder.master("local[1]").config("spark.sql.shuffle.partitions", 4)
        .config("spark.driver.memory", "2g").config("spark.ui.enabled", "false").getOrCreate()
    )  # fmt: skip
    spark.sparkContext.setLogLevel("ERROR")
    spark.range(10).count()
    began, clock = cpu_seconds(), time.monotonic()
    rows = [(place, found) for place, d in enumerate(documents) if (found := shingles(d["text"]))]
    frame = spark.createDataFrame(rows, "place int, words array<string>")
    features = HashingTF(inputCol="words", outputCol="features", numFeatures=1 << 20, binary=True).transform(
        frame
    )
    features = features.select("place", "features").persist()
    model = MinHashLSH(inputCol="features", outputCol="hashes", numHashTables=tables, seed=1).fit(features)
    near = model.approxSimilarityJoin(features, features, 1 - threshold, "distance")
    pairs = near.select(F.col("datasetA.place").alias("a"), F.col("datasetB.place").alias("b")).filter(
        "a < b"
    )
    edges = sorted((row.b, row.a) for row in pairs.collect())
    spent, seconds = cpu_seconds() - began, time.monotonic() - clock
    gone: set[int] = set()
    gone.update(b for b, a in edges if a not in gone)
    target.write_text(json.dumps([documents[place]["id"] for place in sorted(gone)]))
    print(json.dumps({"cpu_seconds": {"all": spent}, "seconds": seconds}))
    spark.stop()


if __name__ == "__main__":
    main()
