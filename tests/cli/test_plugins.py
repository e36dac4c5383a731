"""``advnets plugins``: what was found, what is amiss, and one plugin tried in full."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advnets.cli.main import cli
from advnets.plugins import load_plugins
from advnets.testing.inspection import find_problems

HEAD = "from advnets import Component, Parameters, hookimpl\n"
SOUND = f"""{HEAD}
@hookimpl
def advnets_losses():
    return [Component("sound", "advnets.game:Minimax", "a loss")]
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in ("checked_plugin", "other_plugin"):
        sys.modules.pop(name, None)


def plugins(*words: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(cli, ["plugins", *words], env=env)


def test_list() -> None:
    result = plugins("list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["PLUGIN", "FROM", "STATUS", "COMPONENTS"]
    assert lines[1].startswith("builtin-games")
    assert "advnets (built in)" in lines[1]
    assert "advnets.builtin" not in result.stdout


def test_list_explains_the_quarantine(here: Path) -> None:
    (here / "checked_plugin.py").write_text("def f():\n    raise RuntimeError('no luck')\nf()")
    result = plugins("list", env={"ADVNETS_PLUGINS": "./checked_plugin.py"})
    assert result.exit_code == 0
    assert "is quarantined: RuntimeError: no luck" in result.stdout
    assert 'checked_plugin.py", line 2, in f' in result.stdout


def test_list_names_conflicts(here: Path) -> None:
    (here / "checked_plugin.py").write_text(SOUND.replace("sound", "minimax"))
    text = plugins("list", "--plugin", "checked_plugin.py").stdout
    assert "'minimax' of losses cannot be used: it is registered by advnets (built in) and" in text


def test_list_names_what_is_blocked() -> None:
    text = plugins("list", "--plugin", "no:builtin-metrics").stdout
    (line,) = [line for line in text.splitlines() if line.startswith("builtin-metrics")]
    assert "blocked" in line


def test_list_as_json(here: Path) -> None:
    (here / "checked_plugin.py").write_text("1 / 0")
    found = json.loads(plugins("list", "--json", "--plugin", "checked_plugin.py").stdout)
    (broken,) = [entry for entry in found if entry["name"] == "checked_plugin"]
    assert broken["status"] == "quarantined"
    assert "ZeroDivisionError" in broken["traceback"]


def test_check_a_file(here: Path) -> None:
    (here / "checked_plugin.py").write_text(SOUND)
    result = plugins("check", "checked_plugin.py")
    assert result.exit_code == 0
    assert "losses sound: ok" in result.stdout


def test_check_by_name() -> None:
    result = plugins("check", "builtin-commands")
    assert result.exit_code == 0, result.output
    assert "commands validate: ok" in result.stdout


def test_check_a_module(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "other_plugin.py").write_text(SOUND)
    monkeypatch.syspath_prepend(str(here))
    assert plugins("check", "other_plugin").exit_code == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        (SOUND.replace("advnets.game:Minimax", "os:nothing"), "cannot import os:nothing"),
        (SOUND.replace("advnets.game:Minimax", "os:name"), "os:name cannot be called"),
        (SOUND.replace("advnets.game:Minimax", "os:getcwd"), "it makes str, not an advnets.game.Loss"),
        (SOUND.replace("losses", "commands"), "not a click.Command"),
        (SOUND.replace("losses", "recipes"), "Minimax is not there"),
        (SOUND.replace('"sound"', '"minimax"'), "the name is taken"),
        (
            SOUND.replace("a loss\"", 'a loss", Bad').replace(
                "@hookimpl", "class Bad(Parameters):\n    margin: float = 'wide'\n\n@hookimpl"
            ),
            "its defaults do not fit its own schema",
        ),
        (SOUND.replace("advnets_losses", "advnets_loses"), "hint: did you mean advnets_losses?"),
    ],
)  # fmt: skip
def test_check_finds(here: Path, text: str, problem: str) -> None:
    (here / "checked_plugin.py").write_text(text)
    result = plugins("check", "./checked_plugin.py")
    assert result.exit_code == 2
    assert problem in result.stdout
    assert result.stderr.startswith("error: ")


NEEDY = """
from pydantic import Field

class Sized(Parameters):
    size: int = Field(ge=1, description="latent dimensions")

@hookimpl
def advnets_priors():
    return [Component("sound", "checked_plugin:make", "a prior", Sized)]

def make(size):
    from advnets.game import Gaussian
    return Gaussian(size)
"""


def test_check_builds(here: Path) -> None:
    """What cannot be built is found, with the line; what needs parameters says which."""
    (here / "checked_plugin.py").write_text(HEAD + NEEDY)
    result = plugins("check", "./checked_plugin.py")
    assert result.exit_code == 0
    assert "priors sound: not built: nothing says what size is" in result.stdout
    del sys.modules["checked_plugin"]
    example = NEEDY.replace("Sized)]", "Sized, example={'parameters': {'size': 3}})]")
    (here / "checked_plugin.py").write_text(HEAD + example)
    assert "priors sound: ok" in plugins("check", "./checked_plugin.py").stdout
    del sys.modules["checked_plugin"]
    (here / "checked_plugin.py").write_text(HEAD + example.replace("(size)\n", "(length)\n"))
    result = plugins("check", "./checked_plugin.py")
    assert result.exit_code == 2
    assert "it cannot be built: raised NameError: name 'length'" in result.stdout
    assert "checked_plugin.py:14" in result.stdout


def test_check_what_is_not_there() -> None:
    result = plugins("check", "nobody")
    assert result.exit_code == 2
    assert "there is no plugin 'nobody'" in result.stderr
    assert "builtin-games" in result.stderr
    assert plugins("check", "nobody.py").exit_code == 2


def test_sweeps_are_files_and_no_targets() -> None:
    registry = load_plugins()
    names = registry.names("sweeps")
    assert names
    for name in names:
        assert find_problems("sweeps", registry.component("sweeps", name), registry) == []
