"""What comes from the command line and goes to the terminal, or to a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advnets.cli.common import check_out, print_json, style
from advnets.cli.export import check_target
from advnets.cli.main import cli
from advnets.errors import UsageError
from advnets.safe_io.atomic import remove

ESCAPE = "\x1b[31m[bold]\u202e"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, words, color=True)


def is_clean(shown: str) -> bool:
    return "\u202e" not in shown and "\x1b[31m[bold]" not in shown


def test_names_do_not_steer_the_terminal(here: Path) -> None:
    (here / f"{ESCAPE}.yaml").write_text(f'"{ESCAPE[1:]}": 1\nloss: "{ESCAPE[1:]}"\n')
    for words in (
        ["validate", f"{ESCAPE}.yaml", f"loss={ESCAPE}"],
        ["validate", ESCAPE],
        ["recipes", "show", f"{ESCAPE}.yaml"],
        ["run", f"{ESCAPE}.yaml"],
        ["doctor", ESCAPE],
        ["report", ESCAPE],
        ["components", "--plugin", f"{ESCAPE}.py"],
    ):
        result = run(*words)
        assert is_clean(result.output + result.stderr), words
        assert r"\u202e" in result.output + result.stderr, words
    assert run("validate", f"{ESCAPE}.yaml").exit_code == 2


def test_our_own_colours_stay() -> None:
    assert "\x1b[31m\x1b[1merror:" in run("validate", "nothing").stderr
    assert style(ESCAPE, fg="red").startswith("\x1b[31m\\x1b[31m[bold]\\u202e")


def test_json_is_escaped_and_stays_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": f"{ESCAPE}\x9b\ud800é"})
    shown = capsys.readouterr().out
    assert is_clean(shown)
    assert "\x9b" not in shown
    assert json.loads(shown) == {"name": f"{ESCAPE}\x9b\ud800é"}


@pytest.mark.parametrize(
    "word",
    ["x" * 5_000, "x/" * 3_000, "~nobody-here/x", "\udcff", "-" * 300, "=", "a=" * 999],
)
@pytest.mark.parametrize("command", ["validate", "run", "report", "doctor", "recipes show"])
def test_words_that_are_no_paths(command: str, word: str) -> None:
    result = run(*command.split(), "--", word)
    assert result.exit_code == 2
    assert "bug" not in result.stderr
    assert len(result.stderr) < 20_000


def test_a_long_override_is_no_path(here: Path) -> None:
    result = run("validate", "ring", f"name={'x' * 5_000}")
    assert result.exit_code == 2
    assert "at most 100 characters" in result.stderr


@pytest.mark.parametrize("path", ["a\0.npz", "x" * 300 + ".npz", "no/such/folder/x.npz"])
def test_places_that_cannot_be_written(path: str) -> None:
    with pytest.raises(UsageError, match="can be called that|there is no folder"):
        check_out(Path(path))


def test_a_link_is_replaced_and_not_followed(here: Path) -> None:
    (here / "precious").mkdir()
    (here / "precious" / "saved_model.pb").touch()
    (here / "out").symlink_to("precious")
    check_target(here / "out", "savedmodel", force=True)
    remove(here / "out")
    assert (here / "precious" / "saved_model.pb").exists()
    (here / "ring.yaml").symlink_to(here / "elsewhere.yaml")
    assert run("recipes", "copy", "ring").exit_code == 0
    assert not (here / "elsewhere.yaml").exists()
