"""`advnets tune`: a table, and the fastest choice written down."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import advnets
from advnets.cli.main import cli
from advnets.recipe import load_recipe

TINY = [
    "training.steps=4",
    "training.batch_size=16",
    "generator.layers=[4]",
    "discriminator.layers=[4]",
    "optimizers={generator: sgd, discriminator: sgd}",  # traced in less time than Adam
    "distribution.rounds_per_call=1",
]


def tune(*words):
    return CliRunner().invoke(cli, ["tune", *map(str, words)], catch_exceptions=False)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """One tuned recipe, of which all tests look at something else."""
    out = tmp_path_factory.mktemp("tuned") / "better.yaml"
    return tune("gaussian_1d", *TINY, "--seconds", 0.1, "--out", out), out


def test_the_table_names_every_way_of_playing_once(tuned):
    result, _ = tuned
    assert result.exit_code == 0, result.output
    rows = re.findall(
        r"^(on|off) +(auto|one|two) +(auto|\d+) +float32 +([\d.,]+) ", result.stdout, re.M
    )
    assert len(rows) == len({row[:3] for row in rows})
    # One call for both sides is what auto means under alternating updates.
    assert {row[:2] for row in rows} >= {("on", "auto"), ("off", "auto")}
    assert {row[1] for row in rows} == {"auto", "two"}
    speeds = [float(row[3].replace(",", "")) for row in rows]
    assert speeds == sorted(speeds, reverse=True)


def test_the_copy_is_the_same_game_with_the_fastest_choice(tuned):
    result, out = tuned
    assert result.stdout.count("own") >= 1
    if "stays" in result.stdout:  # nothing gained 3 % over the recipe's own
        assert not out.exists()
        return
    better = load_recipe(out)
    assert better.identity() == load_recipe("gaussian_1d", TINY).identity()
    chosen = re.search(r"Best: jit (on|off), D's calls (\w+)", result.stdout)
    settings = better.data["distribution"]
    assert chosen
    assert (settings["jit"], settings["discriminator_calls"]) == chosen.groups()


@pytest.mark.slow
def test_a_run_is_tuned_in_place_and_goes_on(tmp_path):
    entries = dict(word.split("=") for word in TINY[:2])
    folder = tmp_path / "run"
    advnets.run("gaussian_1d", {key: int(value) for key, value in entries.items()}, run_dir=folder)
    before = (folder / "recipe.yaml").read_text()
    result = tune(folder, "distribution.rounds_per_call=1", "--seconds", 0.2)
    assert result.exit_code == 0, result.output
    after = (folder / "recipe.yaml").read_text()
    assert (after == before) == ("stays" in result.stdout)
    assert (
        advnets.run(folder / "recipe.yaml", {"training.steps": 6}, run_dir=folder).manifest["step"]
        == 6
    )


@pytest.mark.slow
def test_dry_run_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = tune("gaussian_1d", *TINY, "--seconds", 0.1, "--dry-run")
    assert result.exit_code == 0, result.output
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gaussian_1d", "--out", "there.yaml"], "there.yaml exists"),
        (["no_such_recipe"], "no_such_recipe"),
        (["gaussian_1d", "training.steps=many"], "training.steps"),
    ],
)
def test_bad_input(words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.yaml").write_text("")
    result = CliRunner().invoke(cli, ["tune", *words])
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output


def test_a_run_keeps_its_precision(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "recipe.yaml").write_text(load_recipe("gaussian_1d").to_yaml())
    (folder / "manifest.json").write_text("{}")
    result = CliRunner().invoke(cli, ["tune", str(folder), "--precision", "mixed_bfloat16"])
    assert result.exit_code == 2
    assert "keeps its precision" in result.output
