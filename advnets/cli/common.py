"""Share between the commands: options, the registry, how things are printed."""

from __future__ import annotations

import contextlib
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
from typing import Any

import click
from click.decorators import FC

from ..errors import AdvnetsError, RecipeError, UsageError
from ..plugins import Registry, load_plugins
from ..plugins.attribution import explain
from ..plugins.tracebacks import text_of
from ..safe_io import is_there, printable, printable_json
from ..safe_io.atomic import FULL, find_refusal

log = logging.getLogger(__package__)
LONGEST_NAME = 200
"""Bytes of a file's name; systems take 255, and a temporary file next to it has a longer one."""
OVERRIDE = re.compile(r"[A-Za-z_][\w.-]*=")


@dataclass
class State:
    """Gather the options common to all commands.

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
        """Return the registry of all plugins named so far, loaded once."""
        wanted = tuple(self.plugins)
        if self._loaded is None or self._loaded[0] != wanted:
            self._loaded = (wanted, load_plugins(wanted))
        return self._loaded[1]

    def attribute(self, error: Exception) -> Exception:
        """Return the error, as that of the plugin that it comes from, if it comes from one."""
        if self._loaded is None or (isinstance(error, OSError) and error.strerror):
            return error
        explained = explain(error, self._loaded[1], running=True)
        if explained is None:
            return error
        explained.__cause__ = error
        return explained

    def warn_of_plugins(self) -> None:
        """Warn once, on stderr, of the plugins that are quarantined."""
        for line in () if self._warned else self.registry().warnings:
            log.warning(line)
        self._warned = True


def state_of(ctx: click.Context) -> State:
    """Return the state of this invocation."""
    return ctx.find_root().ensure_object(State)


def registry_of(ctx: click.Context, *, warnings: bool = True) -> Registry:
    """Return the registry of components, with the plugins that this invocation names.

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


def plugin_options(command: FC) -> FC:
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
    """Separate recipes (or runs) from ``KEY=VALUE`` overrides.

    An existing file is a recipe, whatever its name looks like.

    Raises:
        UsageError: If the shell has taken a value apart, at its spaces or in its braces.

    >>> split_words(["ring", "training.steps=5"])
    (['ring'], ['training.steps=5'])
    """
    overrides = [word for word in words if OVERRIDE.match(word) and not is_there(word)]
    for word in overrides:
        _refuse_parts(word, words, overrides)
    return [word for word in words if word not in overrides], overrides


def _refuse_parts(word: str, words: Sequence[str], overrides: Sequence[str]) -> None:
    """Refuse a word that is a part of the value that was meant."""
    key = word.partition("=")[0]
    whole = word
    for further in words[words.index(word) + 1 :]:
        if _balanced(whole):
            break
        whole += f" {further}"
    cut = whole != word and _balanced(whole)
    same = [each.partition("=")[2] for each in overrides if each.partition("=")[0] == key]
    if not cut and (len(same) < 2 or not all(":" in each for each in same)):
        return
    meant = whole if cut else f"{key}={{{', '.join(each.replace(':', ': ', 1) for each in same)}}}"
    raise UsageError(
        f"{word} is but a part of a value: the shell takes what is not quoted apart",
        hint=f"quote it: '{meant}'",
    )


def _balanced(text: str) -> bool:
    return all(text.count(opening) <= text.count(end) for opening, end in ("{}", "[]"))


class Styled(str):
    """Mark text whose control characters are our own: what :func:`style` returns."""

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
    text = "".join(p if isinstance(p, Styled) else printable(p) for p in pieces)
    _write(text, err=err)


def _write(text: str, *, err: bool = False) -> None:
    """Print a line; where nobody reads it any more, none from now on: what is done is done."""
    try:
        click.echo(text, err=err)
    except BrokenPipeError:
        stream = sys.stderr if err else sys.stdout
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())  # what is flushed in the end goes there too
            os.close(nowhere)


def import_tensorflow() -> None:
    """Import TensorFlow without the lines that it greets with, and show them if that fails.

    For the function of a command, before whatever imports it, :func:`advnets.open_run` say.

    >>> import_tensorflow()
    """
    from ..session.quiet import import_tensorflow as import_quietly

    import_quietly()


def out_option(help: str, metavar: str = "FILE", *, dir_okay: bool = False) -> Callable[[FC], FC]:
    """Add ``--out``, the file (or folder) to write."""
    kind = click.Path(path_type=Path, dir_okay=dir_okay)
    return click.option("--out", type=kind, metavar=metavar, help=help)


def force_option(command: FC) -> FC:
    """Add ``--force``, without which :func:`check_out` lets nothing be replaced."""
    return click.option("--force", is_flag=True, help="Replace what is there.")(command)


def check_out(out: Path, suffixes: Sequence[str] = (), *, force: bool = False) -> None:
    """Refuse a file that could not, or should not, be written, before anything is loaded.

    Args:
        out: Where.
        suffixes: In which of these it must end, in letters of any case.
        force: Whether what is there may be replaced.

    Raises:
        UsageError: If it ends in none of the suffixes, if there are any, if its folder does not
            exist, if no system has such a path, or if something is there already.
    """
    name = str(out)[:200]
    if suffixes and out.suffix.lower() not in suffixes:
        raise UsageError(
            f"--out {name}: {out.suffix or 'no suffix'} is not among {', '.join(suffixes)}",
            hint="the suffix says what to write",
        )
    if "\0" in name or len(os.fsencode(out.name)) > LONGEST_NAME:
        raise UsageError(f"--out {name!r}: no file can be called that")
    if not is_there(out.parent) or not out.parent.is_dir():
        folder = str(out.parent)[:200]
        raise UsageError(f"--out {name}: there is no folder {folder}", hint="create it first")
    if os.path.lexists(out) and not force:
        raise UsageError(f"{name} exists", hint="choose another --out, or replace it with --force")


def print_json(value: Any) -> None:
    """Print a value as indented JSON on stdout."""
    _write(printable_json(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)))


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
        if error.hint:
            echo(f"  hint: {error.hint}", err=True)
        return error.exit_code
    if isinstance(error, AdvnetsError):
        echo(label, f" {error}", err=True)
        return error.exit_code
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        echo(label, f" {where}{error.strerror}", err=True)
        return 1
    refusal = find_refusal(error)
    if refusal is not None and refusal.errno in FULL:  # as a library that wrote there says it
        echo(label, f" {refusal.strerror}", err=True)
        echo("  hint: free some space, and give the same command again", err=True)
        return 1
    text = f": {text_of(error)}" if text_of(error) else ""
    echo(label, f" {type(error).__name__}{text}", err=True)
    shown = "" if traceback else ", with what --traceback shows"
    echo(f"  hint: this is a bug in advnets or in a plugin; please report it{shown}", err=True)
    return 1
