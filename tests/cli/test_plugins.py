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
from advnets.plugins.loading import GROUPS
from advnets.plugins.lookup import find_plugins
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
        (SOUND.replace("advnets.game:Minimax", "os:getcwd"), "not an advnets.game.Loss"),
        (SOUND.replace("losses", "commands"), "not a click.Command"),
        (SOUND.replace("losses", "recipes"), "Minimax is not there"),
        (SOUND.replace('"sound"', '"minimax"'), "the name is taken"),
        (
            SOUND.replace("a loss\"", 'a loss", Bad').replace(
                "@hookimpl", "class Bad(Parameters):\n    margin: float = 'wide'\n\n@hookimpl"
            ),
            "margin' of loss 'sound', the text 'wide', is refused by its own schema",
        ),
        (
            SOUND.replace("a loss\"", 'a loss", Bad').replace(
                "@hookimpl",
                "from pydantic import Field\nclass Bad(Parameters):\n"
                "    margin: float = Field(-2.0, gt=0, description='m')\n\n@hookimpl",
            ),
            "the default of 'margin' of loss 'sound', -2.0, is refused by its own schema",
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


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("wgan", ["wgan"]),
        ("advnets-wgan", ["wgan"]),
        ("advnets_wgan", ["wgan"]),
        ("advnets_wgan.hooks", ["wgan"]),
        ("builtin-games", ["builtin-games"]),
        ("advnets.builtin.games", ["builtin-games"]),
        ("built in", [f"builtin-{name}" for name in GROUPS.split()]),
        ("advnets", [f"builtin-{name}" for name in GROUPS.split()]),
    ],
)
def test_a_plugin_is_found_by_any_word_that_means_it(word: str, found: list[str]) -> None:
    assert [record.name for record in find_plugins(word)[1]] == found


def test_the_file_of_an_installed_plugin_is_that_plugin() -> None:
    """Loaded once more, it would be in conflict with itself."""
    (record,) = find_plugins("wgan")[1]
    file = sys.modules[record.module].__file__
    assert [one.name for one in find_plugins(str(file))[1]] == ["wgan"]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("wgna", "did you mean 'wgan'?"),
        ("advnets-wgna", "did you mean 'advnets-wgan'?"),
        ("checked_plugin", "did you mean the file checked_plugin.py?"),
        ("folder/", "pip install -e folder/"),
        ("./nothing.py", "check the path"),
        ("nobody", "there are: builtin-games"),
    ],
)
def test_an_unknown_word_gets_a_way_out(here: Path, word: str, told: str) -> None:
    (here / "checked_plugin.py").write_text(SOUND)
    (here / "folder").mkdir()
    result = plugins("check", word)
    assert result.exit_code == 2
    assert told in result.stderr


def test_check_ends_at_ctrl_c(here: Path) -> None:
    target = "def make():\n    raise KeyboardInterrupt\n"
    text = SOUND.replace("advnets.game:Minimax", "checked_plugin:make") + target
    (here / "checked_plugin.py").write_text(text)
    assert plugins("check", "./checked_plugin.py").exit_code == 130


def test_check_finds_two_files_that_register_the_same(here: Path) -> None:
    (here / "checked_plugin.py").write_text(SOUND)
    (here / "other_plugin.py").write_text(SOUND)
    result = plugins("check", "./checked_plugin.py", "--plugin", "other_plugin.py")
    assert result.exit_code == 2
    assert "the name is taken: it is registered by other_plugin" in result.stdout


def test_sweeps_are_files_and_no_targets() -> None:
    registry = load_plugins()
    names = registry.names("sweeps")
    assert names
    for name in names:
        assert find_problems("sweeps", registry.component("sweeps", name), registry) == []
