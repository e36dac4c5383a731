"""Name the sample grids of a run, and find them again."""

from __future__ import annotations

import re
from pathlib import Path

SAMPLE = re.compile(r"step-(\d+)\.png")


def sample_file(step: int) -> str:
    """Return the name of the sample grid of ``step``.

    >>> sample_file(1200)
    'step-00001200.png'
    """
    return f"step-{step:08}.png"


def samples_of(folder: Path) -> list[Path]:
    """Return the sample grids in ``folder``, by step."""
    found = [path for path in Path(folder).glob("step-*.png") if SAMPLE.fullmatch(path.name)]
    return sorted(found, key=step_of)


def step_of(path: Path) -> int:
    """Return the step of a sample grid."""
    match = SAMPLE.fullmatch(path.name)
    if match is None:
        raise ValueError(f"{path.name} is not the name of a sample grid")
    return int(match[1])
