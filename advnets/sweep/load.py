"""Load a sweep's file into a :class:`Sweep`, with all problems at once."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import RecipeError, UsageError
from ..plugins.registry import Registry
from ..recipe import Recipe, load_recipe, read_yaml, recipe_bytes
from ..recipe.identity import select_determining
from ..recipe.problems import Findings
from ..recipe.schema import OFFLINE
from ..recipe.shipped import recipe_path
from ..recipe.wording import did_you_mean
from ..safe_io import is_there
from .check import check_combinations, check_objective, check_space, check_values, find_override
from .schema import SweepSchema
from .space import Parameter, grid_size, overrides_of


@dataclass(frozen=True)
class Sweep:
    """Describe a sweep without problems. Make one with :func:`load_sweep`.

    Attributes:
        source: The file it came from.
        schema: What the file says.
        recipe: The recipe, with the overrides that are fixed for all.
        space: The parameters.
    """

    source: str
    schema: SweepSchema
    recipe: Recipe
    space: tuple[Parameter, ...]

    @property
    def name(self) -> str:
        """Its name, which begins that of its folder."""
        return self.schema.name

    @property
    def seeds(self) -> list[int]:
        """The seeds of a trial's runs."""
        return self.schema.seeds or [self.recipe.seed]

    @property
    def trials(self) -> int:
        """How many trials it has."""
        size = grid_size(self.space) if self.schema.sampler.name == "grid" else None
        return min(count for count in (self.schema.trials, size) if count is not None)

    @property
    def maximize(self) -> bool:
        """Whether greater objectives are better."""
        return self.schema.objective.mode == "max"

    def with_trials(self, trials: int) -> Sweep:
        """Return the same sweep with another number of trials."""
        return replace(self, schema=self.schema.model_copy(update={"trials": trials}))

    def identity(self) -> str:
        """Return eight hexadecimal digits that identify the trials, but for their number."""
        own = self.schema.model_dump(mode="json")
        for name in ("name", "recipe", "overrides", "trials"):
            del own[name]
        data = self.recipe.data
        determining = select_determining(data, self.recipe.registry)
        # With the place of its data: before a trial has read them, nobody knows what they are.
        determining["dataset"] = {k: v for k, v in data["dataset"].items() if k != OFFLINE}
        if data["streams"]:
            determining["streams"] = data["streams"]
        played = {name: data[name] for name in ("training", "evaluation", "health")}
        text = json.dumps([determining, played, own, self.seeds], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def recipe_of(self, params: Mapping[str, Any], seed: int) -> Recipe:
        """Load the recipe of one run.

        Raises:
            RecipeError: If the values do not go together.
        """
        changed = overrides_of(self.space, params) | {"seed": seed}
        return self.recipe.override(changed)

    def to_dict(self) -> dict[str, Any]:
        """Return the file's content, defaults included."""
        return self.schema.model_dump(mode="json", exclude_none=True)


def find_sweep(word: str | Path, registry: Registry) -> Path:
    """Find the file of a sweep: a path, or the name of one that a plugin ships.

    Raises:
        UsageError: If there is none.
    """
    path = Path(word)
    if is_there(path) and path.is_file():
        return path
    names = registry.names("sweeps")
    if str(word) in names:
        return recipe_path(registry.component("sweeps", str(word)), "sweep")
    if is_there(path):
        raise UsageError(f"{word} is no file", hint="give a sweep's YAML file")
    if absent := registry.absent("sweeps", str(word)):
        raise UsageError(absent[0], hint=absent[1])
    raise UsageError(
        f"there is no sweep {str(word)!r}: it is neither a file nor the name of a shipped sweep",
        hint=did_you_mean(str(word), names) or f"shipped are: {', '.join(names) or 'none'}",
    )


def load_sweep(word: str | Path, registry: Registry, overrides: Sequence[str] = ()) -> Sweep:
    """Read and check a sweep, and the recipe with every value of the space.

    Args:
        word: A file, or the name of a shipped sweep.
        registry: The components that the recipe may name.
        overrides: ``KEY=VALUE`` words, which change the recipe after the file's overrides.

    Raises:
        RecipeError: If anything is wrong with it, with every problem at its position.
        UsageError: If there is no such file, or no such recipe.
    """
    path = find_sweep(word, registry)
    document = read_yaml(recipe_bytes(path), str(path))
    findings = Findings(document)
    value = _expand(document.value, path)
    if not isinstance(value, dict):
        findings.add((), "a sweep is a mapping of keys" + (", and this is empty" * (value is None)))
        raise findings.error("sweep")
    schema = findings.validate(SweepSchema, value, "the sweep")
    if schema is None or findings.problems:
        raise findings.error("sweep")
    space = tuple(Parameter(name, entry) for name, entry in schema.space.items())
    check_space(schema, space, overrides, findings)
    if findings.problems:
        raise findings.error("sweep")
    recipe = _load_recipe(schema, path, registry, findings, overrides)
    if recipe is None:
        raise findings.error("sweep")
    check_objective(schema, recipe, findings)
    check_values(recipe, space, findings)
    if not findings.problems and schema.sampler.name == "grid":
        check_combinations(recipe, space, findings)
    if findings.problems:
        raise findings.error("sweep")
    return Sweep(str(path), schema, recipe, space)


def _expand(value: Any, path: Path) -> Any:
    """Expand the short forms in the file's content."""
    if not isinstance(value, dict):
        return value
    value = {"name": re.sub(r"[^a-z0-9_-]+", "-", path.stem.lower()).strip("-_")} | value
    for key in ("sampler", "pruning"):
        if isinstance(value.get(key), str):
            value[key] = {"name": value[key]}
    space = value.get("space")
    if isinstance(space, dict):
        value["space"] = {
            name: {"choices": entry} if isinstance(entry, list) else entry
            for name, entry in space.items()
        }
    return value


def _load_recipe(
    schema: SweepSchema, path: Path, registry: Registry, findings: Findings, words: Sequence[str]
) -> Recipe | None:
    """Load the recipe with the overrides that are fixed for all; ``None`` if it has problems."""
    file = path.parent / schema.recipe
    source: str | Path = file if is_there(file) and file.is_file() else schema.recipe
    try:
        recipe = load_recipe(source, schema.overrides, registry)
        return recipe.override(words) if words else recipe
    except UsageError as error:
        findings.add(("recipe",), error.message, error.hint)
    except RecipeError as error:
        for problem in error.problems:
            key, message = find_override(problem, schema.overrides)
            if key is None:
                findings.problems.append(problem)  # of the recipe's own file
            else:
                findings.add(("overrides", key), message, problem.hint)
    return None
