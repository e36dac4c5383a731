"""What the commands share: the options for plugins, the registry, how things are printed."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import sys
import textwrap
import traceback as tracebacks
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click

from ..errors import AdvnetsError, RecipeError, UsageError
from ..plugins import Registry, load_plugins
from ..plugins.attribution import explain
from ..safe_io import is_there, printable, printable_json

log = logging.getLogger(__package__)
F = TypeVar("F", bound=Callable[..., Any])
LONGEST_NAME = 200
"""Bytes of a file's name; systems take 255, and a temporary file beside it has a longer one."""
OVERRIDE = re.compile(r"[A-Za-z_][\w.-]*=")


@dataclass
class State:
    """What the options common to all commands have gathered.

    Attributes:
        plugins: The values of ``--plugin``, in order, each once.
        traceback: Whether errors are shown with their traceback.
    """

    plugins: list[str] = field(default_factory=list)
    traceback: bool = False
    _loaded: tuple[tuple[str, ...], Registry] | None = None
    _warned: bool = False

    def add_plugins(self, words: Iterable[str]) -> None:
        """Take up values of ``--plugin``."""
        self.plugins.extend(word for word in words if word not in self.plugins)

    def registry(self) -> Registry:
        """Return the registry of all plugins asked for so far, loaded once."""
        wanted = tuple(self.plugins)
        if self._loaded is None or self._loaded[0] != wanted:
            self._loaded = (wanted, load_plugins(wanted))
        return self._loaded[1]

    def blaming(self, error: Exception) -> Exception:
        """Return the error, as that of the plugin that it comes from, if it comes from one."""
        if self._loaded is None or (isinstance(error, OSError) and error.strerror):
            return error
        told = explain(error, self._loaded[1], running=True)
        if told is None:
            return error
        told.__cause__ = error
        return told

    def warn_of_plugins(self) -> None:
        """Say once, on stderr, which plugins are quarantined."""
        if self._warned:
            return
        self._warned = True
        for line in self.registry().warnings:
            log.warning(line)


def state_of(ctx: click.Context) -> State:
    """Return the state of this invocation."""
    return ctx.find_root().ensure_object(State)


def registry_of(ctx: click.Context, *, warnings: bool = True) -> Registry:
    """Return the registry of components, with the plugins that this invocation asks for.

    Args:
        ctx: The command's context.
        warnings: Whether to name quarantined plugins on stderr.
    """
    state = state_of(ctx)
    if warnings:
        state.warn_of_plugins()
    return state.registry()


def _take_plugins(ctx: click.Context, _: click.Parameter, words: tuple[str, ...]) -> None:
    state_of(ctx).add_plugins(words)


def _take_traceback(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        state_of(ctx).traceback = True


def plugin_options(command: F) -> F:
    """Add ``--plugin`` and ``--traceback`` to a command; neither reaches its function.

    >>> @click.command("hello")
    ... @plugin_options
    ... @click.pass_context
    ... def command(ctx: click.Context) -> None:
    ...     click.echo(len(registry_of(ctx).plugins) > 0)
    >>> command.main([], standalone_mode=False)
    True
    """
    plugin = click.option(
        "--plugin",
        "plugin_words",
        metavar="FILE",
        multiple=True,
        is_eager=True,  # so that --help knows the commands of plugins given before it
        expose_value=False,
        callback=_take_plugins,
        help="Also load this plugin file or module; no:NAME blocks a plugin. Repeatable.",
    )
    traceback = click.option(
        "--traceback",
        is_flag=True,
        expose_value=False,
        callback=_take_traceback,
        help="Show the traceback of an error.",
    )
    return plugin(traceback(command))


def split_words(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Tell recipes (or runs) from ``KEY=VALUE`` overrides.

    An existing file is a recipe, whatever its name looks like.

    >>> split_words(["ring", "training.steps=5"])
    (['ring'], ['training.steps=5'])
    """
    recipes: list[str] = []
    overrides: list[str] = []
    for word in words:
        is_override = OVERRIDE.match(word) is not None and not is_there(word)
        (overrides if is_override else recipes).append(word)
    return recipes, overrides


class Styled(str):
    """Text whose control characters are our own: what :func:`style` returns."""

    __slots__ = ()


def style(text: str, **how: Any) -> Styled:
    """Colour a piece of a line; ``how`` as in :func:`click.style`."""
    return Styled(click.style(printable(text), **how))


def echo(*pieces: str, err: bool = False) -> None:
    r"""Print a line, made of pieces that follow each other; on stderr if asked.

    What a terminal would obey is escaped, except in pieces made by :func:`style`: a line may
    quote a recipe, a file's name or somebody's manifest.

    >>> echo("name: ", "\x1b[31mred")
    name: \x1b[31mred
    """
    click.echo("".join(p if isinstance(p, Styled) else printable(p) for p in pieces), err=err)


def check_place(option: str, path: Path) -> None:
    """Refuse a file to write that could not be written.

    Raises:
        UsageError: If its folder does not exist, or no system has such a path.
    """
    name = str(path)[:200]
    if "\0" in name or len(os.fsencode(path.name)) > LONGEST_NAME:
        raise UsageError(f"{option} {name!r}: no file can be called that")
    if not is_there(path.parent) or not path.parent.is_dir():
        raise UsageError(
            f"{option} {name}: there is no folder {str(path.parent)[:200]}", hint="create it first"
        )


def print_json(value: Any) -> None:
    """Print a value as indented JSON on stdout."""
    click.echo(printable_json(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows in aligned columns; the last column is wrapped to the terminal."""
    cells = [[printable(str(cell), lines=False) for cell in row] for row in [columns, *rows]]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns) - 1)]
    indent = sum(widths) + 2 * len(widths)
    terminal = sys.stdout.isatty()
    room = max(shutil.get_terminal_size().columns - indent, 30) if terminal else 10_000
    for row, line in enumerate(cells):
        head = "".join(f"{cell:<{width}}  " for cell, width in zip(line, widths, strict=False))
        tail = textwrap.wrap(line[-1], room) or [""]
        text = (f"\n{' ' * indent}".join([head + tail[0], *tail[1:]])).rstrip()
        echo(style(text, bold=True) if row == 0 else text)


def print_error(error: BaseException, *, traceback: bool = False) -> int:
    """Print an error on stderr and return the exit code that it calls for."""
    label = style("error:", fg="red", bold=True)
    if traceback:
        echo("".join(tracebacks.format_exception(error)).rstrip("\n"), err=True)
    if isinstance(error, RecipeError):
        for problem in error.problems:
            echo(str(problem), err=True)
        count = len(error.problems)
        echo(label, f" {count} problem{'' if count == 1 else 's'} in the {error.thing}", err=True)
        return error.exit_code
    if isinstance(error, AdvnetsError):
        echo(label, f" {error}", err=True)
        return error.exit_code
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        echo(label, f" {place}{error.strerror}", err=True)
        return 1
    text = str(error)
    summary = f"{type(error).__name__}: {text}" if text else type(error).__name__
    echo(label, f" {summary}", err=True)
    hint = "this is a bug in advnets or in a plugin; please report it"
    if not traceback:
        hint += ", with what --traceback shows"
    echo(f"  hint: {hint}", err=True)
    return 1
