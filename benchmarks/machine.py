"""The machine: what it is, and its rate of matrix products and convolutions."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import environments
from .field import Entry
from .stats import median
from .workers import Worker, WorkerFailed

GAME = "dcgan"  # whose convolutions are timed
LIBRARIES = {"TensorFlow": ("limits_tf", "advnets"), "PyTorch": ("limits_torch", "torch")}
WORK = {"large GEMM": "gemm", "DCGAN's convolutions": "convolutions"}
TURNS, SECONDS = 3, 1.0


def describe() -> dict[str, Any]:
    """Processor, cores, memory, system, versions, and how busy it is just now."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "instructions": _instructions(),
        "memory": pages,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
        "commit": _commit(),
    }


def limits(report: Callable[[str], None]) -> list[dict[str, Any]]:
    """GFLOP/s of large products and of a DCGAN's convolutions, by library and type."""
    workers: list[tuple[dict[str, Any], Worker, list[float]]] = []
    for work, what in WORK.items():
        for dtype in ("float32", "bfloat16"):
            for library, (module, environment) in LIBRARIES.items():
                if environments.missing(environment) is not None:
                    continue
                report(f"{work} in {dtype}, {library}")
                told = {"work": work, "dtype": dtype, "library": library}
                label = f"{what} {dtype} {library}"
                options = {"what": what, "dtype": dtype}
                worker = Worker(Entry(label, module, environment, options), GAME)
                try:
                    worker.ready()
                    worker.first_round()
                    worker.turn(SECONDS)
                    workers.append((told, worker, []))
                except WorkerFailed as failure:
                    report(f"  failed: {failure}")
    try:
        for _ in range(TURNS):
            for _, worker, rates in workers:
                rates.append(worker.turn(SECONDS) * worker.about["flops"] / 1e9)
    finally:
        for _, worker, _ in workers:
            worker.kill()
    return [told | {"gflops": median(rates)} for told, _, rates in workers]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _instructions() -> list[str]:
    flags = Path("/proc/cpuinfo").read_text().split()
    return [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if name in flags]


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip()
