"""The cases on a GPU: ``python -m benchmarks.gpu --torch-python PATH``.

advnets (``pip install -e '.[cuda]'``) against PyTorch eager, torch.compile and CUDA graphs, each
in float32, TF32 and bfloat16: rounds per second, share of the measured rate of matrix products,
and the part of the time in which the GPU waits between kernels. PyTorch may live in another
environment; give its interpreter. Without a GPU the same runs on the CPU, and says so: there is
neither TF32 nor a CUDA graph then, and no profile.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from . import data, machine
from .cases import GAMES
from .cases.products import round_flops
from .field import Entry
from .places import BENCH, RESULTS, ROOT
from .stats import median, ratio
from .tables import Plain, number
from .workers import Worker, WorkerFailed

CASES = ("mnist", "mnist_simultaneous", "ring", "dcgan", "wgan_gp")
LARGE = {"cuda": 8192, "cpu": 2048}
OURS = "advnets"

console = Console(highlight=False)


@dataclass(frozen=True)
class Precision:
    """A way to compute products: the games' policy, and whether float32 may use TF32."""

    name: str
    policy: str
    tf32: bool = False

    @property
    def dtype(self) -> str:
        """Of the products."""
        return "bfloat16" if self.policy == "mixed_bfloat16" else "float32"


PRECISIONS = [
    Precision("float32", "float32"),
    Precision("TF32", "float32", tf32=True),
    Precision("bfloat16", "mixed_bfloat16"),
]


def entries(device: str, precision: Precision) -> list[Entry]:
    """The contestants on a device, in a precision; the last shows what the machine can do.

    >>> [e.label for e in entries("cpu", PRECISIONS[0])]
    ['advnets', 'PyTorch eager', 'PyTorch compile', 'large GEMM']
    """
    shared: dict[str, Any] = {"precision": precision.policy, "tf32": precision.tf32}
    torch = {**shared, "device": device}
    found = [
        Entry(OURS, "advnets_", "advnets", shared),
        Entry("PyTorch eager", "pytorch", "torch", torch),
        Entry("PyTorch compile", "pytorch", "torch", {**torch, "compiled": True}),
    ]
    if device == "cuda":
        graphs = {**torch, "compiled": True, "compile_mode": "reduce-overhead"}
        found += [
            Entry("PyTorch compile, CUDA graphs", "pytorch", "torch", graphs),
            Entry("PyTorch, one CUDA graph a round", "pytorch", "torch", {**torch, "graph": True}),
        ]
    gemm = {"what": "gemm", "dtype": precision.dtype, "size": LARGE[device]}
    return [*found, Entry("large GEMM", "limits_torch", "torch", {**torch, **gemm})]


def measure(
    case: str, players: list[Entry], interpreter: Path, alternations: int, seconds: float
) -> dict[str, dict[str, Any]]:
    """Rates in rounds per second by label, one per turn, or ``absent`` and the reason."""
    found: dict[str, dict[str, Any]] = {}
    workers = []
    for entry in players:
        worker = Worker(entry, case, interpreter if entry.environment == "torch" else None)
        try:
            worker.ready()
            worker.first_round()
            worker.turn(seconds)
            workers.append(worker)
            found[entry.label] = {"rates": [], "about": worker.about}
        except WorkerFailed as failure:
            found[entry.label] = {"absent": f"failed: {failure}"}
    try:
        for _ in range(alternations):
            for worker in workers:
                found[worker.entry.label]["rates"].append(worker.turn(seconds))
    finally:
        for worker in workers:
            worker.kill()
    return found


def idle(case: str, entry: Entry, interpreter: Path) -> float | None:
    """The part of the time in which the GPU waits between the contestant's kernels."""
    python = interpreter if entry.environment == "torch" else Path(sys.executable)
    options = json.dumps(dict(entry.options))
    command = [str(python), "-m", "benchmarks.gpu_profile", entry.module, case, options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        return None
    return json.loads(done.stdout.splitlines()[-1])["idle"]


def table(results: Mapping[str, Any]) -> Plain:
    """All results as one table."""
    rows = []
    for case, by_precision in results["cases"].items():
        for precision, found in by_precision.items():
            gemm = found.get("large GEMM", {})
            for label, said in found.items():
                if "rates" not in said or label == "large GEMM":
                    continue
                ours = found[OURS].get("rates")
                share = ""
                if gemm.get("rates"):
                    done = median(said["rates"]) * round_flops(GAMES[case])
                    share = f"{100 * done / (median(gemm['rates']) * gemm['about']['flops']):.1f} %"
                waits = said.get("idle")
                rows.append(
                    [
                        f"{case}, {precision}, {label}",
                        number(median(said["rates"])),
                        f"{ratio(ours, said['rates']):.2f}" if ours and label != OURS else "",
                        share,
                        "" if waits is None else f"{100 * waits:.0f} %",
                    ]
                )
    heads = ["case", "rounds/s", "advnets is × as fast", "share of GEMM", "GPU waits"]
    return Plain(f"on {results['device']}", heads, rows)


def _device(interpreter: Path) -> tuple[str, str]:
    code = (
        "import torch; found = torch.cuda.is_available();"
        "print(torch.cuda.get_device_name() if found else '')"
    )
    done = subprocess.run([str(interpreter), "-c", code], capture_output=True, text=True)
    if done.returncode:
        raise click.ClickException(f"{interpreter} has no PyTorch; see --torch-python")
    name = done.stdout.strip()
    return ("cuda", name) if name else ("cpu", "the CPU: PyTorch sees no GPU")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--torch-python",
    type=click.Path(exists=True, path_type=Path),
    default=BENCH / "torch/bin/python",
    help="The interpreter that has PyTorch; .bench/torch's by default.",
)
@click.option("--cases", default=",".join(CASES), show_default=True)
@click.option("--precisions", default="float32,TF32,bfloat16", show_default=True)
@click.option("--alternations", default=5, show_default=True)
@click.option("--seconds", default=2.0, show_default=True, help="Length of a turn.")
@click.option("--out", type=click.Path(path_type=Path), help="JSON; in .bench/results by default.")
def main(
    torch_python: Path,
    cases: str,
    precisions: str,
    alternations: int,
    seconds: float,
    out: Path | None,
) -> None:
    """Time the cases on a GPU, or on the CPU where there is none."""
    data.prepare()
    device, name = _device(torch_python)
    console.print(f"device: {name}", style="bold")
    results: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "device": name,
        "machine": machine.describe(),
        "cases": {},
    }
    for case in cases.split(","):
        results["cases"][case] = {}
        for precision in PRECISIONS:
            if precision.name not in precisions.split(",") or (precision.tf32 and device == "cpu"):
                continue
            console.rule(f"{case}, {precision.name}")
            players = entries(device, precision)
            found = measure(case, players, torch_python, alternations, seconds)
            for entry in players[:-1]:
                if device == "cuda" and "rates" in found[entry.label]:
                    found[entry.label]["idle"] = idle(case, entry, torch_python)
                if "absent" in found[entry.label]:
                    console.print(f"{entry.label}: {found[entry.label]['absent']}")
            results["cases"][case][precision.name] = found
    console.print(table(results).rich())
    out = out or RESULTS / f"gpu-{time.strftime('%Y%m%d-%H%M%S')}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    console.print(f"the numbers are in {out}")


if __name__ == "__main__":
    main()
