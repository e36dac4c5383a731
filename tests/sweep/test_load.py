"""A sweep's file: what is wrong with it is told at its place, all of it at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from advnets.errors import RecipeError, UsageError
from advnets.plugins.registry import Registry
from advnets.sweep import Sweep, load_sweep

Make = Callable[..., Sweep]


def problems(
    write: Callable[..., Path], registry: Registry, *changes: tuple[str, str]
) -> list[str]:
    with pytest.raises(RecipeError) as error:
        load_sweep(write(*changes), registry)
    assert error.value.thing == "sweep"
    return [str(problem) for problem in error.value.problems]


def test_what_the_file_says(make: Make) -> None:
    sweep = make()
    assert (sweep.name, sweep.trials, sweep.seeds, sweep.maximize) == ("toy", 6, [1], True)
    assert sweep.recipe.data["training"]["steps"] == 50
    size, rate = sweep.space
    assert size.values == [10, 20, 30]
    assert rate.keys == ("optimizers.generator.learning_rate",)
    recipe = sweep.recipe_of({"training.batch_size": 20, "rate": 0.01}, seed=7)
    assert recipe.seed == 7
    assert recipe.data["training"]["batch_size"] == 20
    assert recipe.data["optimizers"]["generator"]["learning_rate"] == 0.01


def test_all_problems_of_the_file_at_once(write: Callable[..., Path], registry: Registry) -> None:
    found = problems(
        write,
        registry,
        ("trials: 6", "trials: 0\ntrails: 5"),
        ("[10, 20, 30]", "{integers: [5, 2]}"),
        ("log_uniform: [1.0e-4, 1.0e-1]", "log_uniform: [1.0e-4, 1.0e-1], uniform: [0, 1]"),
        ("objective: {metric: parzen}", "objective: {metric: parzen, mode: most}"),
    )
    lines = [line.partition("toy.yaml:")[2] for line in found]
    assert [line.partition(":")[0] for line in lines] == ["8", "9", "10", "12", "13"]
    assert "integers goes from low to high, not from 5 to 2" in found[0]
    assert "give one of choices, uniform, log_uniform, integers, not" in found[1]
    assert "expected 'max' or 'min'" in found[2]
    assert "expected at least 1, got 0" in found[3]
    assert "unknown parameter 'trails'" in found[4]
    assert "did you mean 'trials'?" in found[4]


def test_values_are_tried_in_the_recipe(write: Callable[..., Path], registry: Registry) -> None:
    found = problems(
        write,
        registry,
        ("[10, 20, 30]", "[10, ten, 0]"),
        ("[1.0e-4, 1.0e-1]", "[1.0e-4, 1.0e+9]"),
        ("generator.learning_rate", "generator.learning_rat"),
    )
    assert len(found) == 4
    assert "toy.yaml:8:29: training.batch_size: " in found[0]
    assert "expected an integer, got the text 'ten'" in found[0]
    assert "toy.yaml:8:34:" in found[1]
    assert "unknown parameter 'learning_rat'" in found[2]
    assert "toy.yaml:9:" in found[2]


def test_overrides_are_told_at_their_place(write: Callable[..., Path], registry: Registry) -> None:
    (found,) = problems(write, registry, ("training.steps: 50", "training.stesp: 50"))
    assert "toy.yaml:5:" in found
    assert "did you mean 'steps'?" in found


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("gaussian_1d", "gausian"), "there is no recipe 'gausian'"),
        (("metrics: [{name: parzen, samples: 50, validation: 50}]", "metrics: []"), "no metrics"),
        (("sampler: random", "sampler: grid"), "a grid has choices or integers, and no range"),
        (("trials: 6\n", ""), "missing key 'trials'"),
        (("training.batch_size: [10", "seed: [10"), "'seed' is no parameter; name seeds"),
        (("[optimizers.generator.learning_rate]", "[training.steps]"), "among the overrides"),
        (("[optimizers.generator.learning_rate]", "[training.batch_size]"), "by several"),
        (("[10, 20, 30]", "[10, 20, 10]"), "10 appears 2 times"),
        (("recipe: gaussian_1d", "recipe: &x gaussian_1d"), "anchors (&x) are not allowed"),
        (("sampler: random", "sampler: {name: rondom}"), "rondom"),
        (("metrics: [{name", "metrics: [{name: parzen}, {name"), "'parzen' in several ways"),
    ],
)
def test_one_thing_wrong(
    write: Callable[..., Path],
    registry: Registry,
    change: tuple[str, str],
    told: str,
) -> None:
    assert told in "\n".join(problems(write, registry, change))


def test_pruning_needs_scores_on_the_way(write: Callable[..., Path], registry: Registry) -> None:
    changes = ("every: 10,", "every: 50,"), ("trials: 6", "trials: 6\npruning: median")
    assert "there is nothing to prune by" in problems(write, registry, *changes)[0]
    changes = ("every: 10,", "every: 0,"), ("trials: 6", "trials: 6\npruning: median")
    assert "there is nothing to prune by" in problems(write, registry, *changes)[0]


def test_combinations_of_a_small_grid_are_tried(
    write: Callable[..., Path], registry: Registry
) -> None:
    grid = """\
  latent: [{name: uniform, size: 1}, {name: gaussian, size: 1}]
  latent.low: [-1.0]
"""
    found = problems(
        write,
        registry,
        ("  training.batch_size: [10, 20, 30]\n", grid),
        ("sampler: random\ntrials: 6", "sampler: grid"),
        (
            "rate: {log_uniform: [1.0e-4, 1.0e-1], keys: [optimizers.generator.learning_rate]}",
            "seedless: {choices: [1], keys: [training.batch_size]}",
        ),
    )
    assert any("low" in line for line in found)


def test_no_file_or_not_a_mapping(tmp_path: Path, registry: Registry) -> None:
    with pytest.raises(UsageError, match="neither a file nor the name of a shipped sweep"):
        load_sweep("ebgan_margin", registry)
    with pytest.raises(UsageError, match="is no file"):
        load_sweep(tmp_path, registry)
    for text in ("", "[1]", "x"):
        (tmp_path / "x.yaml").write_text(text)
        with pytest.raises(RecipeError, match="a sweep is a mapping"):
            load_sweep(tmp_path / "x.yaml", registry)


def test_the_identity_is_that_of_the_trials(make: Make) -> None:
    own = make().identity()
    assert make(("trials: 6", "trials: 60")).identity() == own
    assert make(("name: toy", "name: other")).identity() == own
    for change in (
        ("[10, 20, 30]", "[10, 20]"),
        ("training.steps: 50", "training.steps: 40"),
        ("trials: 6", "trials: 6\nseeds: [1, 2]"),
        ("sampler: random", "sampler: random\nsampler_seed: 1"),
        ("objective: {metric: parzen}", "objective: {metric: parzen, at: best}"),
        ("samples: 50", "samples: 60"),
    ):
        assert make(change).identity() != own, change


def test_words_of_the_command_line(write: Callable[..., Path], registry: Registry) -> None:
    sweep = load_sweep(write(), registry, ["training.steps=70", "latent.size=2"])
    assert sweep.recipe.data["training"]["steps"] == 70
    assert sweep.identity() != load_sweep(write(), registry).identity()
    for word, told in (
        ("training.batch_size=5", "it is of the parameter 'training.batch_size'"),
        ("optimizers.generator={name: sgd}", "it is of the parameter 'rate'"),
        ("seed=3", "name seeds under `seeds`"),
        ("training.stesp=3", "did you mean 'steps'?"),
    ):
        with pytest.raises(RecipeError) as error:
            load_sweep(write(), registry, [word])
        assert told in str(error.value)


def test_what_has_no_end_is_refused(write: Callable[..., Path], registry: Registry) -> None:
    huge = ("[10, 20, 30]", "{integers: [0, 4611686018427387904]}")
    rate = "rate: {log_uniform: [1.0e-4, 1.0e-1], keys: [optimizers.generator.learning_rate]}"
    (found,) = problems(
        write, registry, huge, ("sampler: random", "sampler: grid"), (rate, "latent.size: [1]")
    )
    assert "the grid has 4,611,686,018,427,387,905 combinations; 1,000,000 are the most" in found
    many = "".join(f"  p{i}: {{choices: {list(range(1000))}, keys: [k{i}]}}\n" for i in range(3))
    (found,) = problems(write, registry, ("  training.batch_size: [10, 20, 30]\n", many))
    assert "the space lists 3,002 values; 2,000 are the most" in found
