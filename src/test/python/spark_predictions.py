"""What PySpark says about images, for dev.graft.spark.SparkPredictorIT.

Usage: spark_predictions.py JAR MODEL BROKEN_MODEL LABELS_MODEL NUMBERS_MODEL LIST FOLDER OUT

FOLDER has images and other files, LIST the paths of images. OUT becomes a JSON file with the
answers of each way to ask.
"""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession


def session(jar: str, model: str) -> SparkSession:
    """Make a session as docs/spark.md says, on two threads."""
    return (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.jars", jar)
        .config("spark.sql.extensions", "dev.graft.spark.GraftFunctions")
        .config("spark.graft.model", model)
        .getOrCreate()
    )


def answers(table: DataFrame) -> dict[str, Any]:
    """Path, without its scheme, to the answer as a dictionary."""
    rows: list[Row] = table.collect()
    return {
        row["path"].removeprefix("file:"): row["prediction"].asDict(recursive=True) for row in rows
    }


def failure(table: DataFrame) -> str:
    """Tell why a table can't be computed."""
    try:
        table.collect()
    except Exception as error:
        return str(error)
    return "none"


def refusal(ask: Callable[[], Any]) -> str:
    """Tell why the driver refuses, before anything runs on an executor."""
    try:
        ask()
    except Exception as error:
        return str(error)
    return "none"


def without_logits(model: str, target: Path) -> str:
    """Copy a model, with a handoff that names its probabilities alone."""
    shutil.copytree(model, target)
    file = target / "handoff.json"
    handoff = json.loads(file.read_text())
    outputs = handoff["signature"]["outputs"]
    handoff["signature"]["outputs"] = [o for o in outputs if o["alias"] == "probabilities"]
    handoff["golden"] = None
    file.write_text(json.dumps(handoff))
    return str(target)


def job(spark: SparkSession, *words: str) -> None:
    """Run BatchJob, which ends the session."""
    arguments = spark._sc._gateway.new_array(spark._jvm.String, len(words))
    for i, word in enumerate(words):
        arguments[i] = word
    spark._jvm.dev.graft.spark.BatchJob.main(arguments)
    spark.stop()


def main(jar: str, model: str, broken: str, *more: str) -> None:
    """Ask in every way."""
    several, numbers, listed, folder, out = more
    spark = session(jar, model)
    spark.sparkContext.setLogLevel("INFO")
    predictor = spark._jvm.dev.graft.spark.SparkPredictor

    def predict(chosen: Any, table: DataFrame, column: str) -> DataFrame:
        return DataFrame(chosen.predict(table._jdf, column), spark)

    images = spark.read.format("binaryFile").load(folder)
    shipped = predictor.of(spark._jsparkSession, model).withTop(2).withLogits()
    paths = (
        images.select("path")
        .repartition(3)
        .union(
            spark.createDataFrame([(f"{folder}/missing.png",), (None,)], "path string").fillna("")
        )
    )
    said = {
        "sql": answers(
            spark.sql(
                f"SELECT path, graft_predict(content) AS prediction FROM binaryFile.`{folder}`"
            )
        ),
        "bytes": answers(predict(shipped, images, "content")),
        "paths": answers(predict(shipped, paths, "path")),
        "alone": answers(predict(shipped, images.orderBy("path").limit(1), "content")),
    }
    predictor.shared(spark._jsparkSession, model).register("by_path")
    said["function of a path"] = answers(images.selectExpr("path", "by_path(path) AS prediction"))
    labels = predictor.of(spark._jsparkSession, several).withTop(2)
    said["labels"] = answers(predict(labels, images, "content"))
    predictor.registerFunction(spark._jsparkSession, numbers)
    said["numbers"] = answers(images.selectExpr("path", "graft_predict(content) AS prediction"))

    whole = predictor.shared(spark._jsparkSession, broken)
    (Path(broken) / "assets" / "labels.txt").write_text("pear\nplum\nquince\n")
    failures = {"damaged": failure(predict(whole, images, "content"))}
    (Path(broken) / "handoff.json").write_bytes(
        (Path(broken) / "handoff.json").read_bytes() + b"\n"
    )
    (Path(broken) / "assets" / "labels.txt").write_bytes(
        (Path(model) / "assets" / "labels.txt").read_bytes()
    )
    failures["another"] = failure(predict(whole, images, "content"))
    unsaid = without_logits(model, Path(out).with_name("without logits"))
    failures["logits"] = refusal(predictor.of(spark._jsparkSession, unsaid).withLogits)
    failures["top"] = refusal(lambda: predictor.of(spark._jsparkSession, numbers).withTop(2))
    failures["none"] = refusal(lambda: predictor.of(spark._jsparkSession, folder))

    result = str(Path(out).with_name("job"))
    job(spark, several, listed, "--out", result, "--top", "2")
    spark = session(jar, model)
    rows = [row.asDict(recursive=True) for row in spark.read.parquet(result).collect()]
    summary = json.loads(Path(result, "_summary.json").read_text())
    Path(out).write_text(
        json.dumps({"answers": said, "failures": failures, "job": rows, "summary": summary})
    )
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
