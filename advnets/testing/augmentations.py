"""Checks of augmentations."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from .. import game
from ..random import Draw
from . import toys
from .building import build, made_of
from .failure import fail
from .subject import Subject
from .trial import Trial

DRAWN = (
    "take what is drawn from draw.uniform(stream, shape, n) or draw.normal(stream, shape, n); "
    "a state is assigned in update(play)"
)


def is_of_its_kind(subject: Subject) -> None:
    """It makes an ``advnets.game.Augmentation``."""
    build(subject)


def keeps_shape_and_type(subject: Subject) -> None:
    """What it returns is as what it is given, finite, for one example and for many."""
    made = _made(subject)
    for n in (1, 5):
        x = _examples(subject, n)
        found = made(x, Draw(1, 0), "check")
        if getattr(found, "dtype", None) != x.dtype or tuple(found.shape) != tuple(x.shape):
            fail(f"it returned {found!r:.100} for float32 {tuple(x.shape)}")
        if not np.isfinite(found.numpy()).all():
            fail("it returned values that are not finite")


def is_a_function_of_the_draw(subject: Subject) -> None:
    """The same seed, round, stream and examples give the same again, another made one too."""
    x = _examples(subject, 6)
    first, again = (_made(subject)(x, Draw(1, 4), "check").numpy() for _ in range(2))
    if (first != again).any():
        fail("the same draw gave something else the second time", hint=DRAWN)


def treats_each_example_by_itself(subject: Subject) -> None:
    """Two halves of a batch, on two replicas, are what the whole is on one."""
    made, x = _made(subject), _examples(subject, 6)
    whole = made(x, Draw(1, 0), "check")
    parts = [made(x[3 * i : 3 * i + 3], Draw(1, 0, replica=i, replicas=2), "check") for i in (0, 1)]
    if not np.allclose(whole, tf.concat(parts, 0), atol=1e-6):
        fail("half a batch on each of two replicas is not what the whole is on one", hint=DRAWN)


def lets_gradients_through(subject: Subject) -> None:
    """It is differentiable: what D says reaches G through it."""
    made, x = _made(subject), _examples(subject, 6)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(made(x, Draw(1, 0), "check"))
    gradient = tape.gradient(total, x)
    if gradient is None or not np.isfinite(gradient).all():
        fail("no gradient comes back through it", hint="use operations that have one")


def works_compiled(subject: Subject) -> None:
    """In a graph, for any number of examples, it makes the same."""
    made, x = _made(subject), _examples(subject, 5)
    signature = [tf.TensorSpec([None, *x.shape[1:]], tf.float32)]
    compiled = tf.function(
        lambda x: made(x, Draw(1, 3), "check"), input_signature=signature, autograph=False
    )
    if not np.allclose(compiled(x), made(x, Draw(1, 3), "check"), atol=1e-6):
        fail("compiled, it makes something else")


def goes_on_where_it_was(subject: Subject) -> None:
    """A short game that is interrupted ends as one that is not: what it remembers is saved."""

    def made() -> game.AdversarialGame:
        return toys.game(Trial(subject.example), augmentations=[_made(subject)])

    toys.resumes(made, _examples(subject, 8))


def plays_a_short_game(subject: Subject) -> None:
    """Both players move while it is applied, and nothing becomes NaN."""
    trial = Trial(subject.example)
    played = toys.game(trial, augmentations=[_made(subject)])
    toys.trained(played, _examples(subject, 8), ("discriminator", "generator"))


def _made(subject: Subject) -> game.Augmentation:
    made: game.Augmentation = made_of(subject)
    return made


def _examples(subject: Subject, n: int) -> tf.Tensor:
    shape = Trial(subject.example).shape
    values = np.random.default_rng(1).uniform(-1.0, 1.0, (n, *shape))
    return tf.constant(values.astype("float32"))
