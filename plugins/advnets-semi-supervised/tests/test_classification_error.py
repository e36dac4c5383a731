"""Errors counted by hand, and what cannot be counted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from advnets_semi_supervised.classification_error import classification_error

from advnets.data import DataSpec, Field
from advnets.errors import DataError
from advnets.evaluate import Data, MetricContext, Players

RIGHT = {"train": np.array([0, 0, 1, 1, 2, 2]), "test": np.array([0, 1, 2, 2])}


def context(said: Callable[[np.ndarray], object], classes: int = 3) -> MetricContext:
    """Examples are what a head is to read them as; the data's labels are ``RIGHT``."""
    spec = DataSpec((1,), "float32", fields={"label": Field((), "int64", classes=classes)})
    read = {"train": [2.0, 2, 0, 0, 1, 1], "test": [2.0, 0, 1, 0]}
    return MetricContext(
        data=Data(
            load=lambda split: np.reshape(read[split], (-1, 1)).astype("float32"),
            splits=("train", "test"),
            field=lambda split, name: RIGHT[split],
            spec=spec,
        ),
        players=Players(networks=lambda name, example: said(example)),
    )


def logits(example: np.ndarray) -> np.ndarray:
    return -np.abs(np.arange(3) - example)


def test_it_is_the_share_of_wrong_names() -> None:
    (score,) = classification_error(context(lambda x: {"class_logits": logits(x)}))
    assert score.value == 1.0  # 2, 0, 1, 0 of 0, 1, 2, 2
    assert score.protocol["wrong"] == 4
    assert score.protocol["interval"][0] > 0.5
    assert score.error == 0.0
    assert score.protocol["better"] == "lower"


def test_values_without_names_are_named_by_the_training_examples() -> None:
    """2 is called 0, 0 is called 1, 1 is called 2: one of four is wrong."""
    (score,) = classification_error(context(logits), matched=True)
    assert score.value == 0.25
    assert score.error == pytest.approx((0.25 * 0.75 / 4) ** 0.5)


def test_a_value_that_no_training_example_has_is_wrong() -> None:
    def shifted(x: np.ndarray) -> np.ndarray:
        """The one test example that is alone in being read as another value."""
        return np.eye(5)[(x[:, 0] + (2 if len(x) == 4 else 0)).astype(int)]

    (score,) = classification_error(context(shifted), matched=True)
    assert score.value == 1.0  # 4, 2, 3, 2, of which 2 alone has a name, 0


@pytest.mark.parametrize(
    ("said", "changed", "message"),
    [
        (lambda x: {"logits": x[:, 0]}, {}, "says nothing that is called 'class_logits'"),
        (lambda x: x[:, 0], {}, "a logit for each class"),
        (lambda x: np.zeros((len(x), 4)), {}, r"\[n, 3\]"),
        (logits, {"field": "digit"}, "no classes called 'digit'"),
    ],
)
def test_what_cannot_be_counted_is_refused(said: Callable, changed: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        classification_error(context(said), **changed)
