"""Degenerate data: refused, or said in the protocol, rather than scored with confidence."""

from __future__ import annotations

import inspect
import json
import math

import numpy as np
import pytest
from known_draws import METRICS, metric

from advnets.cli.main import cli
from advnets.data.sources.digits import Digits
from advnets.errors import AdvnetsError, DataError, UsageError
from advnets.evaluate import Data, MetricContext, Score
from advnets.evaluate.features import Extractors
from advnets.evaluate.metrics.modes import modes

COMPARED = ["fid", "kid", "mmd", "energy_distance", "sliced_wasserstein", "prdc", "duplicates"]
COMPARED += ["classifier_two_sample", "memorisation"]
SMALL = {
    "kid": {"subsets": 0},
    "sliced_wasserstein": {"projections": 5},
    "classifier_two_sample": {"classifier": "knn"},
    "mmd": {"bandwidths": [1.0]},
    "inception_score": {"splits": 2, "resamples": 20},
    "parzen": {"sigmas": 3},
}


def normal(seed, n=60, d=3):
    return np.random.default_rng(seed).normal(size=(n, d))


def scores(name, generated, real, held_out=None):
    """A metric of plain arrays."""
    splits = {"train": real, "test": real if held_out is None else held_out}
    context = MetricContext(
        samples=lambda n, seed, first=0: generated[first:n],
        data=Data(load=splits.__getitem__, splits=tuple(splits)),
    )
    return metric(name)(context, features="pixels", samples=len(generated), **SMALL.get(name, {}))


def notes(*arguments):
    return {score.protocol.get("note", "") for score in scores(*arguments)}


@pytest.mark.parametrize("name", COMPARED)
def test_what_is_sound_has_no_note(name):
    assert notes(name, normal(0), normal(1), normal(2)) == {""}


@pytest.mark.parametrize("name", COMPARED)
def test_constant_examples_are_noted(name):
    (note,) = notes(name, np.ones((60, 3)), normal(1), normal(2))
    assert note == "all 60 generated examples are the same"
    (note,) = notes(name, normal(0), np.ones((60, 3)))
    assert "examples are the same" in note


@pytest.mark.parametrize("name", COMPARED)
def test_few_examples_are_noted_and_fewer_refused(name):
    if name != "prdc":  # whose neighbours need more
        for note in notes(name, normal(0, 12), normal(1, 60)[:12], normal(2, 12)):
            assert "12 generated examples are few" in note
    with pytest.raises((DataError, UsageError), match=r"few|at least|neighbours"):
        scores(name, normal(0, 2), normal(1, 2), normal(2, 2))


@pytest.mark.parametrize("name", COMPARED)
def test_the_same_examples_on_both_sides_are_noted(name):
    """In another order; those of a metric of held-out examples on its two splits."""
    shuffled = normal(1)[::-1]
    (note,) = notes(name, normal(0) if name == "memorisation" else shuffled, normal(1), shuffled)
    assert note.startswith("every one of the ")
    assert "is also among the" in note


def spoilt(x, value):
    x = x.copy()
    x[3, 1] = value
    return x


ONE_SIDE = {
    "none": lambda x: x[:0],
    "one": lambda x: x[:1],
    "two": lambda x: x[:2],
    "twelve": lambda x: x[:12],
    "all the same": np.ones_like,
    "all zero": np.zeros_like,
    "not a number": lambda x: spoilt(x, np.nan),
    "infinite": lambda x: spoilt(x, np.inf),
}
"""What may be wrong with the samples, or with the real examples."""
BOTH = {
    "fewer than dimensions": lambda generated, real: (normal(0, 30, 80), normal(1, 30, 80)),
    "a constant feature": lambda *sides: tuple(x * [1.0, 0.0, 1.0] for x in sides),
    "huge": lambda *sides: tuple(x * 1e30 for x in sides),
    "tiny": lambda *sides: tuple(x * 1e-30 for x in sides),
    "all the same": lambda generated, real: (np.ones_like(generated), np.ones_like(real)),
    "each the same": lambda generated, real: (np.zeros_like(generated), np.ones_like(real)),
    "the real ones": lambda generated, real: (real, real),
}
REFUSED = {"none", "not a number", "infinite"}
NOTED = {"one", "two", "twelve", "all the same", "all zero", "each the same", "the real ones"}
DEGENERATE = [
    *((side, what) for side in ("generated", "real") for what in ONE_SIDE),
    *(("both", what) for what in BOTH),
]


def degenerate_scores(name, side, what):
    """Scores of plain arrays, and whether real examples were looked at."""
    generated, real = normal(0), normal(1)
    if side == "both":
        generated, real = BOTH[what](generated, real)
    elif side == "generated":
        generated = ONE_SIDE[what](generated)
    else:
        real = ONE_SIDE[what](real)
    looked_at = []

    def load(split):
        looked_at.append(split)
        return real

    def extract(wanted, name, examples):
        if examples is None:
            return {"dimensions": real.shape[1]}
        x = np.asarray(examples, np.float64).reshape(len(examples), -1)
        if wanted == "features":
            return x
        odds = np.exp(x - x.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    context = MetricContext(
        samples=lambda n, seed, first=0: generated[first:n],
        data=Data(load=load, splits=("train", "validation", "test")),
        extract=extract,
    )
    compute = metric(name)
    features = {"features": "pixels"} if "features" in inspect.signature(compute).parameters else {}
    own = {"samples": len(generated)} if len(generated) else {}
    try:
        return compute(context, **features, **own, **SMALL.get(name, {})), looked_at
    except AdvnetsError:
        return None, looked_at


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize(("side", "what"), DEGENERATE)
def test_every_metric_refuses_or_notes_what_is_degenerate(name, side, what):
    found, looked_at = degenerate_scores(name, side, what)
    touched = side != "real" or looked_at
    if found is None:
        assert touched
        assert what in REFUSED | NOTED | {"fewer than dimensions", "huge"}
        return
    assert what not in REFUSED or not touched
    for score in found:
        low, high = score.protocol["interval"]
        slack = 1e-9 * abs(score.value)
        assert math.isfinite(score.value)
        assert low - slack <= score.value <= high + slack
        if what != "tiny":  # whose scores are tiny
            assert not score.error or score.error > 1e-9 * max(1.0, abs(score.value))
        if what in NOTED and touched and (looked_at or what != "the real ones"):
            assert score.protocol["note"]


@pytest.mark.parametrize("name", ["fid", "kid", "energy_distance"])
def test_two_real_examples_are_refused(name, measured):
    with (
        measured.timed("degenerate_data", None, None),
        pytest.raises(DataError, match=r"at least three|too few"),
    ):
        scores(name, normal(0), normal(1, 2))


def context_of_classes(p):
    def extract(what, wanted, examples):
        return {"dimensions": p.shape[1]} if examples is None else p

    return MetricContext(samples=lambda n, seed, first=0: np.zeros((n - first, 1)), extract=extract)


def test_a_single_class_is_none(measured):
    from advnets.evaluate.metrics.inception_score import inception_score

    with (
        measured.timed("degenerate_data", None, None),
        pytest.raises(DataError, match="single class"),
    ):
        inception_score(context_of_classes(np.ones((40, 1))), samples=40, splits=2)
    with pytest.raises(DataError, match="single class"):
        modes(context_of_classes(np.ones((40, 1))), samples=40)


def test_one_opinion_of_all_samples_is_noted():
    from advnets.evaluate.metrics.inception_score import inception_score

    p = np.tile([0.7, 0.3], (40, 1))
    for score in inception_score(context_of_classes(p), samples=40, splits=2, resamples=20):
        assert score.protocol["note"] == "all 40 samples have the same class probabilities"
        assert "±" not in str(score)


class OneClass(Digits):
    """Digits that are all of one class."""

    def field(self, split, name):
        return np.zeros_like(super().field(split, name))


def test_features_of_a_classifier_of_one_class_are_refused(tmp_path):
    with pytest.raises(DataError, match="one class only") as caught:
        Extractors(OneClass(), cache=tmp_path).get("classifier")
    assert "pixels" in caught.value.hint


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [(8.0, 4e-41, "m 8"), (1.0, 0.0, "m 1"), (0.0, 0.0, "m 0"), (8.0, 0.5, "m 8 ± 0.5")],
)
def test_an_error_that_is_rounding_is_none(value, error, text):
    assert str(Score("m", value, error)) == text


FEW = {"name": "fid", "samples": 10, "examples": 12}


def test_a_run_says_it(tiny_run):
    """By the recipe, when the run is scored at its end."""
    _, said = tiny_run
    assert "fid: 12 real examples are few" in said


def test_the_command_line_says_it(tiny_run):
    """By `advnets evaluate`: of few examples, of what is biased; and what is refused."""
    folder, _ = tiny_run
    words = ["evaluate", str(folder), "--metric", json.dumps(FEW), "--json"]
    (score,) = json.loads(_result(words).stdout)
    assert score["protocol"]["bias"].startswith("too high")
    assert "12 real examples are few" in score["protocol"]["note"]
    text = _result(words[:-1]).stdout
    assert "bias: too high" in text
    assert "note: 12 real examples are few" in text
    words[-2] = json.dumps({"name": "mmd", "samples": 3})
    assert "3 generated examples are too few" in _result(words, code=2).output


def _result(words, code=0):
    from click.testing import CliRunner

    result = CliRunner().invoke(cli, words)
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def tiny_run(tmp_path_factory):
    """A run of two rounds on the ring, and what it said."""
    folder = tmp_path_factory.mktemp("run") / "tiny"
    few = {"dataset": {"name": "ring", "examples": 40, "held_out": 40}, "evaluation.metrics": [FEW]}
    few |= {player: {"name": "mlp", "layers": [4]} for player in ("generator", "discriminator")}
    few |= {"training.steps": 2, "training.batch_size": 4, "monitoring.image_every": 0}
    words = [f"{key}={json.dumps(value)}" for key, value in few.items()]
    return folder, _result(["run", "ring", *words, "--run-dir", str(folder)]).output
