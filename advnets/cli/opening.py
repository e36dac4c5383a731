"""Opening a run from the command line: a wrong path is told before TensorFlow is imported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import registry_of

if TYPE_CHECKING:
    from ..engine.api import Run


def open_run(ctx: click.Context, path: Path) -> Run:
    """The run in ``path``, with the plugins that this invocation asks for.

    Raises:
        UsageError: If ``path`` is not a run's folder.
    """
    from ..runs import RunFolder

    folder = RunFolder.open(path)
    registry = registry_of(ctx)
    from ..engine.quiet import import_tensorflow

    import_tensorflow()
    from ..engine.api import Run

    return Run(folder, registry)


def run_argument(command: click.decorators.FC) -> click.decorators.FC:
    """Add the argument RUN, the folder of a run."""
    return click.argument("run", metavar="RUN", type=click.Path(path_type=Path))(command)
