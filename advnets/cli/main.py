"""Define the command ``advnets``, whose commands are components, imported when they are used."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click

from .._version import __version__
from ..errors import PluginError
from ..log import on_screen
from .common import State, plugin_options, print_error, state_of

INTERRUPTED = 130  # what shells report for a process that SIGINT ended


class LazyGroup(click.Group):
    """List commands from the registry, and import only the one called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, those of plugins included."""
        return state_of(ctx).registry().names("commands")

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        component = state_of(ctx).registry().component("commands", cmd_name)
        command = component.load()
        if not isinstance(command, click.Command):
            raise PluginError(
                f"command {cmd_name!r}: {component.target} is a {type(command).__name__}, "
                "not a click.Command"
            )
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, with the plugins that its own ``--plugin`` names at hand."""
        state_of(ctx).add_plugins(_plugins_in(args))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from their summaries, without importing them."""
        rows = [(c.name, c.summary) for c in state_of(ctx).registry().components("commands")]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; end as other programs do when the user presses Ctrl-C."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)

    def main(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run, and turn what goes wrong into a message and an exit code."""
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no greetings, once it is imported
        state = extra.setdefault("obj", State())
        words = sys.argv[1:] if args is None else list(args)
        state.traceback = "--traceback" in words
        try:
            with on_screen(always=True):
                return super().main(
                    words, prog_name or "advnets", complete_var, standalone_mode, **extra
                )
        except Exception as error:
            if not standalone_mode:
                raise
            sys.exit(print_error(state.attribute(error), traceback=state.traceback))


def _plugins_in(args: Sequence[str]) -> Iterator[str]:
    """Yield the values of ``--plugin`` among a command's arguments."""
    words = iter(args)
    for word in words:
        if word == "--":
            return
        if word == "--plugin":
            yield from itertools.islice(words, 1)
        elif word.startswith("--plugin="):
            yield word.partition("=")[2]


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="advnets")
@plugin_options
def cli() -> None:
    """Adversarial networks on TensorFlow and Keras: recipes, runs, plugins.

    \b
    advnets run goodfellow2014     the paper's MNIST experiment
    advnets recipes list           what else there is to run
    """


def main() -> None:
    """Run the console script."""
    cli()
