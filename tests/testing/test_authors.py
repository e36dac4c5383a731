"""Components as an author would write them raise no alarm; their broken twins do."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import click
import keras
import pytest
import tensorflow as tf
from pydantic import Field as Parameter

import advnets.testing
from advnets import Component, Parameters
from advnets import Weight as Schedulable
from advnets.data import Field
from advnets.game import NonSaturating, Penalty, scheduled
from advnets.plugins.components import KINDS
from advnets.testing import (
    check_augmentation,
    check_callback,
    check_condition,
    check_dataset,
    check_features,
    check_metric,
    check_optimizer,
    check_prior,
    check_updates,
)

from .author_others import (
    Adaptive,
    Always,
    Balanced,
    Bits,
    Corners,
    Counting,
    Doubling,
    Extragradient,
    Fading,
    Forgetful,
    Meddling,
    Mixture,
    Named,
    Noting,
    Outside,
    Ranks,
    Rolled,
    Seen,
    Shapeless,
    Stumbling,
    Walks,
    WarmedUp,
    at_rest,
    confidence,
    drift,
    endless,
    failing,
    separation,
    warmed_up,
)

Failure = Callable[..., str]
IMAGES, SEQUENCES = {"shape": (4, 4, 1)}, {"shape": (5, 2)}


RIGHT = [
    (check_prior, Bits, None),
    (check_prior, Mixture, None),
    (check_condition, Seen, {**IMAGES, "fields": {"seen": Field((4, 4, 2), "float32")}}),
    (check_condition, Balanced, None),
    (check_augmentation, Adaptive, None),
    (check_augmentation, Rolled, SEQUENCES),
    (check_augmentation, Fading, IMAGES),
    (check_updates, Extragradient, None),
    (check_updates, WarmedUp, None),
    (check_optimizer, warmed_up, None),
    (check_metric, separation, None),
    (check_metric, confidence, None),
    (check_metric, drift, SEQUENCES),
    (check_features, Corners, {"shape": (28, 28, 1)}),
    (check_callback, Named, None),
    (check_callback, Noting, None),
    (check_dataset, Walks, None),
]


@pytest.mark.slow
@pytest.mark.parametrize(("check", "what", "example"), RIGHT)
def test_what_an_author_writes_passes(check: Any, what: Any, example: Any) -> None:
    check(what, **({"example": example} if example else {}))


@pytest.mark.parametrize(
    ("kind", "what", "name", "message"),
    [
        ("conditions", Outside, "reads_examples_that_are_there", "places are 0 to 39"),
        ("conditions", Always, "reads_examples_that_are_there", "the same examples of every"),
        ("augmentations", Forgetful, "goes_on_where_it_was", "ends with another"),
        ("augmentations", Rolled, "keeps_shape_and_type", "UsageError: sequences alone"),
        ("updates", Counting, "plays_the_same_round_again", "changes the number 'seen' of updates"),
        ("optimizers", at_rest, "has_a_learning_rate_to_log", "0, 0, 0, 0, 0; numbers above 0"),
        ("metrics", endless, "returns_scores", "scores noise against noise with nan"),
        ("metrics", failing, "returns_scores", "raised ZeroDivisionError: division by zero"),
        ("metrics", drift, "returns_scores", r"example={'shape': \(28, 28, 1\)}"),
        ("features", Corners, "gives_features", r"example={'shape': \(28, 28, 1\)}"),
        ("callbacks", Doubling, "drops_what_is_played_again", "noted.txt has 8 lines, else 6"),
        ("callbacks", Meddling, "watches_a_short_game", "it changes the generator's weights"),
        ("callbacks", Stumbling, "watches_a_short_game", "RuntimeError: too late"),
        ("datasets", Shapeless, "reads_what_it_declares", "cannot be loaded"),
    ],
)
def test_a_broken_twin_is_found(
    kind: str, what: Any, name: str, message: str, failure: Failure
) -> None:
    assert re.search(message, failure(kind, what, name))


def test_features_are_tried_on_what_they_are_for(failure: Failure) -> None:
    example = {"shape": (28, 28, 1)}
    assert failure("features", Corners, "treats_examples_one_by_one", example) == ""
    told = failure("features", Ranks, "treats_examples_one_by_one", example)
    assert "others are computed beside it" in told


def test_a_callback_knows_its_run_and_an_observer_may_go_back(failure: Failure) -> None:
    assert failure("callbacks", Named, "watches_a_short_game") == ""
    assert failure("callbacks", Noting, "drops_what_is_played_again") == ""


def test_a_metric_is_given_players_and_what_samples_are_made_of(failure: Failure) -> None:
    for metric in (separation, confidence):
        assert failure("metrics", metric, "returns_scores") == ""


def test_a_condition_may_say_which_examples_are_read(failure: Failure) -> None:
    assert failure("conditions", Balanced, "reads_examples_that_are_there") == ""


def test_a_prior_of_few_values_and_a_rate_that_begins_at_0_are_right(failure: Failure) -> None:
    assert failure("priors", Bits, "is_a_function_of_the_draw") == ""
    assert failure("optimizers", warmed_up, "has_a_learning_rate_to_log") == ""


class Weight(Parameters):
    """Validate a weight that may be a schedule."""

    weight: Schedulable = Parameter(1.0, description="of the term")


class Late(NonSaturating):
    """Reads its weight in the round."""

    def __init__(self, weight):
        super().__init__()
        self.weight = scheduled(weight)

    def discriminator(self, real, fake):
        return self.weight() * super().discriminator(real, fake)


class Early(Late):
    """Reads its weight where it is made."""

    def __init__(self, weight):
        super().__init__(weight)
        self.number = self.weight()

    def discriminator(self, real, fake):
        return self.number * NonSaturating.discriminator(self, real, fake)


class Never(Late):
    """Takes a number alone."""

    def __init__(self, weight):
        super().__init__(float(weight))


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (Late, "^$"),
        (Early, "from 1 to 0.5 in round 1000, the first rounds are those of 0.5"),
        (Never, "with a schedule as its weight it fails: TypeError"),
    ],
)
def test_a_schedule_is_read_in_the_round(what: Any, message: str, failure: Failure) -> None:
    component = Component("late", f"{__name__}:{what.__name__}", "a loss", Weight)
    assert re.search(message, failure("losses", component, "takes_schedules"))


class OfClasses(Penalty):
    """Reads a class of generated examples, and its weight in the round."""

    requires, fields = ("class_logits",), ("label",)

    def __init__(self, weight):
        self.weight = scheduled(weight)

    def __call__(self, play):
        return self.weight() * tf.nn.sparse_softmax_cross_entropy_with_logits(
            play.fake.fields["label"], play.fake.class_logits
        )


def test_a_term_of_classes_may_have_a_schedule(failure: Failure) -> None:
    """G is told the class, without which there is no such term."""
    component = Component("of_classes", f"{__name__}:OfClasses", "a term", Weight)
    assert failure("penalties", component, "takes_schedules") == ""


def named(context):
    """A network whose layers are called the same every time."""
    inputs = context.inputs()
    start = keras.initializers.GlorotUniform(context.seed_for("first"))
    size = context.output_shape[0] if context.role == "generator" else 1
    layer = keras.layers.Dense(size, kernel_initializer=start, name="first")
    return context.model(inputs, layer(next(iter(inputs.values()))))


def counted(context, made: list[Any] = []):  # noqa: B006
    """A network whose layers are counted."""
    made.append(context)
    inputs = context.inputs()
    size = context.output_shape[0] if context.role == "generator" else 1
    layer = keras.layers.Dense(size, name=f"layer_number_{len(made)}")
    return context.model(inputs, layer(next(iter(inputs.values()))))


@pytest.mark.parametrize(
    ("what", "message"), [(named, "^$"), (counted, "weights of other names: layer_number_")]
)
def test_a_network_starts_from_one_that_was_built_alike(
    what: Any, message: str, failure: Failure
) -> None:
    found = failure("architectures", what, "can_start_from_another_run", {"shape": (3,)})
    assert re.search(message, found)


@click.command("works")
def works():
    """Import what is there, and what may be missing."""
    import json

    try:
        import no_such_module_of_advnets as optional
    except ImportError:
        optional = None
    if optional:
        import no_such_module_of_advnets_either
    return json, no_such_module_of_advnets_either


@pytest.mark.parametrize("name", ["has_help", "imports_what_is_there"])
def test_a_command_may_import_what_is_optional(name: str, failure: Failure) -> None:
    assert failure("commands", Component("works", f"{__name__}:works", "a command"), name) == ""


def test_every_kind_has_its_function_and_all_take_an_example() -> None:
    """``check_loss`` and its like, one a kind; what is tried on data takes an example."""
    functions = {name for name in advnets.testing.__all__ if name.startswith("check_")}
    assert functions == {f"check_{WORDS.get(kind, kind.removesuffix('s'))}" for kind in KINDS}
    for name in functions - {"check_recipe", "check_sweep", "check_command"}:
        assert "example" in inspect.signature(getattr(advnets.testing, name)).parameters


WORDS = {
    "losses": "loss",
    "penalties": "penalty",
    "updates": "updates",
    "features": "features",
}
"""What functions are called by, where it is not the kind without its s."""
