"""Say which weights a network starts from: another run's, or a file's; fill in their digest."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from ..builtin.networks import MOST_WEIGHTS
from ..errors import UsageError
from ..plugins.components import PLAYERS
from ..plugins.parameters import Parameters
from ..safe_io import is_there, open_file, read_json
from ..safe_io.reading import as_path

CHECKPOINTS = "checkpoints"
INDEX = "checkpoint.json"
"""In the folder of a committed checkpoint: what it consists of."""
COMMITTED = re.compile(r"step-(\d{8,})")
"""What that folder is called."""
ENDINGS = (".npz", ".weights.h5", ".keras")
"""Of the files that weights are read from."""
MISSING = "missing"
PLACES = ("run", "file")
"""What says where weights lie, and not which they are."""


class Origin(Parameters):
    """Say which weights a network starts from."""

    run: Annotated[str, Field(min_length=1)] | None = Field(None, description="a run's folder")
    network: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        None, description="its name in that run; by default the same"
    )
    step: Annotated[int, Field(ge=0, le=2**53)] | Literal["latest", "best"] = Field(
        "latest",
        description="of that run's checkpoint; best: by its `checkpoints.best`",
    )
    weights: Literal["averaged", "current"] | None = Field(
        None, description="of that run; averaged ones where it keeps them"
    )
    file: Annotated[str, Field(min_length=1)] | None = Field(
        None, description=f"a file of weights instead: {', '.join(ENDINGS)}"
    )
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = Field(
        None,
        description="of the file, or of the state in the run's checkpoint; filled in if left out, "
        "so that a run depends on what it began from",
    )

    @model_validator(mode="after")
    def _check(self) -> Origin:
        if (self.run is None) == (self.file is None):
            raise ValueError("give one of run (a run's folder) and file (a file of weights)")
        of_run = self.network, self.weights, None if self.step == "latest" else self.step
        if self.file is not None and of_run != (None, None, None):
            raise ValueError("network, step and weights are of a run; a file is taken whole")
        return self

    @property
    def place(self) -> str:
        """Where the weights lie, as it was written."""
        return str(self.run if self.run is not None else self.file)

    @property
    def settled(self) -> bool:
        """Whether it says all, so that nothing has to be looked at."""
        of_run = None not in (self.network, self.weights) and isinstance(self.step, int)
        return self.sha256 is not None and (self.run is None or of_run)

    def __str__(self) -> str:
        digest = f"SHA-256 {self.sha256[:12]}…" if self.sha256 else "not there"
        if self.file is not None:
            return f"{self.file} ({digest})"
        weights = f"the {self.weights} weights" if self.weights else "the weights"
        return f"{self.run}, {weights} of its {self.network} at step {self.step} ({digest})"


class Start(Parameters):
    """Say which networks start from other weights than those that are drawn."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Origin]

    missing: Literal["refuse", "keep"] = Field(
        "refuse",
        description="what becomes of weights that have no partner there of their name and shape; "
        "keep: they stay as they are drawn",
    )

    @property
    def origins(self) -> dict[str, Origin]:
        """Where networks start from, by their names."""
        return dict(self.__pydantic_extra__ or {})


def settle(start: Start) -> dict[str, Any]:
    """Return a recipe's ``start`` with all filled in that can be: digests, steps, which weights.

    What cannot be found is left as it is written, since a run that has begun needs it no more:
    :func:`advnets.runs.starts.check_starts` refuses it where one is to begin.
    """
    found = start.model_dump(mode="json")
    for name, origin in start.origins.items():
        named = (
            origin if origin.file else origin.model_copy(update={"network": origin.network or name})
        )
        if not named.settled:
            try:
                looked = look(named)
                named = looked.model_copy(update={"sha256": origin.sha256 or looked.sha256})
            except UsageError:
                pass
        found[name] = named.model_dump(mode="json")
    return found


def identify(start: Any) -> dict[str, Any] | None:
    """Return the part of a resolved ``start`` that a trajectory depends on; ``None`` if none."""
    if not isinstance(start, Mapping) or not set(start) - {MISSING}:
        return None
    return {
        name: {k: v for k, v in one.items() if k not in PLACES and v is not None}
        if isinstance(one, Mapping)
        else one
        for name, one in start.items()
    }


def look(origin: Origin) -> Origin:
    """Look where weights lie; return what they are, all filled in.

    The digest is that of what lies there, whatever the origin says. Of a run its checkpoint's
    index alone is read, not the weights.

    Raises:
        UsageError: If there are none.
    """
    return _look_at_file(origin) if origin.file is not None else _look_at_run(origin)


def _look_at_file(origin: Origin) -> Origin:
    path = as_path(str(origin.file))
    if not path.name.endswith(ENDINGS):
        raise UsageError(
            f"{origin.file}: weights are read from files that end in {', '.join(ENDINGS)}",
            hint="model.save_weights('x.weights.h5') and `advnets export --format npz` write such",
        )
    try:
        with open_file(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > MOST_WEIGHTS:
                raise UsageError(
                    f"{origin.file} has {size:,} bytes; {MOST_WEIGHTS:,} are the most of a file "
                    "of weights"
                )
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(
            f"the file of weights {origin.file} cannot be read: {error.strerror}",
            hint="a run that has begun from it goes on without it: advnets run RUN",
        ) from error
    return origin.model_copy(update={"sha256": digest})


def _look_at_run(origin: Origin) -> Origin:
    folder = as_path(str(origin.run))
    if not is_there(folder):
        raise UsageError(
            f"there is no run folder {origin.run}",
            hint="a path is seen from where the command is called; a run that has begun from "
            "it goes on without it: advnets run RUN",
        )
    steps = committed_steps(folder)
    if not steps:
        raise UsageError(
            f"{origin.run} is not the folder of a run with a checkpoint",
            hint="it is the folder with recipe.yaml and checkpoints/ in it, of a run that has "
            "committed one",
        )
    step: Any = steps[-1] if origin.step == "latest" else origin.step
    if step == "best":
        best = _read(folder, steps[-1])["extras"].get("best")
        known = best.get("step") if isinstance(best, Mapping) else None
        if not isinstance(known, int):
            raise UsageError(
                f"the run {origin.run} knows of no best checkpoint",
                hint="a recipe with checkpoints.best={metric: NAME} keeps one; step: latest is "
                "the newest",
            )
        step = known
    if step not in steps:
        raise UsageError(
            f"there is no checkpoint of step {step} in {origin.run}",
            hint=f"checkpoints are kept of these steps: {', '.join(map(str, steps))}",
        )
    index = _read(folder, int(step))
    groups = {name.partition("/")[0] for name in index["variables"]}
    networks = sorted(
        g.removeprefix("networks.") for g in groups if g in PLAYERS or "networks." in g
    )
    if origin.network not in networks:
        raise UsageError(
            f"the run {origin.run} has no network {origin.network!r} with weights",
            hint=f"it has {', '.join(networks)}: say which by `network`",
        )
    averaged = f"averaged_{origin.network}" in groups
    if origin.weights == "averaged" and not averaged:
        raise UsageError(
            f"the run {origin.run} keeps no averaged weights of its {origin.network}",
            hint="weights: current",
        )
    weights = origin.weights or ("averaged" if averaged else "current")
    return origin.model_copy(
        update={"step": step, "weights": weights, "sha256": index["state_sha256"]}
    )


def committed_steps(folder: Path) -> list[int]:
    """Return the steps with a committed checkpoint in a run's folder, the oldest first."""
    try:
        found = [COMMITTED.fullmatch(entry.name) for entry in (folder / CHECKPOINTS).iterdir()]
    except OSError:
        return []
    return sorted(int(match[1]) for match in found if match)


def _read(folder: Path, step: int) -> dict[str, Any]:
    """Return what a checkpoint says of itself, as far as it is needed here."""
    path = folder / CHECKPOINTS / f"step-{step:08d}" / INDEX
    try:
        index = read_json(path, finite=False)
        digest, variables, extras = (index[k] for k in ("state_sha256", "variables", "extras"))
        if not re.fullmatch("[0-9a-f]{64}", digest) or not isinstance(variables, dict):
            raise ValueError("it does not say what its state is")
        return {"state_sha256": digest, "variables": variables, "extras": dict(extras)}
    except (OSError, ValueError, TypeError, KeyError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"the checkpoint of step {step} cannot be used: {reason}",
            where=str(path.parent),
            hint="another one is named by `step`; `advnets doctor RUN` looks at all of them",
        ) from error
