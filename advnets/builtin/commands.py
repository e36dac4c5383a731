"""Register the commands that ship with advnets."""

from __future__ import annotations

from ..plugins.components import Component
from ..plugins.hookspecs import hookimpl

SUMMARIES = {
    "run": "Play a recipe's game, or resume a run.",
    "launch": "Play a recipe with several workers on this machine.",
    "tune": "Time the choices that leave a game as it is; take the fastest.",
    "verify-resume": "Kill a run again and again, and prove that it ends the same.",
    "sweep": "Play many trials of a recipe over a space of its values.",
    "sweep-compare": "Show how the objectives of sweeps are distributed.",
    "validate": "Check recipes and show all their problems at once.",
    "recipes": "List, show and copy recipes; print their JSON Schema.",
    "components": "List what recipes can name, with parameters.",
    "plugins": "List, check and write plugins.",
    "data": "List and prepare data sets.",
    "sample": "Draw samples from a run's generator.",
    "evaluate": "Score a run's generator.",
    "figure": "Draw a figure of the paper of 2014 from a run.",
    "compare": "Rank recipes by scores that were measured alike.",
    "report": "Write a run's report.html.",
    "export": "Export a run's generator.",
    "doctor": "Look for trouble in the installation, or in a run.",
}


@hookimpl
def advnets_commands() -> list[Component]:
    """Register one file of ``advnets/cli/`` per command."""
    return [
        Component(name, f"advnets.cli.{name.replace('-', '_')}:command", summary)
        for name, summary in SUMMARIES.items()
    ]
