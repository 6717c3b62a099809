"""Compares a BatchJob's result with that of graft batch, for dev.graft.spark.BatchJobIT.

Usage: spark_compared.py RESULT REFERENCE OUT
"""

import json
import sys
from pathlib import Path

from pyspark.sql import SparkSession


def main(result: str, reference: str, out: str) -> None:
    """Write counts to OUT."""
    spark = (
        SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    )
    columns = ["number", "path", "label", "probability", "top"]
    cluster = spark.read.parquet(result).select(columns)
    process = spark.read.parquet(reference).select(columns)
    rejected = spark.read.json(f"{result}.rejected")
    counts = {
        "rows": cluster.count(),
        "numbers": cluster.select("number").distinct().count(),
        "different": cluster.exceptAll(process).count() + process.exceptAll(cluster).count(),
        "rejected": rejected.count(),
        "reasons": [row["reason"] for row in rejected.select("reason").distinct().collect()],
    }
    Path(out).write_text(json.dumps(counts))
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
