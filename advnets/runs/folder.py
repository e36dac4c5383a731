"""The folder of a run: where everything lies."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from ..errors import AdvnetsError, RecipeError, UsageError
from ..plugins.registry import Registry
from ..recipe import Recipe, differences, load_recipe, read_yaml, recipe_bytes
from ..safe_io import outside
from ..safe_io.atomic import cannot_write, write_atomically
from ..safe_io.reading import as_path
from ..safe_io.wording import shorten
from .lock import HOLDER, LOCK, RunLock
from .manifest import Manifest, machine, now, versions
from .metrics_log import MetricsLog

log = logging.getLogger(__name__)

RUNS = "runs"
PLAYED_ONLY = {
    "monitoring.callbacks": "callbacks",
    "penalties": "penalties",
    "evaluation.metrics": "metrics",
}
"""Lists of components that a run's samples and networks do not need, and their kinds. Penalties are
left out all together, since those that stay would have the variables of others."""


class RunFolder:
    """Name the files of a run's folder.

    Args:
        path: The folder. Nothing is made or checked; use :meth:`for_recipe` or :meth:`open`.

    Attributes:
        path: The folder.
        recipe_file: The recipe, fully resolved.
        manifest_file: What the run was and what became of it.
        metrics_file: One JSON object per line and log boundary; read and written by ``metrics``.
        checkpoints: The committed states.
        samples: Sample grids.
        tensorboard: Event files.
        report_file: The report.
        exports: Exported models, and figures.
        logs: The output of the workers of `advnets launch`.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.recipe_file = self.path / "recipe.yaml"
        self.manifest_file = self.path / "manifest.json"
        self.metrics_file = self.path / "metrics.jsonl"
        self.checkpoints = self.path / "checkpoints"
        self.samples = self.path / "samples"
        self.tensorboard = self.path / "tensorboard"
        self.report_file = self.path / "report.html"
        self.exports = self.path / "exports"
        self.logs = self.path / "logs"
        self.metrics = MetricsLog(self.metrics_file)

    @classmethod
    def for_recipe(cls, recipe: Recipe, run_dir: str | Path | None = None) -> RunFolder:
        """Return the folder that a recipe's run belongs into; it is not made yet.

        Args:
            recipe: The recipe.
            run_dir: The folder itself; ``runs/<name>-<identity>`` by default.

        Raises:
            UsageError: If the path is taken by something that is no run, or if what would be
                written there would end up elsewhere.
        """
        if run_dir is not None:
            folder = cls(_usable(run_dir))
        else:
            folder = cls(Path(RUNS) / f"{recipe.name}-{recipe.identity()}")
            target = folder.path.resolve()
            if target.parent != Path(RUNS).resolve():
                raise UsageError(
                    f"{folder.path} is a link that leads out of {RUNS}/, to {target}",
                    hint="remove it; or name the place yourself, with --run-dir",
                )
        folder._refuse_foreign()
        refuse_links(folder.path)
        return folder

    @classmethod
    def open(cls, path: str | Path, *, sound: bool = True) -> RunFolder:
        """Return an existing run's folder.

        Args:
            path: The folder.
            sound: Whether it must have a recipe, and nothing in it may lead out of it; else any
                folder is taken in which anything lies that runs have.

        Raises:
            UsageError: If ``path`` is none.
        """
        folder = cls(_usable(path))
        if not sound and any(os.path.lexists(own) for own in folder.own()):
            return folder
        if folder.recipe_file.is_file():
            refuse_links(folder.path)
            return folder
        if not folder.path.exists():
            message, inside = f"there is no run folder {path}", folder.path.parent
        else:
            message, inside = f"{path} is not the folder of a run: no recipe.yaml", folder.path
        recipes = inside.glob("*/recipe.yaml")
        newest = max(recipes, key=lambda recipe: recipe.lstat().st_mtime, default=None)
        hint = f"the newest run in {inside} is {newest.parent}" if newest else "runs lie in runs/"
        raise UsageError(message, hint=hint)

    def own(self) -> list[Path]:
        """Return what lies in the folder of a run, as far as it is there."""
        return [child for child in vars(self).values() if isinstance(child, Path)][1:]

    @property
    def manifest(self) -> Manifest:
        """The manifest; it reads and writes its file at every use."""
        return Manifest(self.manifest_file)

    def lock(self) -> RunLock:
        """Return a context manager that keeps other processes from writing here."""
        return RunLock(self.path)

    def start(self, recipe: Recipe) -> None:
        """Write ``recipe.yaml`` and begin the manifest, or take them up again.

        Steps and cadences may differ from those of the run found here.

        Raises:
            UsageError: If the folder holds a run of another identity; the message shows
                where the two differ.
            RunError: If it cannot be written to.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.path, error) from error
        self.check(recipe)
        write_atomically(self.recipe_file, recipe.to_yaml())
        manifest = self.manifest
        manifest.update(
            name=recipe.name,
            identity=recipe.identity(),
            started=manifest.get("started") or now(),
            versions=versions(),
            platform=machine(),
        )

    def is_new(self) -> bool:
        """Tell whether no run has written here: at most logs of the workers of one to come."""
        names = {each.name for each in self.path.iterdir()} if self.path.is_dir() else set()
        return not any(name != self.logs.name and not name.startswith(".") for name in names)

    def strangers(self) -> set[Path]:
        """Return the hidden files in the folder that are none of its lock's."""
        return {path for path in self.path.glob(".*") if path.name not in (LOCK, HOLDER)}

    def discard(self, before: Collection[Path]) -> None:
        """Remove what a run wrote that never played, and the folder if nothing else is there.

        Args:
            before: What lay there before (:meth:`strangers`), which stays.
        """
        hidden = [path for path in self.path.glob(".*") if path.is_file()]
        for path in [*self.own(), *hidden]:
            if path == self.logs or path in before:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.path.rmdir()

    def _refuse_foreign(self) -> None:
        """Keep from littering a folder that is something else."""
        if self.path.exists() and not self.path.is_dir():
            raise UsageError(f"the run folder {self.path} is a file", hint="choose another one")
        if not self.path.is_dir() or self.recipe_file.exists():
            return
        own = {child.name for child in self.own()}
        names = {other.name for other in self.path.iterdir()} - own
        foreign = min((name for name in names if not name.startswith(".")), default=None)
        if foreign is not None:
            raise UsageError(
                f"the folder {self.path} holds something else than a run: {foreign}",
                hint="choose an empty or a new folder with --run-dir",
            )

    def check(self, recipe: Recipe) -> None:
        """Refuse a recipe whose identity is not that of the run found here.

        Raises:
            UsageError: With the differences.
        """
        if not self.recipe_file.exists():
            return
        # Whole, since a default that is another one now is part of no identity.
        if found := differences(self._found(recipe), recipe.data, recipe.registry):
            lines = "\n".join(f"  {line}" for line in found)
            raise UsageError(
                f"the folder holds another run, which differs in\n{lines}",
                where=str(self.path),
                hint="choose another --run-dir, or leave it out: every run then gets its own folder",
            )

    def load_recipe(
        self, registry: Registry, overrides: Sequence[str] = (), *, to_play: bool = True
    ) -> Recipe:
        """Load the run's recipe, with overrides of its values.

        Args:
            registry: The components.
            overrides: ``KEY=VALUE`` words.
            to_play: Whether rounds are to be played: else components that only these need are
                left out where they are not here (:data:`PLAYED_ONLY`).

        Raises:
            RecipeError: With all its problems, and which of the plugins that it was played with
                are not here.
        """
        try:
            if not to_play:
                return self._load_to_read(registry, overrides)
            return load_recipe(self.recipe_file, overrides, registry=registry)
        except RecipeError as error:
            error.hint = error.hint or self._missing_plugins(registry)
            raise

    def _load_to_read(self, registry: Registry, overrides: Sequence[str]) -> Recipe:
        document = read_yaml(recipe_bytes(self.recipe_file), str(self.recipe_file))
        changes: dict[str, Any] = {}
        absent: list[str] = []
        for path, kind in PLAYED_ONLY.items():
            value: Any = document.value
            for key in path.split("."):
                value = value.get(key) if isinstance(value, dict) else None
            entries = value if isinstance(value, list) else []
            names = [each.get("name") if isinstance(each, dict) else each for each in entries]
            known = registry.names(kind)
            missing = [name for name in names if isinstance(name, str) and name not in known]
            # A network that penalties alone call is built by what they say of it.
            if missing and not (kind == "penalties" and document.value.get("networks")):
                kept = [e for e, name in zip(entries, names, strict=True) if name not in missing]
                changes[path] = [] if kind == "penalties" else kept
                absent += missing
        if changes.get("evaluation.metrics") == []:
            changes["checkpoints.best"] = None  # a checkpoint says itself which was the best
        recipe = load_recipe(self.recipe_file, changes, registry=registry)
        if absent:
            log.info("left out, as only training needs them: %s", ", ".join(absent))
        return recipe.override(overrides) if overrides else recipe

    def _missing_plugins(self, registry: Registry) -> str | None:
        here = {plugin.name for plugin in registry.plugins}
        try:
            played_with = self.manifest.data.get("plugins") or []
        except AdvnetsError:  # what is wrong with the recipe is told all the same
            played_with = []
        absent = [
            str(each.get("source") or each["name"])
            for each in played_with
            if isinstance(each, dict) and each.get("name") not in here
        ]
        if not absent:
            return None
        named = [f"--plugin {each}" if os.sep in each else f"install {each}" for each in absent]
        return "it was played with plugins that are not here: " + "; ".join(
            shorten(each, 200) for each in named
        )

    def _found(self, recipe: Recipe) -> dict[str, Any]:
        """Return the recipe of the run found here, with what has become a default since filled in."""
        document = read_yaml(recipe_bytes(self.recipe_file), str(self.recipe_file))
        if document.problems or not isinstance(document.value, dict):
            reason = f": {document.problems[0]}" if document.problems else ""
            raise UsageError(
                f"the recipe of the run found here cannot be read{reason}",
                where=str(self.path),
                hint="choose another folder with --run-dir",
            )
        try:
            return load_recipe(self.recipe_file, registry=recipe.registry).data
        except AdvnetsError:  # written with plugins that are not here now
            return dict(document.value)


def refuse_links(path: Path) -> None:
    """Refuse a folder in which something leads out of it: see :func:`outside`.

    A run, or a sweep, comes as an archive from somebody else, and its links with it: what is pruned,
    appended to or rewritten must lie in the folder itself.

    Raises:
        UsageError: With the first of them.
    """
    found = next(outside(path), None)
    if found:
        name, fault = found
        raise UsageError(
            f"{name} {fault}",
            where=str(path),
            hint="its files lie in the folder: put the file itself there, or remove "
            "the link (the folder may be a link as a whole)",
        )


def _usable(path: str | Path) -> Path:
    """Return a path given by the user.

    Raises:
        UsageError: If no system has such paths.
    """
    found = as_path(path)
    try:
        found.exists()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{shorten(path, 100)!r} cannot be a folder: {reason}") from error
    try:
        str(found).encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            f"{shorten(path, 100)!r} cannot be a run's folder: the name is not UTF-8, which "
            "TensorFlow's files must be",
            hint="rename the folder, or choose another one with --run-dir",
        ) from error
    if "\0" in str(found):
        raise UsageError(f"{shorten(path, 100)!r} cannot be a folder: it has a NUL in it")
    return found
