"""Find the folder of a run, and keep it that run's."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import AdvnetsError, RecipeError, UsageError
from ..plugins.registry import Registry
from ..recipe import Recipe, differences, find_changes, load_recipe, read_yaml, recipe_bytes
from ..recipe.recipe import Overrides
from ..safe_io.atomic import cannot_write
from ..safe_io.reading import as_path
from ..safe_io.wording import shell_command, shorten
from .began import as_it_began, with_defaults
from .entries import fingerprint_of
from .layout import RunFiles, refuse_links, refuse_within_run
from .manifest import machine, now, versions
from .only_played import leave_out_absent

log = logging.getLogger(__name__)

RUNS = "runs"


class RunFolder(RunFiles):
    """Find the folder of a run, and see to it that it is that run's.

    Args:
        path: The folder. Nothing is made or checked; use :meth:`for_recipe` or :meth:`open`.
    """

    @classmethod
    def for_recipe(
        cls,
        recipe: Recipe,
        run_dir: str | Path | None = None,
        fingerprint: Callable[[], str] | None = None,
    ) -> RunFolder:
        """Return the folder that a recipe's run belongs into; it is not made yet.

        Args:
            recipe: The recipe.
            run_dir: The folder itself; ``runs/<name>-<identity>`` by default, or, where that
                has a run on other data, ``runs/<name>-<identity>-<4 digits of the fingerprint>``.
            fingerprint: Returns that of the training data; asked where there is a run already.

        Raises:
            UsageError: If the path is taken by something that is no run or lies in another run's,
                or if what would be written there would end up elsewhere.
        """
        if run_dir is not None:
            folder = cls(_usable(run_dir))
            folder._refuse_foreign()
            refuse_within_run(folder.path)
            refuse_links(folder.path)
            return folder
        folder = cls(Path(RUNS) / f"{recipe.name}-{recipe.identity()}")
        folder._refuse_elsewhere()
        before = fingerprint_of(folder.manifest.get("data"))
        if before and fingerprint is not None and before != (now := fingerprint()):
            log.info("%s is a run on other data than these", folder.path)
            folder = cls(folder.path.with_name(f"{folder.path.name}-{now[:4]}"))
            folder._refuse_elsewhere()
        return folder

    def _refuse_elsewhere(self) -> None:
        """Refuse what is not our own, or lies elsewhere, where nobody named the place."""
        target = self.path.resolve()
        if target.parent != Path(RUNS).resolve():
            raise UsageError(
                f"{self.path} is a link that leads out of {RUNS}/, to {target}",
                hint="remove it; or name the place yourself, with --run-dir",
            )
        self._refuse_foreign()
        refuse_within_run(self.path)
        refuse_links(self.path)

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
        if folder.has_recipe():
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

    def start(self, recipe: Recipe, change: bool = False) -> list[dict[str, Any]]:
        """Begin the manifest, or take it up again, and write ``recipe.yaml`` if there is none.

        Steps and cadences may differ from those of the run found here.

        Args:
            recipe: What is played now.
            change: As for :meth:`check`.

        Returns:
            As :meth:`check` does. The identity stays that of the run's first round.

        Raises:
            UsageError: If the folder holds a run of another identity; the message shows
                where the two differ.
            RunError: If it cannot be written to.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.path, error) from error
        changes = self.check(recipe, change)
        began = as_it_began(recipe, [*self.changes, *changes])
        if not self.recipe_file.exists():
            self.write_recipe(began.to_yaml())
        manifest = self.manifest.data
        self.manifest.update(
            name=recipe.name,
            identity=manifest.get("identity") or began.identity(),
            recipe=manifest.get("recipe") or began.data,
            started=manifest.get("started") or now(),
            versions=versions(),
            platform=machine(),
        )
        return changes

    def keep_recipe(self, recipe: Recipe, changes: Sequence[Mapping[str, Any]] = ()) -> None:
        """Write ``recipe.yaml``: the run as it began, with the cadences and places of now.

        Args:
            recipe: What is played now.
            changes: Those that the manifest doesn't have yet.
        """
        text = as_it_began(recipe, [*self.changes, *changes]).to_yaml()
        self.write_recipe(text)

    @property
    def changes(self) -> list[dict[str, Any]]:
        """What was changed on the way, the first first: ``from``, ``key``, ``old``, ``new``."""
        return list(self.manifest.get("changes") or [])

    def _refuse_foreign(self) -> None:
        """Keep from littering a folder that is something else."""
        if self.path.exists() and not self.path.is_dir():
            raise UsageError(f"the run folder {self.path} is a file", hint="choose another one")
        if not self.path.is_dir() or self.recipe_file.exists() or self.has_recipe():
            return
        own = {child.name for child in self.own()}
        names = {other.name for other in self.path.iterdir()} - own
        foreign = min((name for name in names if not name.startswith(".")), default=None)
        if foreign is not None:
            raise UsageError(
                f"the folder {self.path} holds something else than a run: {foreign}",
                hint="choose an empty or a new folder with --run-dir",
            )

    def check(self, recipe: Recipe, change: bool = False) -> list[dict[str, Any]]:
        """Refuse a recipe that is not the one of the run found here.

        Args:
            recipe: The recipe.
            change: Whether the run may be given other values under some keys from now on.

        Returns:
            What would be changed: ``key``, ``old``, ``new``.

        Raises:
            UsageError: With the differences.
        """
        if not self.recipe_file.exists() and self.manifest.get("recipe") is None:
            return []
        # Whole, since a default that is another one now is part of no identity.
        before = self._found(recipe.registry)
        found = differences(before, recipe.data, recipe.registry)
        if not found:
            return []
        changes, fixed = find_changes(before, recipe.data, recipe.registry)
        if change and not fixed:
            return changes
        lines = "\n".join(f"  {line}" for line in (fixed if change else found))
        own = "choose another --run-dir, or leave it out: every run then gets its own folder"
        on = "--change plays on with it from here, and keeps that on record; or " * (not fixed)
        gone = [name for name, one in recipe.settings.start.origins.items() if not one.settled]
        if gone:
            own = (
                f"what the {gone[0]} starts from is not there; a run that has begun goes on without "
                f"it: `advnets run {self.path}`"
            )
        raise UsageError(
            f"what cannot be changed on the way:\n{lines}"
            if change
            else f"the folder holds another run, which differs in\n{lines}",
            where=str(self.path),
            hint=on + own,
        )

    def load_recipe(
        self, registry: Registry, overrides: Overrides = (), *, to_play: bool = True
    ) -> Recipe:
        """Load the run's recipe, with what was changed on the way, and overrides of its values.

        Args:
            registry: The components.
            overrides: ``KEY=VALUE`` words.
            to_play: Whether rounds are to be played: else components that only these need are
                left out where they are not here (:mod:`advnets.runs.only_played`).

        Raises:
            RecipeError: With all its problems, and which of the plugins that it was played with
                are not here.
            UsageError: If recipe.yaml was edited since the run began.
        """
        try:
            source = self.recipe_source
            left_out = {} if to_play else leave_out_absent(source, registry)
            recipe = load_recipe(source, left_out, registry)
            self._refuse_edited(recipe, left_out)
            changes = left_out | {
                each["key"]: each["new"]
                for each in self.changes
                if not each["key"].startswith(tuple(left_out))
            }
            if isinstance(overrides, Mapping):
                changes |= overrides
            elif overrides:
                words = [f"{key}={json.dumps(value)}" for key, value in changes.items()]
                return load_recipe(source, [*words, *overrides], registry)
            return load_recipe(source, changes, registry) if changes else recipe
        except RecipeError as error:
            error.hint = error.hint or self._missing_plugins(registry)
            raise

    def _refuse_edited(self, recipe: Recipe, left_out: Mapping[str, Any]) -> None:
        """Refuse a recipe.yaml that is not the one that the run began with."""
        kept = self.manifest.get("recipe")
        if kept is None:
            return
        began = with_defaults(kept, recipe.registry, left_out)
        if found := differences(began, recipe.data, recipe.registry):
            lines = "\n".join(f"  {line}" for line in found)
            raise UsageError(
                f"recipe.yaml has been edited since the run began:\n{lines}",
                where=str(self.path),
                hint="put the old values back; `advnets run RUN KEY=VALUE --change` gives some of "
                "them another value from a round on, and another game is another run",
            )

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
        named = [_plugin_again(each) for each in absent]
        return "it was played with plugins that are not here: " + "; ".join(
            shorten(each, 200) for each in named
        )

    def _found(self, registry: Registry) -> dict[str, Any]:
        """Return the recipe of the run found here, with what was changed, and what is a default now."""
        kept = self.manifest.get("recipe")
        if kept is None:
            document = read_yaml(recipe_bytes(self.recipe_file), str(self.recipe_file))
            kept = document.value
            if document.problems or not isinstance(kept, dict):
                reason = f": {document.problems[0]}" if document.problems else ""
                raise UsageError(
                    f"the recipe of the run found here cannot be read{reason}",
                    where=str(self.path),
                    hint="choose another folder with --run-dir",
                )
        changes = {each["key"]: each["new"] for each in self.changes}
        return with_defaults(kept, registry, changes)


def _usable(path: str | Path) -> Path:
    """Return a path given by the user.

    Raises:
        UsageError: If no system has such paths.
    """
    found = as_path(path)
    try:
        found.exists()
        str(found.absolute()).encode()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        if isinstance(error, UnicodeEncodeError):
            reason = "its name is not in UTF-8, which TensorFlow needs"
        raise UsageError(f"{shorten(path, 100)!r} cannot be a folder: {reason}") from error
    if "\0" in str(found):
        raise UsageError(f"{shorten(path, 100)!r} cannot be a folder: it has a NUL in it")
    return found


def _plugin_again(source: str) -> str:
    """Return how to give a command a plugin that a run was played with."""
    if os.sep not in source:
        return f"install {source}"
    again = shell_command("--plugin", source)
    return again if os.path.lexists(source) else f"{again} (that file is gone: put it back there)"
