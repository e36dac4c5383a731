"""`advnets report`: write a run's report.html."""

from __future__ import annotations

from pathlib import Path

import click

from ..runs import RunFolder
from .common import echo, plugin_options
from .run_options import run_argument


@click.command("report")
@run_argument
@plugin_options
def command(run: Path) -> None:
    """Write the report of RUN again, from what lies in its folder.

    report.html needs nothing else: curves, sample grids, scores with their protocols, the
    manifest and the recipe are in it. A run writes it when it ends; this command also
    serves a run that is still playing.
    """
    from ..monitor.report.report import write_report

    echo(str(write_report(RunFolder.open(run))))
