"""Missing data is found out, and told, before TensorFlow is imported."""

import json
import subprocess
import sys
import textwrap

import pytest

from advnets.errors import RecipeError
from advnets.recipe import load_recipe
from advnets.train.find_data import find_data

SCRIPT = """
    import json, sys
    from advnets.train.find_data import find_data
    from advnets.recipe import load_recipe
    found = find_data(load_recipe(json.loads(sys.argv[1])))
    assert "tensorflow" not in sys.modules
    print(json.dumps([found.recipe.data["dataset"]["name"], found.missing]))
"""


def test_the_stand_in_is_announced_before_tensorflow_is_imported(small, tmp_path):
    missing = {"name": "npz", "path": str(tmp_path / "faces.npz"), "offline": "digits"}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), json.dumps(small(dataset=missing))],
        check=True,
        capture_output=True,
        text=True,
    )
    used, why = json.loads(done.stdout)
    said = done.stderr
    assert said.startswith("STAND-IN DATA:")
    assert "faces.npz" in said
    assert "'digits'" in said
    assert used == "digits"
    assert why in said


def test_what_networks_are_told_is_looked_for_with_the_data():
    told = load_recipe("digits", {"given": {"generator": ["colour"]}})
    with pytest.raises(RecipeError, match="'colour' neither comes with digits ") as caught:
        find_data(told)
    assert "index, label" in str(caught.value)
