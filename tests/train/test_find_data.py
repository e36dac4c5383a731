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


def test_components_are_told_the_range_of_what_networks_see():
    from advnets.train.build import game_context

    for preprocess, expected in (
        ("unit", (0.0, 1.0)),
        ("symmetric", (-1.0, 1.0)),
        ("none", (0.0, 255.0)),
        ({"gcn": 8}, None),
    ):
        recipe = load_recipe("digits", {"dataset": {"name": "digits", "preprocess": preprocess}})
        assert game_context(recipe, find_data(recipe).source, set()).range == expected
