"""`advnets export`: a run's networks, for use elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from ..safe_io.atomic import replace_atomically, replace_whole
from ..safe_io.jsonable import to_jsonable
from .common import check_out, echo, force_option, out_option, plugin_options
from .run_options import checkpoint_option, open_run, run_argument, weights_option

if TYPE_CHECKING:
    from ..session.opened import Run

SUFFIXES = {"keras": ".keras", "savedmodel": "", "npz": ".npz"}
"""What the file of each format is called; a SavedModel is a folder."""


@click.command("export")
@run_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(list(SUFFIXES)),
    help="keras: a .keras file; savedmodel: a folder for TensorFlow alone; npz: the weights. By "
    "default as --out ends.",
)
@out_option("Where to write; in the run's exports/ by default.", "PATH", dir_okay=True)
@click.option(
    "--network",
    metavar="NAME",
    default="generator",
    show_default=True,
    help="Which network: discriminator, or another of the recipe's.",
)
@force_option
@weights_option
@checkpoint_option
@plugin_options
@click.pass_context
def command(
    ctx: click.Context,
    run: Path,
    form: str | None,
    out: Path | None,
    network: str,
    force: bool,
    weights: str,
) -> None:
    """Export a network of RUN.

    The generator maps latents [N, ...], and what else it is told, to examples in the
    preprocessed range, the discriminator such examples to its output. A network that takes one
    thing is called with an array, one that takes several with a dictionary by name. Next to
    PATH, PATH.json says what it takes and gives (names, shapes, types, numbers of classes),
    where it comes from, the prior to draw latents from, and the range.

    A .keras file loads with keras.models.load_model after `import advnets.networks`
    (and the plugins that its layers come from); a SavedModel needs TensorFlow only.
    """
    form = form or form_of(out)
    if out is not None:
        check_target(out, form, force)
    opened = open_run(ctx, run)
    model = opened.network(network, weights)
    if network in opened.game.averages:
        model.trainable = True  # an average is not trained here; who loads it may
    if out is None:
        out = opened.folder.exports / f"{network}-step-{opened.commit.step:08}{SUFFIXES[form]}"
        out.parent.mkdir(exist_ok=True)
        check_target(out, form, force)
    text = json.dumps(describe(opened, network, model), indent=2) + "\n"
    with replace_atomically(out.with_name(f"{out.name}.json")) as about:  # both, or neither
        about.write(text.encode())
        about.flush()
        write(model, form, out)
    echo(str(out))


def form_of(out: Path | None) -> str:
    """Return the format that a path's ending says.

    Raises:
        UsageError: If there is no path, or its ending says none.

    >>> form_of(Path("g.npz")), form_of(Path("exports/g"))
    ('npz', 'savedmodel')
    """
    for form, suffix in SUFFIXES.items():
        if out is not None and out.suffix == suffix:
            return form
    endings = ", ".join(f"{suffix or 'a folder'}: {form}" for form, suffix in SUFFIXES.items())
    if out is None:
        raise UsageError(
            "nothing says what to export", hint=f"--format {'|'.join(SUFFIXES)}, or --out PATH"
        )
    raise UsageError(
        f"--out {out}: {out.suffix!r} is no ending of an export", hint=f"there are {endings}"
    )


def check_target(out: Path, form: str, force: bool) -> None:
    """Refuse a path that cannot be, or should not be, written to.

    Raises:
        UsageError: If the suffix does not fit the format, the folder does not exist, or
            something is there already and ``--force`` was not given.
    """
    if SUFFIXES[form] and out.suffix != SUFFIXES[form]:
        raise UsageError(
            f"--out {out}: a file of the format {form} ends in {SUFFIXES[form]}",
            hint=f"--out {out.with_suffix(SUFFIXES[form])}",
        )
    check_out(out, force=force)
    if out.is_dir() and not out.is_symlink() and not (out / "saved_model.pb").is_file():
        raise UsageError(
            f"{out} is a folder, and no SavedModel: it is not replaced", hint="name another --out"
        )


def write(model: Any, form: str, path: Path) -> None:
    """Write ``model`` to ``path``, which ends as the format does, whole or not at all."""
    if form == "npz":
        from ..networks import save_weights

        save_weights(model, path)
        return
    with replace_whole(path) as draft:
        if form == "keras":
            model.save(str(draft))
        else:
            model.export(str(draft), verbose=False)


def describe(opened: Run, network: str, model: Any) -> dict[str, Any]:
    """Return what one has to know to use an exported network."""
    from .._version import __version__
    from ..checkpoint import weights_sha256

    return {
        "network": network,
        "inputs": {name: to_jsonable(one) for name, one in inputs_of(opened, network, model)},
        "outputs": {name: to_jsonable(one) for name, one in outputs_of(opened, network, model)},
        "run": opened.path.resolve().name,
        "recipe": opened.recipe.name,
        "step": opened.commit.step,
        "state_sha256": opened.commit.state_sha256,
        "weights_sha256": weights_sha256(model.get_weights()),
        "averaged": model is not opened.game.networks[network],
        "latent": opened.recipe.settings.latent,
        "dataset": opened.recipe.settings.dataset,
        "preprocessed_range": opened.source.preprocess.range,
        "stand_in": bool(opened.manifest.get("stand_in")),
        "advnets": __version__,
    }


def inputs_of(opened: Run, network: str, model: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what a network takes, by name: shape of one, type, and classes with their names."""
    from ..game.wiring import input_fields

    game, spec = opened.game, opened.source.spec
    known = {**spec.fields, **{name: each.field for name, each in game.conditions.items()}}
    seen = input_fields(model, game.roles[network])
    for name in game.roles[network].takes:
        found: dict[str, Any] = {}
        if name in seen:
            found = {"shape": seen[name].shape, "dtype": seen[name].dtype}
        if name in known and known[name].classes is not None:
            found["classes"] = known[name].classes
            if known[name].names:
                found["names"] = known[name].names
        yield name, found


def outputs_of(opened: Run, network: str, model: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what a network gives, by name: shape of one, and type."""
    from ..networks.ending import graph_output

    gives, output = opened.game.roles[network].gives or {}, graph_output(model)
    if output is None:  # a network of its own making says nothing
        return
    named = output if isinstance(output, Mapping) else {next(iter(gives), "output"): output}
    for name, tensor in named.items():
        yield name, {"shape": tensor.shape[1:], "dtype": str(tensor.dtype)}
