# ruff: noqa: E501 (a table of messages)
"""Everything that a recipe says is checked at once, each problem at its exact place."""

from __future__ import annotations

from typing import Any

import pytest


def test_defaults_are_filled_in(parse: Any) -> None:
    data = parse().data
    assert data == {
        "name": "r",
        "seed": 1,
        "dataset": {
            "name": "faces",
            "id": "tfd",
            "size": 8,
            "preprocess": "unit",
            "offline": {"name": "noise"},
        },
        "streams": {},
        "latent": {"name": "cube"},
        "generator": {"name": "dense", "layers": []},
        "discriminator": {"name": "critic"},
        "networks": {},
        "start": {"missing": "refuse"},
        "given": {},
        "conditions": {},
        "encounter": {"name": "generated"},
        "loss": {"name": "hinge", "margin": 3.0},
        "penalties": [{"name": "zero", "weight": 2.0}, {"name": "zero", "weight": 1.0}],
        "augmentations": [],
        "updates": {"name": "turns"},
        "optimizers": {
            "generator": {"name": "descent", "rate": 0.1},
            "discriminator": {"name": "descent", "rate": 0.5},
        },
        "averaging": None,
        "training": {"steps": 10, "batch_size": 4},
        "distribution": {
            "strategy": "auto",
            "precision": "float32",
            "memory_budget": 4.0,
            "jit": "auto",
            "discriminator_calls": "auto",
            "rounds_per_call": 0,
            "determinism": False,
        },
        "checkpoints": {"every": 1000, "keep": 3, "best": None},
        "health": {
            "policy": "rollback",
            "rollbacks": 3,
            "learning_rate_factor": 0.5,
            "skips": 100,
        },
        "monitoring": {
            "log_every": 100,
            "image_every": 1000,
            "samples": 64,
            "tensorboard": True,
            "figures": True,
            "callbacks": [],
        },
        "evaluation": {"every": 0, "metrics": [], "weights": "auto"},
    }


def test_the_default_update_rule(parse: Any, good: str) -> None:
    recipe = parse(good.replace("updates: turns\n", ""))
    assert recipe.data["updates"] == {"name": "alternating"}
    assert recipe.component("updates")[0].name == "alternating"


def test_everything_at_once(changed: Any) -> None:
    assert changed(
        ("margin: 3", "margin: -3, marg: 4"),
        ("steps: 10", "stesp: 10"),
        ("weight: 2", "weight: '2'"),
        ("generator: dense", "generator: critic"),
        ("latent: cube", "latent: sphere"),
    ) == [
        "r.yaml:2:9: latent: 'sphere' is not among the registered priors; there are: cube; "
        "plugin 'ill' is quarantined (RuntimeError: no luck); see `advnets plugins list`",
        "r.yaml:3:12: generator: architecture 'critic' cannot play the generator, only the "
        "discriminator; for the generator there are: dense",
        "r.yaml:5:29: loss.margin: expected more than 0, got -3",
        "r.yaml:5:33: unknown parameter 'marg' of loss 'hinge'; did you mean 'margin'?",
        "r.yaml:6:34: penalties.0.weight: expected a number, got the text '2'; "
        "remove the quotes: 2",
        "r.yaml:11:1: missing key 'steps' in training (rounds: moves of the generator)",
        "r.yaml:11:12: unknown key 'stesp' in training; did you mean 'steps'?",
    ]


def test_missing_keys(problems: Any) -> None:
    assert problems("dataset: noise") == [
        "r.yaml:1:1: missing key 'latent' (the prior of z)",
        "r.yaml:1:1: missing key 'generator' (G)",
        "r.yaml:1:1: missing key 'discriminator' (D)",
        "r.yaml:1:1: missing key 'loss' (what each player minimises)",
        "r.yaml:1:1: missing key 'optimizers' (how each player moves along its gradient, and a network that has its own)",
        "r.yaml:1:1: missing key 'training' (how long, and how many examples at a time)",
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("10", "10.0", "11:19: training.steps: expected an integer, got 10.0; write 10"),
        ("10", "1_000", "11:19: training.steps: expected an integer, got the text '1_000'; write 1000"),
        ("10", "true", "11:19: training.steps: expected an integer, got true"),
        ("10", "[10]", "11:19: training.steps: expected an integer, got a list of 1 entry"),
        ("10", "", "11:12: training.steps: expected an integer, got nothing; remove the key"),
        ("batch_size: 4", "batch_size: 0", "11:35: training.batch_size: expected at least 1, got 0"),
        ("latent: cube", "latent: 3", "2:9: latent: expected a name, or a mapping with a name, got 3"),
        ("latent: cube", "latent: {}", "2:1: latent: missing key 'name'; priors: cube"),
        ("latent: cube", "latent: {name:cube}", "2:1: latent: missing key 'name'; YAML needs a blank after the colon: {name: NAME, KEY: VALUE}"),
        ("latent: cube", "latent: {name: 3}", "2:16: latent.name: expected text, got 3"),
        ("latent: cube", "latent: {name: cube, x: 1}", "2:22: unknown parameter 'x' of prior 'cube'; prior 'cube' has no parameters"),
        ("margin: 3", "margin: 13", "5:7: loss: 13 is an unlucky margin"),
        ("margin: 3", "margin: 14", "5:7: the parameter schema of 'hinge' fails: TypeError: oops; that is a bug in toys (toys 1.0)"),
        ("id: tfd, ", "", "1:1: missing parameter 'id' of data set 'faces' (its name)"),
        ("id: tfd", "id: tfd, preprocess: untt", "1:45: dataset.preprocess: expected 'none', 'unit' or 'symmetric' or a mapping, got the text 'untt'; did you mean 'unit'?"),
        ("id: tfd", "id: tfd, preprocess: {gcn: 0}", "1:51: dataset.preprocess.gcn: expected more than 0, got 0"),
        ("generator: dense", "generator: {name: dense, layers: [3, {units: 0}]}", "3:46: generator.layers.1.units: expected at least 1, got 0"),
        ("offline: noise", "offline: nose", "1:42: dataset.offline: 'nose' is not among the registered datasets; did you mean 'noise'?"),
        ("offline: noise", "offline: {name: faces}", "1:33: missing parameter 'id' of data set 'faces'"),
        ("offline: noise", "offline: {name: noise, offline: noise}", "1:56: a stand-in has no stand-in of its own"),
        ("[{name: zero, weight: 2}, zero]", "zero", "6:12: penalties: expected a list, got the text 'zero'; put it in brackets"),
        (", zero]", ", zeroo]", "6:38: penalties.1: 'zeroo' is not among the registered penalties; did you mean 'zero'?"),
        ("updates: turns", "name: A b", "7:7: name: expected lower-case letters, digits, _ and -"),
        ("updates: turns", "distribution: {jit: true}", "7:21: distribution.jit: expected 'auto', 'on' or 'off', got true"),
        ("updates: turns", "distribution: {precision: float16}", "7:27: distribution.precision: expected 'float32', 'mixed_bfloat16' or 'mixed_float16', got the text 'float16'; did you mean 'mixed_float16'?"),
        ("updates: turns", "monitoring: {tensorboard: yes}", "7:27: monitoring.tensorboard: expected true or false, got the text 'yes'; write true"),
        ("updates: turns", "evaluation:", "7:1: evaluation: expected a mapping, got nothing; remove the key"),
        ("updates: turns", "evaluation: {metrics: [fid]}", "7:24: evaluation.metrics.0: 'fid' is not among the registered metrics; there are: gap, score"),
        ("updates: turns", "seed: 2147483648", "7:7: seed: expected at most 2147483647, got 2147483648"),
        ("updates: turns", "batch_size: 3", "7:1: unknown key 'batch_size'; did you mean 'training.batch_size'?"),
        ("updates: turns", "colour: red", "7:1: unknown key 'colour'; the keys are name, seed, dataset"),
    ],
)  # fmt: skip
def test_problems(changed: Any, old: str, new: str, problem: str) -> None:
    (line,) = changed((old, new))
    assert line.startswith(f"r.yaml:{problem}")


NAMED = (
    "updates: turns",
    """networks: {encoder: {name: dense, layers: [3]}, teacher: dense}
given: {generator: [label, code], encoder: [label]}
conditions: {code: {name: categorical, classes: 10}, label: uniform}""",
)
"""Networks, and what they are told, in lines 7 to 9."""


def test_names_that_the_recipe_chooses(parse: Any, good: str) -> None:
    recipe = parse(good.replace(*NAMED).replace("0.5}", "0.5}\n  encoder: descent"))
    assert recipe.data["networks"] == {
        "encoder": {"name": "dense", "layers": [3]},
        "teacher": {"name": "dense", "layers": []},
    }
    assert recipe.settings.given == {"generator": ["label", "code"], "encoder": ["label"]}
    assert recipe.settings.conditions["label"] == {"name": "uniform"}
    assert recipe.component("conditions.code")[1] == {"classes": 10}
    assert recipe.component("networks.encoder")[1] == {"layers": (3,)}
    assert recipe.component("optimizers.encoder")[1] == {"rate": 0.1}
    assert recipe.component("encounter")[0].name == "generated"
    assert recipe.settings.optimizers.encoder == {"name": "descent", "rate": 0.1}
    assert {path for path, _, _ in recipe.walk()} >= {
        "networks.encoder", "networks.teacher", "conditions.code", "conditions.label",
        "optimizers.encoder", "optimizers.generator", "encounter",
    }  # fmt: skip
    assert parse(recipe.to_yaml()).data == recipe.data


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("teacher: dense", "generator: dense", "7:49: networks.generator: the generator is no further network; say at the top of the recipe, under 'generator', what it is"),
        ("teacher: dense", "Teacher: dense", "7:49: networks.Teacher: a name there is lower-case letters, digits and _, a letter first, got 'Teacher'"),
        ("teacher: dense", "teacher: dens", "7:58: networks.teacher: 'dens' is not among the registered architectures; did you mean 'dense'?"),
        ("teacher: dense", "teacher: {name: dense, units: 3}", "7:72: unknown parameter 'units' of architecture 'dense'"),
        ("layers: [3]", "layers: [{units: 0}]", "7:52: networks.encoder.layers.0.units: expected at least 1, got 0"),
        ("encoder: [label]", "encodr: [label]", "8:35: given.encodr: no network is called 'encodr'; did you mean 'encoder'?"),
        ("encoder: [label]", "q: [label]", "8:35: given.q: no network is called 'q'; the networks are generator, discriminator, encoder, teacher"),
        ("encoder: [label]", "encoder: label", "8:44: given.encoder: expected a list, got the text 'label'; put it in brackets: [...]"),
        ("encoder: [label]", "encoder: [a b]", "8:45: given.encoder.0: expected lower-case letters, digits and _, a letter first, got the text 'a b'"),
        ("label: uniform", "teacher: uniform", "9:54: conditions.teacher: a network is called 'teacher'; rename one of the two"),
        ("label: uniform", "discriminator: uniform", "9:54: conditions.discriminator: a network is called 'discriminator'"),
        ("label: uniform", "label: unifrom", "9:61: conditions.label: 'unifrom' is not among the registered conditions; did you mean 'uniform'?"),
        ("label: uniform", "label: null", "9:61: conditions.label: expected a name, or a mapping with a name, got nothing"),
        (", classes: 10", "", "9:14: missing parameter 'classes' of condition 'categorical'"),
        ("latent: cube", "latent: cube\nencounter: packd", "3:12: encounter: 'packd' is not among the registered encounters; did you mean 'packed'?"),
        ("rate: 0.5}", "rate: 0.5}\n  encodr: descent", "13:3: optimizers.encodr: no network is called 'encodr'; did you mean 'encoder'?"),
        ("rate: 0.5}", "rate: 0.5}\n  encoder: {name: descent, rate: 0}", "13:34: optimizers.encoder.rate: expected more than 0, got 0"),
    ],
)  # fmt: skip
def test_problems_with_names(problems: Any, good: str, old: str, new: str, problem: str) -> None:
    text = good.replace(*NAMED)
    assert text.count(old) == 1
    (line,) = problems(text.replace(old, new))
    assert line.startswith(f"r.yaml:{problem}")


def test_sections_of_names_are_mappings(problems: Any, good: str) -> None:
    assert problems(good.replace("updates: turns", "networks: dense\ngiven: [label]"))[:2] == [
        "r.yaml:7:11: networks: expected a mapping, got the text 'dense'",
        "r.yaml:8:8: given: expected a mapping, got a list of 1 entry",
    ]


def test_a_misspelt_key_of_a_nested_parameter(changed: Any) -> None:
    assert changed(("id: tfd", "id: tfd, preprocess: {gnc: 1}")) == [
        "r.yaml:1:33: missing parameter 'gcn' in dataset.preprocess of data set 'faces'",
        "r.yaml:1:46: unknown parameter 'gnc' in dataset.preprocess of data set 'faces'; did you mean 'gcn'?",
    ]


def test_problems_of_the_text_and_of_the_meaning_together(changed: Any) -> None:
    lines = changed(("latent: cube", "latent: &c cube"), ("margin: 3", "margin: x"))
    assert [line.split(": ")[0] for line in lines] == ["r.yaml:2:9", "r.yaml:5:29"]


def test_a_value_that_could_not_be_read_is_reported_once(changed: Any) -> None:
    (line,) = changed(("steps: 10", "steps: .nan"))
    assert line == "r.yaml:11:19: .nan is not a finite number"


@pytest.mark.parametrize("text", ["", "# nothing", "---\n"])
def test_an_empty_recipe(problems: Any, text: str) -> None:
    (line,) = problems(text)
    assert "the recipe is empty" in line


@pytest.mark.parametrize(("text", "got"), [("- a", "a list of 1 entry"), ("a", "the text 'a'")])
def test_what_is_no_mapping(problems: Any, text: str, got: str) -> None:
    assert problems(text) == [f"r.yaml:1:1: a recipe is a mapping of keys, not {got}"]


def test_a_flood_of_problems_is_cut(problems: Any) -> None:
    lines = problems("\n".join(f"key{i}: 1" for i in range(1000)))
    assert len(lines) == 201
    assert lines[-1] == "r.yaml: and more"


@pytest.mark.parametrize(
    ("metric", "problem"),
    [
        (
            "{name: gap, features: edgs}",
            "7:46: evaluation.metrics.0.features: 'edgs' is not among the registered features; did you mean 'edges'?; plugin 'ill' is quarantined (RuntimeError: no luck); see `advnets plugins list`",
        ),
        (
            "{name: gap, features: {name: edges, width: 0}}",
            "7:67: evaluation.metrics.0.features.width: expected at least 1, got 0",
        ),
        (
            "{name: gap, features: {width: 2}}",
            "7:36: evaluation.metrics.0.features: missing key 'name'; features: edges",
        ),
        (
            "{name: gap, features: {name: edges, dataset: {name: faces, id: 3}}}",
            "7:87: evaluation.metrics.0.features.dataset.id: expected text, got 3",
        ),
        (
            "{name: gap, features: 3}",
            "7:46: evaluation.metrics.0.features: expected text or a mapping, got 3",
        ),
    ],
)
def test_components_that_parameters_name_are_checked(
    changed: Any, metric: str, problem: str
) -> None:
    (found,) = changed(("updates: turns", f"evaluation: {{metrics: [{metric}]}}"))
    assert found.partition(":")[2] == problem


def test_components_that_parameters_name_may_be_left_out(parse: Any) -> None:
    for features in ("null", "edges", "{name: edges, dataset: noise}"):
        recipe = parse(overrides=[f"evaluation={{metrics: [{{name: gap, features: {features}}}]}}"])
        assert recipe.data["evaluation"]["metrics"][0]["name"] == "gap"
