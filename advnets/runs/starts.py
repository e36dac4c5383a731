"""Refuse a start from weights that are not there, or are others; say what a run starts from."""

from __future__ import annotations

from ..errors import UsageError
from ..recipe import Recipe
from ..recipe.starts import Origin, look
from ..safe_io.reading import as_path
from .folder import RunFolder
from .index import fault_of


def check_starts(recipe: Recipe) -> list[str]:
    """Check that all weights are there that a new run of a recipe starts from.

    Nothing of it needs TensorFlow; whether they fit the network shows once that is built.

    Args:
        recipe: The recipe, its origins settled as far as they could be.

    Returns:
        What is started from what, a line each.

    Raises:
        UsageError: If weights are missing, damaged, or others than the recipe says.
    """
    lines = []
    for name, origin in recipe.settings.start.origins.items():
        try:
            _check(origin)
        except UsageError as error:
            error.where = error.where or f"start.{name}"
            raise
        lines.append(f"start: the {name} from {origin}")
    return lines


def _check(origin: Origin) -> None:
    found = look(origin)
    if origin.run is not None:
        folder = RunFolder.open(as_path(origin.run))  # none whose links lead out of it
        step = int(found.step)
        if fault := fault_of(folder.checkpoints / f"step-{step:08d}", step):
            raise UsageError(
                f"the checkpoint of step {step} in {origin.run} cannot be used: {fault}",
                hint="another one is named by `step`; `advnets doctor RUN` looks at all of them",
            )
    if origin.sha256 != found.sha256:
        what = "the file" if origin.run is None else f"the state at step {found.step} in"
        raise UsageError(
            f"{what} {origin.place} is not the one that the recipe names: its SHA-256 is "
            f"{found.sha256}, and {origin.sha256} was expected",
            hint="put the original one back; without sha256 the recipe takes what is there, "
            "which is another run",
        )
