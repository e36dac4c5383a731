"""The group: lazy, quick, and it turns whatever goes wrong into a message and an exit code."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advnets._version import __version__
from advnets.builtin.commands import SUMMARIES
from advnets.cli.common import print_error
from advnets.cli.main import cli

ROOT = Path(__file__).parents[2]
PLUGIN = """
import click
import advnets
from advnets import Component, errors, hookimpl
from advnets.cli.common import plugin_options

@click.command("fail")
@click.argument("kind")
@plugin_options
def fail(kind):
    if kind == "bug":
        raise ZeroDivisionError("by zero")
    if kind == "disk":
        raise OSError(28, "No space left on device", "metrics.jsonl")
    if kind == "ctrl-c":
        raise KeyboardInterrupt
    raise getattr(errors, kind)("it went wrong", hint="do better", where="here")

not_a_command = 3

@hookimpl
def advnets_commands():
    return [
        Component("fail", "plugin_with_a_command:fail", "Fail in some way."),
        Component("nothing", "plugin_with_a_command:not_a_command"),
        Component("gone", "plugin_with_a_command:gone"),
    ]
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "plugin_with_a_command.py"
    path.write_text(PLUGIN)
    yield str(path)
    sys.modules.pop("plugin_with_a_command", None)


def invoke(*words: str) -> Result:
    return CliRunner().invoke(cli, words)


def test_help_lists_every_command_without_importing_any() -> None:
    before = set(sys.modules)
    result = invoke("--help")
    assert result.exit_code == 0
    for name, summary in SUMMARIES.items():
        assert f"  {name}" in result.stdout
        assert summary in " ".join(result.stdout.split())  # wrapped, where it is long
    assert not {name for name in set(sys.modules) - before if name.startswith("advnets.cli.")}


def test_version() -> None:
    assert invoke("--version").stdout == f"advnets, version {__version__}\n"


@pytest.mark.parametrize("name", ["validate", "recipes", "components", "plugins"])
def test_help_of_a_command(name: str) -> None:
    assert invoke(name, "-h").exit_code == 0


def test_an_unknown_command() -> None:
    result = invoke("vaildate")
    assert result.exit_code == 2
    assert "error: 'vaildate' is not among the registered commands" in result.stderr
    assert "did you mean 'validate'?" in result.stderr
    assert result.stdout == ""


def test_a_wrong_option() -> None:
    result = invoke("validate", "--colour", "ring")
    assert result.exit_code == 2
    assert "No such option" in result.stderr


@pytest.mark.parametrize("place", ["before", "after", "joined"])
def test_a_plugins_command(plugin: str, place: str) -> None:
    words = {
        "before": ["--plugin", plugin, "fail", "RunError"],
        "after": ["fail", "RunError", "--plugin", plugin],
        "joined": ["fail", f"--plugin={plugin}", "RunError"],
    }[place]
    result = invoke(*words)
    assert result.exit_code == 1
    assert result.stderr == "error: here: it went wrong\n  hint: do better\n"
    assert "Fail in some way." in invoke("--plugin", plugin, "--help").stdout


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("AdvnetsError", 1),
        ("RunError", 1),
        ("UsageError", 2),
        ("PluginError", 2),
        ("DataError", 2),
        ("Interrupted", 75),
    ],
)
def test_exit_codes(plugin: str, kind: str, code: int) -> None:
    result = invoke("--plugin", plugin, "fail", kind)
    assert result.exit_code == code
    assert "Traceback" not in result.output


def test_a_bug(plugin: str) -> None:
    result = invoke("--plugin", plugin, "fail", "bug")
    assert result.exit_code == 1
    assert f"error: {plugin}:12: plugin plugin_with_a_command ({plugin}) failed" in result.stderr
    assert "ZeroDivisionError: by zero" in result.stderr
    assert "--traceback" in result.stderr
    assert "Traceback" not in result.output


def test_the_systems_errors(plugin: str) -> None:
    result = invoke("--plugin", plugin, "fail", "disk")
    assert result.exit_code == 1
    assert result.stderr == "error: metrics.jsonl: No space left on device\n"


def test_ctrl_c(plugin: str) -> None:
    assert invoke("--plugin", plugin, "fail", "ctrl-c").exit_code == 130


@pytest.mark.parametrize("first", [True, False])
def test_traceback(plugin: str, first: bool) -> None:
    words = ["--plugin", plugin, "fail", "RunError"]
    result = invoke(*(["--traceback", *words] if first else [*words, "--traceback"]))
    assert result.exit_code == 1
    assert "Traceback (most recent call last)" in result.stderr
    assert "error: here: it went wrong" in result.stderr


def test_a_command_that_cannot_be_loaded(plugin: str) -> None:
    result = invoke("--plugin", plugin, "nothing")
    assert result.exit_code == 2
    assert "is a int, not a click.Command" in result.stderr
    result = invoke("--plugin", plugin, "gone")
    assert result.exit_code == 2
    assert "cannot import plugin_with_a_command:gone" in result.stderr


def test_a_plugin_that_is_not_there() -> None:
    result = invoke("recipes", "list", "--plugin", "gone.py")
    assert result.exit_code == 2
    assert "error: plugin file gone.py does not exist" in result.stderr


def test_a_broken_plugin_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a_broken_plugin.py"
    path.write_text("raise RuntimeError('no luck')")
    result = invoke("recipes", "list", "--plugin", str(path))
    assert result.exit_code == 0
    assert "ring" in result.stdout
    assert "warning: plugin 'a_broken_plugin'" in result.stderr
    assert "RuntimeError: no luck" in result.stderr


def test_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "advnets", "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("advnets, version")


def test_a_closed_pipe_is_no_traceback() -> None:
    done = subprocess.run(
        f"{sys.executable} -m advnets components --json | head -c 1",
        cwd=ROOT,
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "["
    assert done.stderr == ""


LINES = """
from advnets.cli.common import echo, print_json
for _ in range(3):
    echo("a line")
    print_json({"a": 1})
"""


def test_a_reader_that_has_gone_is_no_failure(measured) -> None:
    """What is done is done, whoever still reads what it says: exit code 0."""
    reading, writing = os.pipe()
    os.close(reading)
    with measured.timed("stdout_closed", True, None):
        process = subprocess.run(
            [sys.executable, "-c", LINES], stdout=writing, stderr=subprocess.PIPE, check=False
        )
    os.close(writing)
    assert (process.returncode, process.stderr) == (0, b"")


class Mute(Exception):
    def __str__(self) -> str:
        raise ValueError


def test_an_error_without_words_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_error(Mute()) == 1
    assert "Mute: (its text cannot be made: ValueError)" in capsys.readouterr().err


def test_a_full_disk_is_no_bug_however_a_library_says_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    packed = shutil.Error([("a", "b", "[Errno 28] No space left on device: 'b'")])
    assert print_error(packed) == 1
    said = capsys.readouterr().err
    assert "No space left on device" in said
    assert "free some space" in said
    assert "bug" not in said
    bug = KeyError("x")
    bug.__context__ = FileNotFoundError(2, "No such file or directory", "y")
    assert print_error(bug) == 1
    assert "this is a bug" in capsys.readouterr().err
