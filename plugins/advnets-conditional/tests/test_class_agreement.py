"""Agreement counted by hand, and what cannot be asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from advnets_conditional.class_agreement import class_agreement

from advnets.data import Field
from advnets.errors import DataError
from advnets.evaluate import MetricContext


def context(made: dict[int, list[int]], classes: int = 3, known: int = 3) -> MetricContext:
    """G makes, of the k-th sample of a label, the digit that stands k-th in its list."""

    def samples(n: int, seed: int, first: int = 0, given: Any = None) -> np.ndarray:
        count: dict[int, int] = dict.fromkeys(made, 0)
        drawn = []
        for label in given["label"]:
            drawn.append(made[label][count[label] % len(made[label])])
            count[label] += 1
        return np.array(drawn, "float32")[first:, None]

    def read(what: str, wanted: Any, examples: np.ndarray) -> Any:
        if what == "describe":
            return {"accuracy": 0.9}
        return np.eye(known)[examples[:, 0].astype(int)]

    told = {"label": Field((), "int64", classes=classes), "latent": Field((2,), "float32")}
    return MetricContext(samples=samples, told=told, extract=read)


def test_each_class_is_asked_for_as_often() -> None:
    (score,) = class_agreement(context({0: [0], 1: [1, 2], 2: [0]}), samples=60)
    assert score.value == 0.5
    assert score.protocol["by_class"] == [1.0, 0.5, 0.0]
    assert score.error == pytest.approx((0.25 / 60) ** 0.5)
    assert score.protocol["interval"][0] < 0.5 < score.protocol["interval"][1]
    assert score.protocol["features"]["accuracy"] == 0.9


def test_a_code_is_named_by_other_samples_than_those_that_are_measured() -> None:
    """Code 0 makes twos, 1 makes ones, 2 makes zeros, now and then a one."""
    (score,) = class_agreement(context({0: [2], 1: [1], 2: [0, 0, 1]}), samples=180, matched=True)
    assert score.value == pytest.approx(8 / 9)
    assert score.protocol["matched"] is True


def test_a_generator_of_one_class_agrees_with_one_code_alone() -> None:
    (score,) = class_agreement(context({0: [2], 1: [2], 2: [2]}), samples=180, matched=True)
    assert score.value == pytest.approx(1 / 3)


def test_of_more_codes_than_classes_some_have_no_name() -> None:
    made = context({k: [k % 2] for k in range(4)}, classes=4, known=2)
    (score,) = class_agreement(made, samples=80, matched=True)
    assert score.value == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("made", "options", "message"),
    [
        (context({0: [0]}), {"field": "code"}, "told no classes called 'code'"),
        (context({0: [0]}), {"field": "latent"}, "told no classes called 'latent'"),
        (context({0: [0], 1: [0], 2: [0]}, known=4), {}, "know 4 classes"),
        (context({}, classes=21, known=21), {"samples": 20}, "too few"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    made: MetricContext, options: dict, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        class_agreement(made, **options)
