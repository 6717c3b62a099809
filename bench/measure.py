"""Runs what is measured as processes of their own, and says how quiet the machine was."""

import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / "bench"
GRAFT = str(ROOT / "graft")
QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "KERAS_BACKEND": "tensorflow",
    "PYTHONPATH": os.pathsep.join([str(BENCH), str(ROOT / "python-export")]),
}

_Measured = TypeVar("_Measured")


@dataclass
class Others:
    """The share of the processors' time that other processes took; known on Linux only."""

    largest: float | None = None

    def during(self, run: Callable[[], _Measured]) -> _Measured:
        """Runs something and notes what others did meanwhile."""
        began, busy, own = time.perf_counter(), _busy_seconds(), _own_seconds()
        measured = run()
        seconds = time.perf_counter() - began
        if busy is not None:
            others = (_busy_seconds() or busy) - busy - (_own_seconds() - own)
            share = max(0.0, others / seconds / (os.cpu_count() or 1))
            self.largest = max(self.largest or 0.0, share)
        return measured

    def sentence(self) -> str:
        """How quiet it was."""
        if self.largest is None:
            return ""
        return f"Other processes took {self.largest:.0%} of the processors' time at most.\n"


def _busy_seconds() -> float | None:
    """Seconds that all processors together have worked since the start of the machine."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return None
    user, nice, system, _, _, irq, softirq, *_ = map(
        int, stat.read_text("ascii").split("\n", 1)[0].split()[1:]
    )
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    """Seconds that this process and its ended children have worked."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@dataclass(frozen=True)
class Ran:
    """A process that has ended.

    ``seconds`` are those from its start to its end, ``answer`` is the JSON that it printed last,
    ``anonymous`` the most memory of its own that it held, in MiB: pages that are no file's, which
    only Linux tells.
    """

    seconds: float
    printed: str
    anonymous: float

    @property
    def answer(self) -> Any:
        """The JSON in the last line."""
        return json.loads(self.printed.strip().splitlines()[-1])


def run(command: list[str], **environment: str) -> Ran:
    """Runs a process to its end; one that fails ends the benchmark with what it said."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **QUIET, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    watch = _Memory(process.pid)
    printed, errors = process.communicate()
    seconds = time.perf_counter() - began
    watch.stop()
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}:\n{errors}")
    return Ran(seconds, printed, watch.largest)


def python(script: str, *arguments: str) -> Ran:
    """Runs a script of this folder."""
    return run([sys.executable, str(BENCH / script), *arguments])


class _Memory:
    """Samples a process's anonymous resident memory twenty times a second."""

    def __init__(self, process: int) -> None:
        self.largest = 0.0
        self._status = Path(f"/proc/{process}/status")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(0.05):
            try:
                status = self._status.read_text("ascii")
            except OSError:
                return
            for line in status.splitlines():
                if line.startswith("RssAnon:"):
                    self.largest = max(self.largest, int(line.split()[1]) / 1024)

    def stop(self) -> None:
        """Ends the sampling."""
        self._ended.set()
        self._thread.join()


def later(seconds: list[float]) -> float:
    """The median of all but the first, which has more to do."""
    return statistics.median(seconds[1:])


def processor() -> str:
    """The processor's name."""
    if Path("/proc/cpuinfo").exists():
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if platform.system() == "Darwin":
        return run(["sysctl", "-n", "machdep.cpu.brand_string"]).printed.strip()
    return platform.processor() or platform.machine()


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 by itself."""
    info = Path("/proc/cpuinfo")
    flags = info.read_text("utf-8").split() if info.exists() else []
    return "avx512_bf16" in flags or "amx_bf16" in flags


def memory() -> str:
    """How much memory the machine has."""
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{size / 2**30:.0f} GiB"


def say(what: str) -> None:
    """Tells the person who waits."""
    print(what, file=sys.stderr, flush=True)
