"""Check that the parts of a sweep fit each other, and the recipe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import Problem, RecipeError
from ..recipe import Recipe
from ..recipe.document import COMMAND_LINE, Document, Keys
from ..recipe.problems import Findings
from ..safe_io.wording import shorten
from .schema import MOST_TRIALS, RANGES, SweepSchema
from .space import Parameter, combinations, encode, grid_size, overrides_of

KEPT_APART = {"seed": "name seeds under `seeds`", "name": "the sweep has a name of its own"}
MOST_VALUES = 2000
"""Of all parameters together: each is tried in the recipe, which takes milliseconds."""
MOST_COMBINATIONS = 1_000_000
CHECKED_COMBINATIONS = 200
"""Combinations of a grid that are checked before anything is played; beyond, values are, one by
one, and each trial's recipe before it is played."""


def check_space(
    schema: SweepSchema, space: Sequence[Parameter], words: Sequence[str], findings: Findings
) -> None:
    """Check that the parameters fit each other, the sampler, and all overrides.

    Args:
        schema: The sweep's file.
        space: The parameters.
        words: The overrides of the command line.
        findings: Takes the problems up.
    """
    size = grid_size(space)
    if schema.sampler.name == "grid":
        for parameter in space:
            if parameter.count is None:
                findings.add(
                    ("space", parameter.name),
                    f"space.{parameter.name}: a grid has choices or integers, and no range",
                    "write the values out: choices: [...]",
                )
        most = MOST_TRIALS if schema.trials is None else MOST_COMBINATIONS
        if size is not None and size > most:
            findings.add(("space",), f"the grid has {size:,} combinations; {most:,} are the most")
    elif schema.trials is None:
        findings.add((), "missing key 'trials' (how many)", f"the sampler is {schema.sampler.name}")
    listed = sum(len(parameter.samples) for parameter in space)
    if listed > MOST_VALUES:
        findings.add(("space",), f"the space lists {listed:,} values; {MOST_VALUES:,} are the most")
    set_by = Counter(key for parameter in space for key in parameter.keys)
    for parameter in space:
        keys = ("space", parameter.name)
        for key in parameter.keys:
            if key in KEPT_APART:
                findings.add(keys, f"{key!r} is no parameter", KEPT_APART[key], at_key=True)
            elif set_by[key] > 1:
                findings.add(keys, f"{key!r} is set by several parameters", at_key=True)
            elif key in schema.overrides:
                findings.add(keys, f"{key!r} is among the overrides as well", at_key=True)
        labels = Counter(encode(value) for value in parameter.entry.choices or ())
        for label in (label for label, times in labels.items() if times > 1):
            text = f"{shorten(label, 60)} appears {labels[label]} times"
            findings.add(keys, f"space.{parameter.name}: {text}")
    for key in sorted(KEPT_APART.keys() & schema.overrides.keys()):
        findings.add(("overrides", key), f"{key!r} is no override", KEPT_APART[key], at_key=True)
    for word in words:
        key = word.partition("=")[0]
        for parameter in space:
            for swept in parameter.keys:
                if key in KEPT_APART or f"{swept}.".startswith(f"{key}."):
                    hint = KEPT_APART.get(key, f"it is of the parameter {parameter.name!r}")
                    message = f"{shorten(word, 100)}: {key!r} is not to be changed here"
                    findings.problems.append(Problem(message, source=COMMAND_LINE, hint=hint))
                    return


def find_override(problem: Problem, overrides: Mapping[str, Any]) -> tuple[str | None, str]:
    """Return the override that a problem is about, and the problem's text without it."""
    if problem.source != COMMAND_LINE:
        return None, problem.message
    for key, value in overrides.items():
        start = f"{key}={shorten(repr(value), 60)}: "
        if problem.message.startswith(start):
            return key, f"{key}: {problem.message.removeprefix(start)}"
    return None, problem.message


def check_objective(schema: SweepSchema, recipe: Recipe, findings: Findings) -> None:
    evaluation, steps = recipe.settings.evaluation, recipe.settings.training.steps
    if not evaluation.metrics:
        findings.add(
            ("objective",),
            "the recipe computes no scores to judge by: it names no metrics",
            "set evaluation.metrics under `overrides`",
            at_key=True,
        )
        return
    metric = schema.objective.metric
    named = [given for one, given in recipe.components("evaluation.metrics") if one.name == metric]
    if any(given != named[0] for given in named):
        findings.add(
            ("objective", "metric"),
            f"the recipe computes {metric!r} in several ways: it does not say which score counts",
            "let evaluation.metrics list it once, under `overrides`",
        )
    if schema.pruning is not None and not 0 < evaluation.every < steps:
        findings.add(
            ("pruning",),
            f"trials are scored once, after {steps} rounds: there is nothing to prune by",
            "set evaluation.every to fewer",
            at_key=True,
        )


def check_values(recipe: Recipe, space: Sequence[Parameter], findings: Findings) -> None:
    """Check each value alone, in the recipe."""
    for parameter in space:
        for index, value in enumerate(parameter.samples):
            problem = _find_problem(recipe, overrides_of([parameter], {parameter.name: value}))
            if problem is not None:
                keys = _locate(findings.document, parameter, index)
                findings.add(keys, problem.message, problem.hint)


def check_combinations(recipe: Recipe, space: Sequence[Parameter], findings: Findings) -> None:
    """Check all combinations of a small grid."""
    if (grid_size(space) or 0) > CHECKED_COMBINATIONS:
        return
    for params in combinations(space):
        problem = _find_problem(recipe, overrides_of(space, params))
        if problem is not None:
            text = f"{shorten(encode(params), 200)}: {problem.message}"
            findings.add(("space",), text, problem.hint)
            return


def _find_problem(recipe: Recipe, overrides: Mapping[str, Any]) -> Problem | None:
    """Return the first problem of the recipe under these values."""
    try:
        recipe.override(overrides)
    except RecipeError as error:
        problem = error.problems[0]
        return Problem(find_override(problem, overrides)[1], hint=problem.hint)
    return None


def _locate(document: Document, parameter: Parameter, index: int) -> Keys:
    """Return the keys of a value: in a list alone, or within the parameter's mapping."""
    own: Keys = ("space", parameter.name)
    word = next(name for name in RANGES if getattr(parameter.entry, name) is not None)
    for keys in ((*own, index), (*own, word, index)):
        if keys in document.values:
            return keys
    return own
