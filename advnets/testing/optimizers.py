"""Checks of what makes optimizers."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from .building import made_of
from .failure import fail
from .subject import Subject

START = np.array([3.0, -2.0, 0.5], "float32")
GOAL = np.array([1.0, 1.0, 1.0], "float32")


def makes_a_new_one_each_time(subject: Subject) -> None:
    """Each player needs an optimizer of its own."""
    if _made(subject) is _made(subject):
        fail("it made the same optimizer twice", hint="make a new one on each call")


def has_a_learning_rate_to_log(subject: Subject) -> None:
    """``learning_rate`` is a number, never negative, and not 0 for ever."""
    optimizer = _made(subject)
    rates = []
    for step in (0, 1, 10, 50, 99):
        optimizer.iterations.assign(step)
        rates.append(float(optimizer.learning_rate))
    if not np.isfinite(rates).all() or min(rates) < 0 or max(rates) == 0:
        listed = ", ".join(f"{rate:g}" for rate in rates)
        fail(f"within 100 steps its learning rate is {listed}; numbers above 0 were expected")


def descends(subject: Subject) -> None:
    """From anywhere, ½‖w − w*‖² gets smaller."""
    weights = _descend(_made(subject), 30)[0]
    if not np.isfinite(weights).all():
        fail("its steps lead to NaN or infinity on ½‖w − w*‖²")
    if np.linalg.norm(weights - GOAL) >= np.linalg.norm(START - GOAL):
        fail("after 30 steps it is further from the minimum of ½‖w − w*‖² than at the start")


def works_compiled(subject: Subject) -> None:
    """The same steps in a graph."""
    eager, graph = (_descend(_made(subject), 5, compiled=c)[0] for c in (False, True))
    if not np.allclose(eager, graph, rtol=1e-4, atol=1e-5):
        fail(f"five steps in a graph lead to {graph}, run eagerly to {eager}")


def keeps_its_state_in_variables(subject: Subject) -> None:
    """Interrupted and restored from its variables, it goes on as if nothing had happened."""
    straight = _descend(_made(subject), 6)[0]
    weights, optimizer = _descend(_made(subject), 3)
    state = [variable.numpy() for variable in optimizer.variables]
    resumed = _descend(_made(subject), 3, start=weights, state=state)[0]
    if not np.array_equal(straight, resumed):
        fail(
            f"interrupted after 3 of 6 steps it ends at {resumed}, without a break at {straight}",
            hint="keep state in variables of the optimizer (add_variable), not in Python",
        )


def _made(subject: Subject) -> keras.optimizers.Optimizer:
    made: keras.optimizers.Optimizer = made_of(subject)
    return made


def _descend(
    optimizer: keras.optimizers.Optimizer,
    steps: int,
    *,
    compiled: bool = False,
    start: np.ndarray = START,
    state: list[np.ndarray] | None = None,
) -> tuple[np.ndarray, keras.optimizers.Optimizer]:
    """Steps on ½‖w − w*‖², from ``start`` and the optimizer's ``state``."""
    weights = keras.Variable(start, name="weights")
    optimizer.build([weights])
    for variable, value in zip(optimizer.variables, state or [], strict=state is not None):
        variable.assign(value)

    def step() -> None:
        optimizer.apply([weights.value - GOAL], [weights])

    step = tf.function(step, autograph=False) if compiled else step
    for _ in range(steps):
        step()
    return weights.numpy(), optimizer
