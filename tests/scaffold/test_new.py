"""``advnets plugins new``: what it writes is a plugin, and nothing that is there is touched."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advnets.cli.main import cli
from advnets.plugins import load_plugins
from advnets.scaffold import KIND_OF


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
        (("loss", "a" * 29), "at most 28 letters", "did you mean"),
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


def test_every_kind_of_component_has_a_word() -> None:
    from advnets.plugins.components import KINDS

    assert set(KIND_OF.values()) == set(KINDS)
