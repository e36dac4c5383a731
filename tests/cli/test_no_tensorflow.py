"""What needs no tensors imports no TensorFlow: seen from outside, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from advnets.builtin.commands import SUMMARIES

ROOT = Path(__file__).parents[2]
HEAVY = ("tensorflow", "keras", "tensorflow_datasets", "sklearn", "scipy", "matplotlib")
WATCH = """
import sys
from advnets.cli.main import cli
sys.argv = ["advnets", *sys.argv[1:]]
try:
    cli()
except SystemExit as end:
    code = end.code or 0
heavy = [name for name in HEAVY if name in sys.modules]
print(f"IMPORTED {heavy} EXIT {code}")
"""


def run(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", WATCH.replace("HEAVY", repr(HEAVY)), *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.splitlines()[-1] if done.stdout else done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["validate", "goodfellow2014"],
        ["validate", "ring", "training.steps=5", "dataset=digits"],
        ["recipes", "list"],
        ["recipes", "schema"],
        ["components"],
        ["components", "losses"],
        ["plugins", "list"],
    ],
    ids=" ".join,
)
def test_imports(words: list[str]) -> None:
    assert run(*words) == "IMPORTED [] EXIT 0"


def test_a_wrong_recipe() -> None:
    assert run("validate", "ring", "training.steps=x") == "IMPORTED [] EXIT 2"


@pytest.mark.parametrize("name", SUMMARIES)
def test_help_of_every_command(name: str) -> None:
    assert run(name, "--help") == "IMPORTED [] EXIT 0"
