"""Checks of commands."""

from __future__ import annotations

import click
from click.testing import CliRunner

from .failure import fail
from .subject import Subject


def has_help(subject: Subject) -> None:
    """``-h`` works, and so it does for sub-commands; each says what it does."""
    _check(_loaded(subject), subject.name)


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
