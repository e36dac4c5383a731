"""Optuna's part: the same trials, however often it is told of them anew."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from advnets.sweep import Sweep, Trial

pytest.importorskip("optuna")

from advnets.sweep.study import Study

Make = Callable[..., Sweep]
SAMPLERS = {
    "random": ("sampler: random", "sampler: random"),
    "tpe": ("sampler: random", "sampler: {name: tpe, startup_trials: 3}"),
}


def scores(trial: Trial) -> dict[int, float]:
    """What a run with these values would score, by step."""
    rate, size = trial.params["rate"], trial.params["training.batch_size"]
    best = -abs(math.log10(rate) + 3) - abs(size - 20) / 10
    return {step: best * (1 + 10 / step) for step in (10, 20, 30, 40, 50)}


def play(study: Study, trial: Trial) -> None:
    """Tell the study of a trial's scores, and end it."""
    for step, value in scores(trial).items():
        if step in trial.steps or step == 50:
            continue
        goes_on = study.judge(trial, step, value)
        trial.steps[step] = value
        if not goes_on:
            trial.state, trial.value = "pruned", value
            break
    else:
        trial.state, trial.value = "complete", scores(trial)[50]
    study.end(trial)


def all_trials(sweep: Sweep, anew_after: tuple[int, ...] = ()) -> list[dict[str, Any]]:
    """Play all trials, in a study that is made anew after some of them."""
    trials: list[Trial] = []
    study = Study(sweep, trials)
    for number in range(sweep.trials):
        if number in anew_after:
            trials = [Trial.from_dict(trial.to_dict()) for trial in trials]
            study = Study(sweep, trials)
        trials.append(study.ask())
        if number in anew_after:  # killed in the middle of this trial, too
            value = scores(trials[-1])[10]
            if study.judge(trials[-1], 10, value):
                trials[-1].steps[10] = value
            trials = [Trial.from_dict(trial.to_dict()) for trial in trials]
            study = Study(sweep, trials)
        play(study, trials[-1])
    return [trial.to_dict() for trial in trials]


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize(
    "pruning", ["", "\npruning: {name: median, startup_trials: 2}", "\npruning: successive_halving"]
)
def test_a_study_made_anew_goes_on_as_if_nothing_had_happened(
    make: Make, sampler: str, pruning: str
) -> None:
    sweep = make(SAMPLERS[sampler], ("trials: 6", f"trials: 12{pruning}"))
    whole = all_trials(sweep)
    assert all_trials(sweep, anew_after=(1, 4, 5, 9)) == whole
    states = {trial["state"] for trial in whole}
    assert states == ({"complete", "pruned"} if pruning else {"complete"})


def test_values_are_of_the_space_and_differ(make: Make) -> None:
    trials = all_trials(make(("trials: 6", "trials: 30")))
    sizes = [trial["params"]["training.batch_size"] for trial in trials]
    rates = [trial["params"]["rate"] for trial in trials]
    assert set(sizes) == {10, 20, 30}
    assert len(set(rates)) == 30
    assert all(1e-4 <= rate <= 1e-1 for rate in rates)
    # of uniform logarithms, about half lie below the middle
    assert 8 <= sum(rate < 10**-2.5 for rate in rates) <= 22


def test_tpe_finds_what_random_trials_rarely_do(make: Make) -> None:
    found = {}
    for name, change in SAMPLERS.items():
        trials = all_trials(make(change, ("trials: 6", "trials: 40")))
        late = [trial["value"] for trial in trials[20:]]
        found[name] = sum(late) / len(late)
    assert found["tpe"] > found["random"]


def test_another_seed_gives_other_trials(make: Make) -> None:
    own = all_trials(make())
    other = all_trials(make(("sampler: random", "sampler: random\nsampler_seed: 5")))
    assert own != other


GRID = (
    ("[10, 20, 30]", "[10, 30]"),
    (
        "rate: {log_uniform: [1.0e-4, 1.0e-1], keys: [optimizers.generator.learning_rate]}",
        "monitoring.samples: {integers: [4, 9], step: 2}",
    ),
)


def test_a_grid_has_every_combination_once(make: Make) -> None:
    sweep = make(*GRID, ("sampler: random\ntrials: 6", "sampler: grid"))
    assert sweep.trials == 6
    study = Study(sweep, [])
    asked = [tuple(study.ask().params.values()) for _ in range(6)]
    assert asked == [(10, 4), (10, 6), (10, 8), (30, 4), (30, 6), (30, 8)]
    assert sweep.with_trials(100).trials == 6
    assert sweep.with_trials(4).trials == 4


def test_a_shuffled_grid_has_them_too(make: Make) -> None:
    sweep = make(*GRID, ("sampler: random\ntrials: 6", "sampler: {name: grid, shuffle: true}"))
    study = Study(sweep, [])
    asked = [tuple(study.ask().params.values()) for _ in range(6)]
    assert asked != sorted(asked)
    assert sorted(asked) == [(10, 4), (10, 6), (10, 8), (30, 4), (30, 6), (30, 8)]


def test_choices_may_be_anything_that_a_recipe_holds(make: Make) -> None:
    choices = "[{name: adam, learning_rate: 1.0e-4}, {name: sgd, learning_rate: 0.1}]"
    sweep = make(
        ("  training.batch_size: [10, 20, 30]\n", f"  optimizers.discriminator: {choices}\n"),
        ("trials: 6", "trials: 12"),
    )
    study = Study(sweep, [])
    asked = [study.ask().params["optimizers.discriminator"] for _ in range(12)]
    assert {entry["name"] for entry in asked} == {"adam", "sgd"}
    assert all(sweep.space[0].contains(entry) for entry in asked)


def test_without_optuna(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from advnets.errors import UsageError

    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UsageError, match=r"sweeps need Optuna[^\n]*\n  hint: pip install"):
        Study(make(), [])
