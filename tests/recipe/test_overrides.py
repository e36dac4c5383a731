# ruff: noqa: E501 (a table of messages)
"""``KEY=VALUE`` is typed like the file, and checked like the file."""

from __future__ import annotations

from typing import Any

import pytest


def test_values_are_typed_like_the_file(parse: Any) -> None:
    data = parse(overrides=["training.steps=0x10", "loss.margin=1e-4", "seed=7"]).data
    assert data["training"]["steps"] == 16
    assert data["loss"]["margin"] == 1e-4
    assert data["seed"] == 7


def test_a_whole_entry_or_one_parameter(parse: Any) -> None:
    assert parse(overrides=["dataset=noise"]).data["dataset"] == {"name": "noise"}
    data = parse(overrides=["dataset.size=16"]).data
    assert data["dataset"]["size"] == 16
    assert data["dataset"]["id"] == "tfd"
    data = parse(overrides=["dataset={name: faces, id: x}"]).data
    assert "offline" not in data["dataset"]


def test_a_parameter_of_an_entry_that_is_a_mere_name(parse: Any) -> None:
    data = parse(overrides=["optimizers.generator.rate=0.25"]).data
    assert data["optimizers"]["generator"] == {"name": "descent", "rate": 0.25}


def test_sections_that_the_file_leaves_out(parse: Any) -> None:
    data = parse(overrides=["checkpoints.every=7", "monitoring.callbacks=[bell]"]).data
    assert data["checkpoints"] == {"every": 7, "keep": 3, "best": None}
    assert data["monitoring"]["callbacks"] == [{"name": "bell"}]


def test_list_indices(parse: Any) -> None:
    data = parse(overrides=["penalties.0.weight=5", "penalties.1.weight=6"]).data
    assert [p["weight"] for p in data["penalties"]] == [5.0, 6.0]


def test_later_ones_win(parse: Any) -> None:
    assert parse(overrides=["seed=1", "seed=2"]).seed == 2


def test_an_empty_file_can_be_filled(problems: Any) -> None:
    assert "command line: seed=x: expected an integer, got the text 'x'" in problems("", ["seed=x"])


def test_what_is_wrong_in_the_file_can_be_put_right(parse: Any, good: str) -> None:
    text = good.replace("steps: 10", "steps: ten")
    assert parse(text, ["training.steps=10"]).data["training"]["steps"] == 10


def test_from_python(parse: Any) -> None:
    recipe = parse(overrides={"training.steps": 20, "dataset": "noise", "loss": {"name": "hinge"}})
    assert recipe.data["training"]["steps"] == 20
    assert recipe.data["dataset"] == {"name": "noise"}
    assert recipe.data["loss"]["margin"] == 10.0


def test_names_that_the_recipe_chooses(parse: Any) -> None:
    words = [
        "networks.encoder=dense",
        "networks.encoder.layers=[8]",
        "conditions.label=uniform",
        "given.generator=[label]",
        "optimizers.encoder=descent",
        "optimizers.encoder.rate=0.25",
    ]
    data = parse(overrides=words).data
    assert data["networks"] == {"encoder": {"name": "dense", "layers": [8]}}
    assert data["conditions"] == {"label": {"name": "uniform"}}
    assert data["given"] == {"generator": ["label"]}
    assert data["optimizers"]["encoder"] == {"name": "descent", "rate": 0.25}


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        (
            "networks.encoder.layers=[8]",
            "networks.encoder.layers=[8]: networks.encoder: missing key 'name'; architectures: ",
        ),
        (
            "given.encoder=[label]",
            "given.encoder=[label]: given.encoder: no network is called 'encoder'; the networks are ",
        ),
        (
            "optimizers.generater=descent",
            "optimizers.generater=descent: optimizers.generater: no network is called "
            "'generater'; did you mean 'generator'?",
        ),
        ("training.steps=abc", "training.steps=abc: expected an integer, got the text 'abc'"),
        ("training.steps=0", "training.steps=0: expected at least 1, got 0"),
        (
            "training.stesp=5",
            "training.stesp=5: unknown key 'stesp' in training; did you mean 'steps'?",
        ),
        ("trainign.steps=5", "trainign.steps=5: unknown key 'trainign'; did you mean 'training'?"),
        ("steps=5", "steps=5: unknown key 'steps'; did you mean 'training.steps'?"),
        (
            "dataset=nose",
            "dataset=nose: dataset: 'nose' is not among the registered datasets; did you mean 'noise'?",
        ),
        (
            "dataset.sise=9",
            "dataset.sise=9: unknown parameter 'sise' of data set 'faces'; did you mean 'size'?",
        ),
        ("loss.margin=-1", "loss.margin=-1: expected more than 0, got -1"),
        (
            "loss={name: hinge, margin: x}",
            "loss={name: hinge, margin: x}: loss.margin: expected a number",
        ),
        (
            "penalties.2.weight=1",
            "penalties.2.weight=1: penalties is a list with indices 0 to 1; 2 is none of them",
        ),
        (
            "penalties.first=1",
            "penalties.first=1: penalties is a list with indices 0 to 1; 'first' is none",
        ),
        ("training.steps.x=1", "training.steps.x=1: training.steps is 10, not a section"),
        ("training", "training: an override is KEY=VALUE; such as training.steps=2000"),
        ("=3", "=3: an override is KEY=VALUE"),
        ("a..b=3", "a..b=3: an override is KEY=VALUE"),
        ("seed=[1", "seed=[1: not YAML"),
        ("seed=.nan", "seed=.nan: .nan is not a finite number"),
        ("seed=*a", "seed=*a: aliases (*a) are not allowed in recipes"),
        ("seed=!!int 3", "seed=!!int 3: tags"),
        (
            "loss={name: hinge, name: hinge}",
            "loss={name: hinge, name: hinge}: key 'name' appears twice",
        ),
        ("loss=", "loss=: loss: expected a name, or a mapping with a name, got nothing"),
    ],
)
def test_problems(problems: Any, override: str, problem: str) -> None:
    (line,) = problems(overrides=[override])
    assert line.startswith(f"command line: {problem}")


def test_another_name_keeps_the_old_parameters(problems: Any) -> None:
    lines = problems(overrides=["loss.name=hinge", "dataset.name=noise"])
    assert lines == [
        "r.yaml:1:24: unknown parameter 'id' of data set 'noise'; "
        "dataset=noise replaces the whole entry"
    ]


def test_problems_from_python(problems: Any) -> None:
    given = {"training.steps": float("inf"), "seed": -1, "loss": print, "": 1, 3: 4}
    assert problems(overrides=given) == [
        "command line: training.steps=inf: inf is not a finite number",
        "command line: loss=<built-in function print>: a recipe cannot hold a "
        "builtin_function_or_method",
        "command line: =1: a key is a dotted path, as text",
        "command line: 3=4: a key is a dotted path, as text",
        "command line: seed=-1: expected at least 0, got -1",
    ]


def test_the_files_problems_come_first(problems: Any, good: str) -> None:
    lines = problems(good.replace("steps: 10", "steps: ten"), ["seed=-1"])
    assert [line.split(":")[0] for line in lines] == ["r.yaml", "command line"]


def test_a_file_that_cannot_be_read_hides_no_override(problems: Any) -> None:
    lines = problems("a: [", ["seed=.nan"])
    assert len(lines) == 2
