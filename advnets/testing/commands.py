"""Checks of commands."""

from __future__ import annotations

import ast
import importlib.util
import inspect
from collections.abc import Iterator

import click
from click.testing import CliRunner

from .failure import fail
from .subject import Subject


def has_help(subject: Subject) -> None:
    """``-h`` works, and so it does for sub-commands; each says what it does."""
    _check(_loaded(subject), subject.name)


def imports_what_is_there(subject: Subject) -> None:
    """What its functions import when they are called, TensorFlow say, is installed."""
    check_imports(subject)


def check_imports(subject: Subject) -> None:
    """Check the import statements of a command's module, those inside of functions as well.

    Imports under ``if``, and those that ``try`` guards, may fail.
    """
    command = _loaded(subject)
    for one in _all_of(command):
        module = inspect.getmodule(inspect.unwrap(one.callback)) if one.callback else None
        try:
            source = inspect.getsource(module) if module is not None else ""
        except (OSError, TypeError):
            continue
        for name, line in _imported(ast.parse(source)):
            if name and not _is_there(name):
                fail(
                    f"`{subject.name}` imports {name} when it is called, and there is no such "
                    f"module: {getattr(module, '__file__', '')}:{line}",
                    hint="mend the name, or add its distribution to install_requires",
                )


def _all_of(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from _all_of(inner)


def _imported(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the modules that are imported whatever happens, with their lines."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((each.name, node.lineno) for each in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or "", node.lineno
        elif not isinstance(node, ast.If | ast.Try):
            yield from _imported(node)


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def _check(command: click.Command, name: str) -> None:
    # As `advnets` asks it: click keeps the option that a command was first asked for.
    outcome = CliRunner().invoke(
        command, ["-h"], prog_name=name, help_option_names=["-h", "--help"]
    )
    if outcome.exit_code:
        fail(f"`{name} -h` exits with {outcome.exit_code}: {outcome.output[-500:]}")
    if not (command.help or "").strip():
        fail(f"`{name}` has no help", hint="give its function a docstring")
    if isinstance(command, click.Group):
        for word, inner in command.commands.items():
            _check(inner, f"{name} {word}")


def _loaded(subject: Subject) -> click.Command:
    command = subject.component.load() if subject.component is not None else subject.make()
    if not isinstance(command, click.Command):
        fail(f"it is {type(command).__name__}, not a click.Command")
    return command
