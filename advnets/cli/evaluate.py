"""`advnets evaluate`: score a run's generator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import AdvnetsError, UsageError
from ..recipe import Recipe
from .common import echo, log, plugin_options, print_json, registry_of
from .run_options import checkpoint_option, open_run, run_argument, weights_option

if TYPE_CHECKING:
    from ..evaluate import Score
    from ..session.opened import Run


@click.command("evaluate")
@run_argument
@click.option(
    "--metric",
    "metrics",
    metavar="NAME",
    multiple=True,
    help="A metric, or an entry as in a recipe: '{name: fid, features: classifier}'; repeatable. "
    "Those of the recipe by default.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    help="Seed of the samples; the recipe's by default.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list with the protocols.")
@weights_option
@checkpoint_option
@plugin_options
@click.pass_context
def command(
    ctx: click.Context,
    run: Path,
    metrics: tuple[str, ...],
    seed: int | None,
    as_json: bool,
    weights: str,
) -> None:
    """Score the generator of RUN.

    Each score comes with its error and its protocol (sample counts, splits, seed, step,
    the weights' hash), and is kept in the run's manifest, report, metrics.jsonl and
    TensorBoard files.
    """
    registry = registry_of(ctx)
    for name in metrics:
        if not name.startswith("{"):
            registry.component("metrics", name)
    opened = open_run(ctx, run)
    if not metrics and not opened.recipe.components("evaluation.metrics"):
        raise UsageError(
            "the run's recipe names no metrics",
            hint=f"name one: --metric {'|'.join(registry.names('metrics'))}",
        )
    wanted = [entry for text in metrics for entry in _entries(text, opened.recipe)]
    scores = opened.evaluate(wanted or None, seed=seed, weights=weights)
    averaged = weights != "current" and opened.recipe.settings.averaging is not None
    _keep(opened, scores, averaged)
    if as_json:
        print_json([score.to_dict() for score in scores])
        return
    for score in scores:
        echo(f"{score} {score.protocol.get('unit') or ''}".rstrip())
        for key, value in score.to_dict()["protocol"].items():
            if value is not None and key != "unit":
                echo(f"  {key.replace('_', ' ')}: {_short(value)}")


def _entries(text: str, recipe: Recipe) -> list[Any]:
    """Return a name, or what a recipe that had this text under its metrics would hold there."""
    if not text.startswith("{"):
        return [text]
    return recipe.override([f"evaluation.metrics=[{text}]"]).settings.evaluation.metrics


def _keep(opened: Run, scores: list[Score], averaged: bool) -> None:
    """Write the scores into the run's folder; a folder that takes none is no failure."""
    from ..monitor.report.afterwards import add_afterwards

    try:
        step = opened.commit.step
        add_afterwards(opened.folder, opened.recipe, scores, step, averaged)
    except AdvnetsError as error:
        log.warning(f"the scores were not kept: {error.message}")


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_short(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_short(item)}" for key, item in value.items())
    return f"{value:.5g}" if isinstance(value, float) else str(value)
