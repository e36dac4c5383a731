"""A plugin that was just written works next to an installed advnets, as it is."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from advnets.scaffold import KIND_OF, name_distribution, render_distribution, render_file
from advnets.scaffold.names import name_component

from .conftest import ROOT, Clean

LOOK = """
import json, sys, advnets
print(json.dumps([advnets.__file__, sys.path, [str(finder) for finder in sys.meta_path]]))
"""
PROGRAM = """
import json, sys
import pytest
from advnets.cli.main import cli
for words in json.loads(sys.argv[1]):
    try:
        code = pytest.main(words[1:]) if words[0] == "pytest" else cli.main(words[1:])
    except SystemExit as end:
        code = end.code
    if code:
        sys.exit(f"{words} ended with {code}")
"""
"""Runs `pytest` and `advnets` one after the other: TensorFlow is imported once for all of them."""


def run_all(clean: Clean, lines: list[list[str]], cwd: Path) -> str:
    return clean.run(str(clean.python), "-c", PROGRAM, json.dumps(lines), cwd=cwd)


def in_small(line: str) -> list[str]:
    """Return the words of a command of which only a few steps are played."""
    return shlex.split(re.sub(r"steps=\d+", "steps=20", line))


def test_the_environment_is_clean(clean: Clean, tmp_path: Path) -> None:
    file, path, finders = json.loads(clean.run(str(clean.python), "-c", LOOK, cwd=tmp_path))
    assert Path(file).is_relative_to(clean.folder)
    assert not [entry for entry in path if entry and Path(entry).is_relative_to(ROOT)]
    assert not [finder for finder in finders if "editable" in finder]
    listed = json.loads(clean.run("advnets", "plugins", "list", "--json", cwd=tmp_path))
    assert {plugin["source"] for plugin in listed} == {"built in"}


def test_a_distribution_of_a_loss(clean: Clean, tmp_path: Path) -> None:
    """As the command that writes it says: install, test, play."""
    said = clean.run("advnets", "plugins", "new", "loss", "of_mine", "--distribution", cwd=tmp_path)
    folder = tmp_path / "advnets-of-mine"
    steps = [line.strip() for line in said.splitlines() if line.startswith("  ")]
    assert steps == [
        "cd advnets-of-mine",
        "pip install -e '.[test]'",
        "pytest",
        "advnets run digits loss=of_mine training.steps=200",
    ]
    clean.install(str(folder))
    play = [*in_small(steps[-1]), "--run-dir", "runs/mine"]
    assert " passed" in run_all(clean, [["pytest", "-q"], play], folder)
    manifest = json.loads((folder / "runs/mine/manifest.json").read_text())
    assert manifest["status"] == "finished"
    assert "advnets-of-mine 0.1.0" in json.dumps(manifest)


@pytest.mark.slow
@pytest.mark.parametrize("word", KIND_OF)
def test_every_kind(clean: Clean, tmp_path: Path, word: str) -> None:
    """The file, and then the distribution: found sound, and used as its author is told to."""
    file, packed = f"{word}_in_a_file", f"{word}_of_mine"
    folder = tmp_path / name_distribution(packed)
    clean.run("advnets", "plugins", "new", word, file, cwd=tmp_path)
    clean.run("advnets", "plugins", "new", word, packed, "--distribution", cwd=tmp_path)
    for name, where in ((file, tmp_path), (packed, folder)):
        if name == file:
            plugin, trial = ["--plugin", f"{file}.py"], render_file(word, file).trial
            lines = [["advnets", "plugins", "check", f"{file}.py"]]
        else:
            clean.install(str(folder))
            plugin, trial = [], render_distribution(word, packed).trial
            lines = [["pytest", "-q"], ["advnets", "plugins", "check", packed]]
        said = run_all(clean, [*lines, *(["advnets", *in_small(x), *plugin] for x in trial)], where)
        assert f"{KIND_OF[word]} {name_component(word, name)}: ok" in said
