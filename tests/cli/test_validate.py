"""``advnets validate``: all problems of all recipes, as file:line:col: message."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advnets.cli.main import cli

ROOT = Path(__file__).parents[2]
RECIPES = sorted(ROOT.glob("recipes/*.yaml"))
GOOD = """\
dataset: gaussian_1d
latent: {name: gaussian, size: 2}
generator: mlp
discriminator: mlp
loss: minimax
optimizers: {generator: sgd, discriminator: sgd}
training: {steps: 10, batch_size: 4}
"""
PLUGIN = """
from pydantic import Field
from advnets import Component, Parameters, hookimpl

class Hinge(Parameters):
    margin: float = Field(1.0, gt=0)

@hookimpl
def advnets_losses():
    return [Component("hinge_of_a_plugin", "module_never_imported:Hinge", "hinge", Hinge)]
"""
TERMS = """
from advnets import Component, hookimpl

@hookimpl
def advnets_losses():
    return [Component("energetic", "not_imported:E", "E(x)", requires=("energy",))]

@hookimpl
def advnets_penalties():
    return [
        Component("match", "not_imported:M", "features", requires=("features",), networks=()),
        Component("classify", "not_imported:C", "Q(c | x)", networks=("q",)),
        Component("silent", "not_imported:S", "says nothing of itself"),
        Component("labelling", "not_imported:L", "of a few", networks=(), streams=("labelled",)),
    ]

@hookimpl
def advnets_encounters():
    return [Component("inferring", "not_imported:I", "x, E(x)", networks=("encoder",))]
"""


@pytest.fixture(scope="module")
def terms(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A plugin whose components say what they need; it stays the same file for the process."""
    file = tmp_path_factory.mktemp("plugin") / "terms_of_validate.py"
    file.write_text(TERMS)
    return str(file)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def validate(*words: str) -> Result:
    return CliRunner().invoke(cli, ["validate", *words])


@pytest.mark.parametrize("file", RECIPES, ids=lambda file: file.stem)
def test_shipped_recipes(file: Path) -> None:
    for word in (str(file), file.stem):
        result = validate(word)
        if "path: tfd.npz" in file.read_text():  # of data that nobody may hand on
            assert result.stderr.startswith("error: there is no file tfd.npz\n")
        else:
            assert result.exit_code == 0, result.output


def test_a_good_recipe(here: Path) -> None:
    (here / "good.yaml").write_text(GOOD)
    result = validate("good.yaml")
    assert result.exit_code == 0
    assert result.stdout.startswith("good.yaml: ok (good-")
    assert result.stderr == ""


def test_all_problems(here: Path) -> None:
    (here / "bad.yaml").write_text(GOOD.replace("size: 2", "size: 0").replace("loss:", "los:"))
    result = validate("bad.yaml")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "bad.yaml:1:1: missing key 'loss' (what each player minimises)",
        "bad.yaml:2:32: latent.size: expected at least 1, got 0",
        "bad.yaml:5:1: unknown key 'los'; did you mean 'loss'?",
        "error: 3 problems in the recipe",
    ]


def test_names_that_a_recipe_chooses(here: Path) -> None:
    (here / "good.yaml").write_text(GOOD)
    result = validate(
        "good.yaml", "networks={index: mlp, d: mlp, spare: mlp}", "conditions={latent: uniform}"
    )
    assert result.exit_code == 2
    for name, why in {
        "networks.index": "the name 'index' is taken",
        "networks.d": "the name 'd' is taken",
        "networks.spare": "nothing calls it: the encounter is 'generated'",
        "conditions.latent": "the name 'latent' is taken",
    }.items():
        assert f"{name}: {why}" in result.stderr


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, None),
        ({"generator.output.activation": "tanh"}, "tanh, in [-1, 1], and .* in [0, 1]: half of"),
        (
            {"generator.output.activation": "sigmoid", "dataset.preprocess": "symmetric"},
            "sigmoid, in [0, 1], and .* in [-1, 1]: some cannot be made; tanh fits",
        ),
        ({"generator.output.activation": "tanh", "dataset.preprocess": "symmetric"}, None),
        (
            {"generator.output.activation": "tanh", "dataset.preprocess": "{gcn: 55}"},
            "tanh, in [-1, 1], and .* lie in [-",
        ),
        ({"generator.output.activation": "tanh", "dataset.preprocess": "{gcn: 1}"}, None),
        (
            {"generator.output.activation": "sigmoid", "dataset.preprocess": "{gcn: 1}"},
            "sigmoid, in [0, 1], and .*: some cannot be made; linear fits",
        ),
        ({"generator": "dcgan"}, "ends in tanh, in [-1, 1], and .* in [0, 1]"),
        ({"dataset": "ring", "generator": "{name: mlp, output: {activation: relu}}"}, "[0, ∞)"),
    ],
)
def test_a_generator_that_does_not_reach_the_data(here: Path, given, says) -> None:
    """Where the data declare no range, some are looked at."""
    (here / "good.yaml").write_text(GOOD.replace("gaussian_1d", "digits"))
    result = validate("good.yaml", *(f"{key}={value}" for key, value in given.items()))
    assert result.exit_code == 0, result.output
    if says is None:
        assert "does not fit" not in result.output
    else:
        assert re.search(re.sub(r"([\[\]()])", r"\\\1", says), result.output), result.output


@pytest.mark.parametrize(
    ("overrides", "place", "says"),
    [
        (["latent=none"], "latent", "the generator takes nothing: there is no latent"),
        (["latent=none", "dataset=digits", "given={discriminator: [index]}"], "latent", "nothing"),
        (["networks={spare: mlp}", "penalties=[r1]"], "networks.spare", "and no penalty does"),
        (["networks={spare: mlp}"], "networks.spare", "nothing calls it: the encounter is 'gen"),
        (
            ["penalties=[match]"],
            "penalties.0",
            "'match' reads features .* 'mlp' says logits; .*true",
        ),
        (["penalties=[r1, match]"], "penalties.1", "'match' reads features"),
        (["loss=energetic"], "loss", "'energetic' reads energy .* 'mlp' says logits"),
        (["encounter=inferring"], "encounter", "calls a network 'encoder', and there is none"),
        (
            ["encounter=inferring", "networks={encoder: mlp, spare: mlp}"],
            "networks.spare",
            "nothing calls it: the encounter is 'inferring'",
        ),
        (["penalties=[classify]"], "penalties.0", "calls a network 'q', and there is none"),
    ],
)
def test_what_run_would_refuse_is_refused(here: Path, terms, overrides, place, says) -> None:
    """As far as components declare it; without TensorFlow."""
    (here / "good.yaml").write_text(GOOD)
    result = validate("good.yaml", *overrides, "--plugin", terms)
    assert result.exit_code == 2, result.output
    first, *more = result.stderr.splitlines()
    assert re.search(rf"{re.escape(place)}: .*{says}", first), first
    assert more == ["error: 1 problem in the recipe"]


@pytest.mark.parametrize(
    "overrides",
    [
        ["discriminator={name: mlp, features: true}", "penalties=[match, r1]"],
        ["discriminator={name: mlp, heads: {energy_like: 3}}"],
        ["encounter=inferring", "networks={encoder: mlp}"],
        ["penalties=[silent]", "networks={anything: mlp}"],
        ["penalties=[classify]", "networks={q: mlp}"],
        ["latent=none", "dataset=digits", "given={generator: [label]}"],
    ],
)
def test_what_goes_together_or_is_not_known_passes(here: Path, terms, overrides) -> None:
    (here / "good.yaml").write_text(GOOD)
    result = validate("good.yaml", *overrides, "--plugin", terms)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["conditions={label:", "uniform}"], "conditions={label: uniform}"),
        (["penalties=[r1,", "r1]"], "penalties=[r1, r1]"),
        (["given={generator:", "[label],", "discriminator:", "[label]}"], "given={generator: [lab"),
        (["given=generator:[label]", "given=discriminator:[label]"], "given={generator: [label], "),
    ],
)
def test_a_value_that_the_shell_took_apart_is_one_error(here: Path, words, meant) -> None:
    (here / "good.yaml").write_text(GOOD)
    result = validate("good.yaml", *words)
    assert result.exit_code == 2
    assert "the shell takes what is not quoted apart" in result.stderr
    assert f"hint: quote it: '{meant}" in result.stderr
    assert result.stderr.count("error:") == 1
    assert len(result.stderr.splitlines()) == 2


def test_several_recipes(here: Path) -> None:
    (here / "good.yaml").write_text(GOOD)
    (here / "bad.yaml").write_text("a: [")
    result = validate("bad.yaml", "good.yaml", "gone.yaml")
    assert result.exit_code == 2
    assert "bad.yaml:1:5: not YAML" in result.stderr
    assert "error: there is no file gone.yaml" in result.stderr
    assert "good.yaml: ok" in result.stdout


def test_overrides(here: Path) -> None:
    (here / "good.yaml").write_text(GOOD)
    assert validate("good.yaml", "dataset=digits", "training.steps=3").exit_code == 0
    result = validate("good.yaml", "training.steps=3.5", "loss=minimaks")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[:2] == [
        "command line: training.steps=3.5: expected an integer, got 3.5",
        "command line: loss=minimaks: loss: 'minimaks' is not among the registered losses; "
        "did you mean 'minimax'?",
    ]


def test_a_file_whose_name_looks_like_an_override(here: Path) -> None:
    (here / "sigma=1.yaml").write_text(GOOD)
    assert validate("sigma=1.yaml").exit_code == 0


def test_only_overrides() -> None:
    result = validate("training.steps=3")
    assert result.exit_code == 2
    assert "no recipe given" in result.stderr


def test_components_of_plugins(here: Path) -> None:
    """The parameters of a plugin's component are checked without importing its target."""
    (here / "plugin_of_validate.py").write_text(PLUGIN)
    loss = "{name: hinge_of_a_plugin, margin: -1}"
    (here / "mine.yaml").write_text(GOOD.replace("loss: minimax", f"loss: {loss}"))
    result = validate("mine.yaml", "--plugin", "plugin_of_validate.py")
    assert result.exit_code == 2
    assert "mine.yaml:5:41: loss.margin: expected more than 0, got -1" in result.stderr
    result = validate("mine.yaml", "loss.margin=2", "--plugin", "plugin_of_validate.py")
    assert result.exit_code == 0
    result = validate("mine.yaml")
    assert "'hinge_of_a_plugin' is not among the registered losses" in result.stderr


def test_a_recipe_that_needs_a_quarantined_plugin(here: Path) -> None:
    (here / "plugin_that_breaks.py").write_text("raise RuntimeError('no luck')")
    (here / "mine.yaml").write_text(GOOD.replace("minimax", "hinge_of_a_plugin"))
    result = validate("mine.yaml", "--plugin", "plugin_that_breaks.py")
    assert result.exit_code == 2
    place = here / "plugin_that_breaks.py"
    assert (
        f"plugin 'plugin_that_breaks' is quarantined (RuntimeError: no luck ({place}:1)); "
        "see `advnets plugins list`" in result.stderr
    )
    assert "Traceback" not in result.output


def test_a_shipped_recipe_in_place_of_its_path(here: Path) -> None:
    result = validate("recipes/goodfellow2014.yaml")
    assert result.exit_code == 2
    assert "give its name alone, goodfellow2014" in result.stderr


FEW = "{take: {examples: 24, balanced: label}, batch_size: 10}"


def test_streams_are_described(terms: str) -> None:
    words = ["ring", f"streams.labelled={FEW}", "penalties=[labelling]", "--plugin", terms]
    result = validate(*words)
    assert result.exit_code == 0, result.output
    assert "stream labelled: 24 of ring: vectors of 2, float32" in result.output
    assert "stream labelled: train: 24 examples (class 0: 3, 1: 3" in result.output


def test_their_data_are_looked_at(terms: str) -> None:
    words = ["ring", f"streams.labelled={FEW}", "penalties=[labelling]", "--plugin", terms]
    result = CliRunner().invoke(cli, ["data", "look", *words])
    assert result.exit_code == 0, result.output
    assert "stream labelled: train: 24 examples (class 0: 3, 1: 3" in result.output


def test_a_stream_of_its_own_data_is_described(terms: str) -> None:
    own = "{dataset: {name: grid, examples: 300}, batch_size: 10}"
    result = validate("ring", f"streams.labelled={own}", "penalties=[labelling]", "--plugin", terms)
    assert result.exit_code == 0, result.output
    assert "stream labelled: grid: vectors of 2" in result.output
    assert "stream labelled: train: 300 examples" in result.output


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ([], "penalties.0: 'labelling' reads a stream 'labelled', and there is none"),
        ([f"streams.labelled={FEW}", "penalties=[]"], "streams.labelled: nothing reads it"),
        ([f"streams.others={FEW}"], "streams.others: nothing reads it"),
        ([f"streams.label={FEW}", "penalties=[silent]"], "ring has a field called 'label'"),
        (["streams.labelled.batch_size=1000000"], "the stream 'labelled' has"),
        (
            ["streams.labelled={take: {examples: 24, balanced: label}, batch_size: 30}"],
            "the stream 'labelled' has 24 examples for training, fewer than one batch of 30",
        ),
        (["streams.labelled.take={examples: 19, balanced: label}"], "cannot be equally many"),
        (["streams.labelled.take={examples: 20, balanced: size}"], "no field 'size'"),
        (["streams.labelled.take={examples: 9999999}"], "are to be taken of the"),
        (["streams.labelled.take={examples: 0}"], "expected at least 1, got 0"),
        (["streams.labelled={dataset: {name: npz, path: no.npz}}"], "there is no file no.npz"),
        (["streams.labelled.dataset=gird"], "streams.labelled.dataset: "),
    ],
)
def test_what_is_wrong_with_streams(overrides: list[str], said: str, terms: str) -> None:
    result = validate("ring", "penalties=[labelling]", *overrides, "--plugin", terms)
    assert result.exit_code == 2, result.output
    assert said in result.output


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("loss={name: weighted, loss: began}", "Weighted needs energy from the discriminator"),
        ("loss={name: weighted, loss: feature_matching}", "Weighted needs features"),
        ("penalties=[{name: r1, gamma: 0.1}]", "ok"),
    ],
)
def test_what_only_a_round_can_tell_is_told_by_playing_one(
    changed: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written; without --play all of them are said to be ok."""
    monkeypatch.chdir(tmp_path)
    small = ["dataset=ring", "latent.size=2", "generator={name: mlp, layers: [4]}"]
    small += [
        "discriminator={name: mlp, layers: [4]}",
        "training.batch_size=4",
        "evaluation.metrics=[]",
    ]
    words = ["validate", "digits", *small, changed]
    assert CliRunner().invoke(cli, words).exit_code == 0
    result = CliRunner().invoke(cli, [*words, "--play"])
    assert said in result.output
    assert (result.exit_code == 0) == (said == "ok")
    assert not any(tmp_path.iterdir())
    if said != "ok":
        assert "leave the penalty out" in result.output or "another loss" in result.output


def test_a_default_that_its_own_schema_refuses_is_no_value(tmp_path: Path) -> None:
    """It was played in silence; another value is taken."""
    file = tmp_path / "beyond_its_bounds.py"
    file.write_text(PLUGIN.replace("Field(1.0, gt=0)", "Field(-1.0, gt=0)"), encoding="utf-8")
    words = ["validate", "digits", "--plugin", str(file)]
    result = CliRunner().invoke(cli, [*words, "loss=hinge_of_a_plugin"])
    assert result.exit_code == 2
    assert "the default of 'margin' of loss 'hinge_of_a_plugin', -1.0, is refused" in result.output
    assert "say another, loss.margin=VALUE" in result.output
    other = "loss={name: hinge_of_a_plugin, margin: 2.0}"
    assert CliRunner().invoke(cli, [*words, other]).exit_code == 0


@pytest.mark.parametrize(
    ("heads", "hint"),
    [
        ("{}", "discriminator.heads: {class_logits: …}"),
        ("{class_logit: 10}", "did you mean 'class_logit'?"),
    ],
)
def test_a_head_that_a_parameter_names_is_looked_for(heads: str, hint: str) -> None:
    words = ["validate", "digits", "penalties=[auxiliary]", f"discriminator.heads={heads}"]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 2
    assert "penalties.0: 'auxiliary' reads class_logits of the discriminator" in result.output
    assert hint in result.output
    named = "penalties=[{name: auxiliary, head: class_logit}]"
    other = ["validate", "digits", named, "discriminator.heads={class_logit: 10}"]
    assert CliRunner().invoke(cli, other).exit_code == 0
