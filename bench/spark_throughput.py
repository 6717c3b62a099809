"""Measures two Spark workers of one core each beside graft batch with two threads."""

import argparse
import json
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import pyspark

ROOT = Path(__file__).resolve().parents[1]
SPARK = Path(pyspark.__file__).parent
JAR = ROOT / "target" / "graft-spark.jar"
ENVIRONMENT = os.environ | {
    "SPARK_HOME": str(SPARK),
    "SPARK_LOCAL_IP": "127.0.0.1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
}


class Cluster:
    """A master and two workers of one core each, on the loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.start("master.Master")
        self.address = self.said(folder / "0.log", r"Starting Spark master at (spark://\S+)")[0]
        for number in range(2):
            work = ["--cores", "1", "--memory", "2g", "--work-dir", str(folder / f"work{number}")]
            self.start("worker.Worker", *work, self.address)
        while len(self.said(folder / "0.log", "(Registering worker)")) < 2:
            time.sleep(0.1)

    def start(self, main: str, *arguments: str) -> None:
        """Starts a program that logs to its number."""
        command = [str(SPARK / "bin" / "spark-class"), f"org.apache.spark.deploy.{main}"]
        command += ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0", *arguments]
        log = (self.folder / f"{len(self.processes)}.log").open("wb")
        self.processes.append(
            subprocess.Popen(command, env=ENVIRONMENT, stdout=log, stderr=subprocess.STDOUT)
        )

    @staticmethod
    def said(log: Path, pattern: str) -> list[str]:
        """What a log says, once it does."""
        while not (found := re.findall(pattern, log.read_text())):
            time.sleep(0.1)
        return found

    def submit(self, model: str, images: Path, out: Path) -> dict[str, Any]:
        """Runs a BatchJob and gives its summary."""
        command = [str(SPARK / "bin" / "spark-submit"), "--master", self.address]
        command += ["--executor-cores", "1", "--executor-memory", "1g"]
        command += ["--conf", "spark.ui.enabled=false", "--class", "dev.graft.spark.BatchJob"]
        command += [str(JAR), model, str(images), "--out", str(out)]
        with (self.folder / "submit.log").open("wb") as log:
            subprocess.run(command, env=ENVIRONMENT, check=True, stdout=log, stderr=log)
        return dict(json.loads((out / "_summary.json").read_text()))

    def stop(self) -> None:
        """Ends what was started."""
        for process in reversed(self.processes):
            process.terminate()
            process.wait()


def batch(model: str, images: Path, out: Path) -> dict[str, Any]:
    """Runs graft batch and gives its summary."""
    command = [str(ROOT / "graft"), "batch", model, str(images), "--out", str(out), "--quiet"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return dict(json.loads(Path(f"{out}.summary.json").read_text()))


def listed(images: list[Path], count: int, target: Path) -> Path:
    """A list of so many images, again from the first when there are fewer."""
    target.write_text("".join(f"{images[i % len(images)]}\n" for i in range(count)))
    return target


def main() -> None:
    """Prints images a second of both, start apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a run or a model")
    parser.add_argument("images", type=Path, help="a folder of images")
    parser.add_argument("--count", type=int, default=1000, help="images of the short job (1000)")
    options = parser.parse_args()
    found = sorted(p for p in options.images.resolve().rglob("*") if p.suffix in (".jpg", ".png"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        short = listed(found, options.count, folder / "short.txt")
        long = listed(found, 3 * options.count, folder / "long.txt")
        process = [
            float(batch(options.model, images, folder / f"{images.stem}.parquet")["seconds"])
            for images in (short, long)
        ]
        cluster = Cluster(folder)
        try:
            workers = [
                float(cluster.submit(options.model, images, folder / images.stem)["seconds"])
                for images in (short, long)
            ]
        finally:
            cluster.stop()
    rates = [2 * options.count / (times[1] - times[0]) for times in (process, workers)]
    for what, times, rate in zip(
        ("graft batch, 2 threads", "2 workers of 1 core"), (process, workers), rates, strict=True
    ):
        start = times[0] - options.count / rate
        print(f"{what}: {rate:.1f} images/s, {start:.1f} s to start")
    print(f"ratio: {rates[1] / rates[0]:.3f}")


if __name__ == "__main__":
    main()
