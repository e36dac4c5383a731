"""``advnets plugins new``: what it writes is a plugin, and nothing that is there is touched."""

from __future__ import annotations

import ast
import configparser
import errno
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from advnets.cli.main import cli
from advnets.plugins import load_plugins
from advnets.plugins.components import KINDS
from advnets.scaffold import KIND_OF, render_distribution, render_file
from advnets.scaffold.names import LONGEST


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def advnets(*words: str) -> Result:
    return CliRunner().invoke(cli, words)


def test_a_loss(here: Path) -> None:
    done = advnets("plugins", "new", "loss", "my_loss")
    assert done.exit_code == 0, done.output
    assert [file.name for file in here.iterdir()] == ["my_loss.py"]
    assert load_plugins(["my_loss.py"]).component("losses", "my_loss").parameters().margin == 1.0
    assert advnets("validate", "digits", "loss=my_loss", "--plugin", "my_loss.py").exit_code == 0
    wrong = "loss={name: my_loss, margin: -1.0}"
    assert "margin" in advnets("validate", "digits", wrong, "--plugin", "my_loss.py").stderr


def test_a_command_is_called_by_words_joined_by_a_dash(here: Path) -> None:
    done = advnets("plugins", "new", "command", "my_best")
    assert "wrote my_best.py, a command" in done.output
    assert "advnets my-best runs/short" in done.output
    assert "Show the means" in advnets("my-best", "--help", "--plugin", "my_best.py").output
    done = advnets("plugins", "new", "command", "verify_resume")
    assert "cannot be the name of a new command" in done.stderr


def test_an_update_is_an_update(here: Path) -> None:
    assert "my_update.py, an update that" in advnets("plugins", "new", "update", "my_update").output


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("losses", "x"), "'losses' is no kind of plugin", "did you mean 'loss'?"),
        (("observers", "x"), "'observers' is no kind", "did you mean 'observer'?"),
        (("update rule", "x"), "'update rule' is no kind", "did you mean 'update'?"),
        (("data_set", "x"), "'data_set' is no kind", "did you mean 'dataset'?"),
        (("lose", "x"), "'lose' is no kind", "did you mean 'loss'?"),
        (("xyz", "x"), "'xyz' is no kind", "the kinds are architecture, augmentation,"),
        (("loss", "my-loss"), "'my-loss' cannot be the name", "did you mean 'my_loss'?"),
        (("loss", "MyLoss"), "'MyLoss' cannot be the name", "did you mean 'myloss'?"),
        (("loss", "../x"), "'../x' cannot be the name", "did you mean 'x'?"),
        (("loss", "3"), "'3' cannot be the name", "such as my_loss"),
        (("loss", "a" * 27), "at most 26 letters", "did you mean"),
        (("loss", "lambda"), "a keyword of Python", "my_lambda"),
        (("loss", "match"), "a keyword of Python", "my_match"),
        (("loss", "true"), "a recipe reads it as True", "my_true"),
        (("loss", "null"), "a recipe reads it as None", "my_null"),
        (("loss", "json"), "json.py would hide a module of Python's", "my_json"),
        (("loss", "keras"), "keras.py would hide a module of that name", "my_keras"),
        (("loss", "minimax"), "advnets (built in) registers a loss of that name", "my_minimax"),
    ],
)
def test_refusals(here: Path, words: tuple[str, str], message: str, hint: str) -> None:
    done = advnets("plugins", "new", *words)
    assert done.exit_code == 2
    assert message in done.stderr
    assert hint in done.stderr
    assert list(here.iterdir()) == []


def test_the_name_of_a_plugin_is_refused(here: Path) -> None:
    """Whatever kinds of components that plugin has."""
    assert advnets("plugins", "new", "loss", "mine").exit_code == 0
    (here / "elsewhere").mkdir()
    (here / "mine.py").rename(here / "elsewhere" / "mine.py")
    done = advnets("plugins", "new", "prior", "mine", "--plugin", "elsewhere/mine.py")
    assert done.exit_code == 2
    assert "there is a plugin of that name" in done.stderr
    assert not (here / "mine.py").exists()


@pytest.mark.parametrize("what", ["file", "folder", "link", "dangling"])
def test_what_is_there_stays(here: Path, what: str) -> None:
    target = here / "mine.py"
    if what == "file":
        target.write_text("precious")
    elif what == "folder":
        target.mkdir()
    else:
        if what == "link":
            (here / "precious").write_text("precious")
        target.symlink_to("precious")
    before = sorted(here.iterdir())
    done = advnets("plugins", "new", "loss", "mine")
    assert done.exit_code == 2
    assert "mine.py is there already" in done.stderr
    assert sorted(here.iterdir()) == before
    assert what != "file" or target.read_text() == "precious"
    assert what != "dangling" or not target.exists()


def test_a_recipe_is_two_files_or_none(here: Path) -> None:
    (here / "mine.yaml").write_text("precious")
    done = advnets("plugins", "new", "recipe", "mine")
    assert done.exit_code == 2
    assert "mine.yaml is there already, a file" in done.stderr
    assert [file.name for file in here.iterdir()] == ["mine.yaml"]
    assert (here / "mine.yaml").read_text() == "precious"
    done = advnets("plugins", "new", "recipe", "other")
    assert "wrote other.py and other.yaml" in done.stdout


@pytest.mark.parametrize("words", [("recipe", "mine"), ("loss", "mine", "--distribution")])
def test_a_full_disk_leaves_nothing_half_written(
    here: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """The second file finds no room."""
    written: list[Path] = []

    def open_one(path: Path, mode: str = "r", *args: Any, **options: Any) -> Any:
        if "w" in mode or "x" in mode:
            written.append(path)
            if len(written) == 2:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return open(path, mode, *args, **options)

    monkeypatch.setattr(Path, "open", open_one)
    done = advnets("plugins", "new", *words)
    assert done.exit_code == 2
    assert "No space left on device" in done.stderr
    assert "free some space, or go to another folder" in done.stderr
    assert len(written) == 2
    assert list(here.iterdir()) == []


def test_a_distribution(here: Path) -> None:
    """It is called by the component's name, with - and _ where each belongs."""
    done = advnets("plugins", "new", "loss", "my_loss", "--distribution")
    assert done.exit_code == 0, done.output
    assert [folder.name for folder in here.iterdir()] == ["advnets-my-loss"]
    folder = here / "advnets-my-loss"
    files = {str(f.relative_to(folder)): f.read_text() for f in folder.rglob("*") if f.is_file()}
    assert set(files) == {
        *("setup.cfg", "pyproject.toml", "README.md", "CHANGELOG.md", ".gitignore"),
        *(".github/workflows/test.yml", "tests/test_conformance.py", "tests/test_loss.py"),
        *(f"src/advnets_my_loss/{name}" for name in ("__init__.py", "loss.py", "py.typed")),
    }
    assert "project" not in tomllib.loads(files["pyproject.toml"])
    config = configparser.ConfigParser()
    config.read_string(files["setup.cfg"])
    assert config["metadata"]["name"] == "advnets-my-loss"
    assert config["options.entry_points"]["advnets"].strip() == "my_loss = advnets_my_loss"
    line = 'test_conformance = conformance("my_loss")'
    assert files["tests/test_conformance.py"].splitlines()[-1] == line
    counted = [text for name, text in files.items() if not name.startswith(".git")]
    assert sum(len(text.splitlines()) for text in counted) < 100


@pytest.mark.parametrize("what", ["file", "folder", "dangling"])
def test_a_distribution_replaces_nothing(here: Path, what: str) -> None:
    target = here / "advnets-mine"
    if what == "file":
        target.write_text("precious")
    elif what == "folder":
        target.mkdir()
    else:
        target.symlink_to("nowhere")
    done = advnets("plugins", "new", "loss", "mine", "--distribution")
    assert done.exit_code == 2
    assert "advnets-mine is there already" in done.stderr
    assert [file.name for file in here.iterdir()] == ["advnets-mine"]
    assert what != "file" or target.read_text() == "precious"
    assert what != "folder" or not list(target.iterdir())


def test_a_distribution_that_is_installed_is_refused(
    here: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    site = tmp_path_factory.mktemp("site")
    (site / "advnets_of_them-1.0.dist-info").mkdir()
    metadata = "Metadata-Version: 2.1\nName: advnets_of_them\nVersion: 1.0\n"
    (site / "advnets_of_them-1.0.dist-info" / "METADATA").write_text(metadata)
    (site / "advnets_other.py").write_text("")
    monkeypatch.syspath_prepend(str(site))
    done = advnets("plugins", "new", "loss", "of_them", "--distribution")
    assert "advnets-of-them is installed already" in done.stderr
    done = advnets("plugins", "new", "loss", "other", "--distribution")
    assert "there is a package advnets_other already" in done.stderr
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("name", ["z" * LONGEST, "field", "data_spec", "none"])
@pytest.mark.parametrize("word", KIND_OF)
def test_whatever_the_name(word: str, name: str) -> None:
    """Code that compiles, with lines as long as a hundred characters, and no name used twice."""
    files = render_file(word, name).files | render_distribution(word, name).files
    for file, text in files.items():
        assert max(map(len, text.splitlines() or [""])) <= 100, file
        assert text == "" or (text.endswith("\n") and not text.endswith("\n\n")), file
        if file.endswith(".py"):
            nodes = list(ast.walk(ast.parse(text)))
            named = [node.name for node in nodes if isinstance(node, ast.ClassDef)]
            for node in nodes:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    named += [alias.asname or alias.name for alias in node.names]
            assert len(set(named)) == len(named), file


WITHOUT_TENSORFLOW = """
import shlex, sys
from pathlib import Path
from click.testing import CliRunner
from advnets.cli.main import cli
from advnets.plugins import load_plugins
from advnets.recipe import find_recipe, load_recipe
from advnets.scaffold import KIND_OF, render_file
from advnets.scaffold.names import name_component
from advnets.sweep import load_sweep

for word in KIND_OF:
    done = CliRunner().invoke(cli, ["plugins", "new", word, f"my_{word}"])
    assert done.exit_code == 0, done.output
registry = load_plugins([str(file) for file in Path().glob("*.py")])
assert {record.status for record in registry.plugins} == {"ok"}, registry.warnings
for word, kind in KIND_OF.items():
    component = registry.component(kind, name_component(word, f"my_{word}"))
    schema = component.parameters.model_json_schema()["properties"]
    assert schema or word in ("recipe", "sweep", "command"), word
    assert all(one["description"] for one in schema.values()), word
    for command, *words in map(shlex.split, render_file(word, f"my_{word}").trial):
        if command == "run":
            path, overrides = find_recipe(words[0], registry), [w for w in words if "=" in w]
            said = load_recipe(path, overrides, registry).to_yaml()
            assert f"my_{word}" in said or word in ("feature", "command"), said
        elif command == "sweep":
            load_sweep(Path(f"{words[0]}.yaml"), registry)
assert not {"tensorflow", "keras"} & set(sys.modules)
"""


def test_every_kind_is_read_without_tensorflow(here: Path) -> None:
    """The file loads, its schema is described, and the recipe that it tells to play is valid."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_kind_of_component_has_a_word() -> None:
    assert set(KIND_OF.values()) == set(KINDS)
