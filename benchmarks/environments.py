"""The environments of the peers, in ``.bench``: made once, never part of advnets' own.

``python -m benchmarks.environments``. A peer that cannot be installed is left out; the reason is
kept, and the table names it.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from .places import BENCH, ROOT

REQUIREMENTS = {
    "torch": ["requirements-torch.txt"],
    "tfgan": ["requirements-tfgan.txt"],
}
NO_DEPENDENCIES = {"torch": "requirements-torch-libraries.txt"}
"""Installed as they are: they name dependencies that training does not need."""


def python(environment: str) -> Path:
    """The interpreter of an environment; advnets' own is the one that runs this."""
    return Path(sys.executable) if environment == "advnets" else BENCH / environment / "bin/python"


def missing(environment: str) -> str | None:
    """Why an environment cannot be used, if it cannot."""
    if environment == "advnets":
        return None
    failure = BENCH / f"{environment}.failed"
    if failure.exists():
        return failure.read_text().strip()
    if not (BENCH / f"{environment}.installed").exists():
        return "not installed: run `make bench`"
    return None


def install(environment: str) -> None:
    """Make an environment, unless it is there with these requirements."""
    folder = ROOT / "benchmarks"
    files = [folder / name for name in REQUIREMENTS[environment]]
    bare = [folder / NO_DEPENDENCIES[environment]] if environment in NO_DEPENDENCIES else []
    wanted = hashlib.sha256(b"".join(file.read_bytes() for file in files + bare)).hexdigest()
    installed, failed = BENCH / f"{environment}.installed", BENCH / f"{environment}.failed"
    if installed.exists() and installed.read_text() == wanted:
        return
    BENCH.mkdir(exist_ok=True)
    installed.unlink(missing_ok=True)
    failed.unlink(missing_ok=True)
    print(f"Installing the peers of {environment} in {BENCH / environment} ...", flush=True)
    steps = [[sys.executable, "-m", "venv", "--clear", str(BENCH / environment)]]
    pip = [str(python(environment)), "-m", "pip", "install", "--quiet"]
    steps += [[*pip, "-r", str(file)] for file in files]
    steps += [[*pip, "--no-deps", "-r", str(file)] for file in bare]
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True)
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            reason = (errors or done.stderr.strip().splitlines() or ["no message"])[-1]
            failed.write_text(f"could not be installed: {reason}\n")
            print(f"  left out: {reason}", flush=True)
            return
    installed.write_text(wanted)


def main() -> None:
    """Install all."""
    for environment in REQUIREMENTS:
        install(environment)


if __name__ == "__main__":
    main()
