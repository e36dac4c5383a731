"""Checks of priors."""

from __future__ import annotations

from unittest import SkipTest

import keras
import numpy as np
import tensorflow as tf

from ..game import NoLatent, Prior
from ..random import Draw
from . import toys
from .building import made_of
from .failure import fail
from .subject import Subject

MANY = 60
"""Points that are compared: of few, two draws of a prior of few values may well be equal."""


def draws_latent_points(subject: Subject) -> None:
    """Finite float32 of shape ``[n, *shape]``."""
    prior = _made(subject)
    for n in (5, 1):
        z = prior.sample(Draw(1, 0), "latent", n)
        if tuple(z.shape) != (n, *prior.shape) or z.dtype != tf.float32:
            fail(
                f"sample() returned {z.dtype.name} of shape {tuple(z.shape)}; float32 of shape "
                f"{(n, *prior.shape)} was expected"
            )
        if not np.isfinite(z).all():
            fail("sample() returned numbers that are not finite")


def is_a_function_of_the_draw(subject: Subject) -> None:
    """Equal draws give equal points; another seed, round or stream gives others."""
    prior = _made(subject)
    z = _points(prior, Draw(1, 4), "latent")
    if (z != _points(prior, Draw(1, 4), "latent")).any():
        fail(
            "sample() returned other points for the same draw and stream",
            hint="make them from draw.uniform(stream, …) or draw.normal(stream, …)",
        )
    others = {
        "seed": _points(prior, Draw(2, 4), "latent"),
        "round": _points(prior, Draw(1, 5), "latent"),
        "stream": _points(prior, Draw(1, 4), "another"),
    }
    for what, other in others.items():
        if (z == other).all():
            fail(f"sample() returned the same points for another {what}")


def does_not_depend_on_the_number_of_replicas(subject: Subject) -> None:
    """Replicas draw their slices of the global batch."""
    prior = _made(subject)
    whole = _points(prior, Draw(1, 0), "latent", 6)
    parts = [_points(prior, Draw(1, 0, replica=r, replicas=2), "latent", 3) for r in (0, 1)]
    # Vectorised functions round the last bit by a number's place in the batch.
    if not np.allclose(whole, np.concatenate(parts), rtol=1e-5, atol=1e-6):
        fail(
            "the points of two replicas are not those of one",
            hint="pass `examples` on to the draw, which knows about replicas",
        )


def begins_with_the_points_of_a_smaller_draw(subject: Subject) -> None:
    """Samples are drawn a part at a time, and those of a small grid are among those of a large."""
    prior = _made(subject)
    few, many = (_points(prior, Draw(1, 0), "evaluate", n) for n in (3, 7))
    if not np.allclose(few, many[:3], rtol=1e-5, atol=1e-6):
        fail(
            "the first points of many are not those of few",
            hint="a point may not depend on the others, nor on how many there are",
        )


def works_compiled(subject: Subject) -> None:
    """In a round, the draw's step is a tensor."""
    prior = _made(subject)
    expected = _points(prior, Draw(1, 3), "latent")
    for jit in (False, True):
        seen = tf.function(
            lambda step: prior.sample(Draw(1, step), "latent", MANY),
            jit_compile=jit,
            autograph=False,
        )(tf.constant(3, tf.int64))
        if not np.allclose(seen, expected, rtol=1e-3, atol=1e-4):
            fail(f"sample() returns other points {'under XLA' if jit else 'in a graph'}")


def plays_a_short_game(subject: Subject) -> None:
    """A generator takes the points, and nothing becomes NaN."""
    prior = _made(subject)
    layers = [keras.layers.Flatten(), keras.layers.Dense(toys.SIZE)]
    generator = keras.Sequential([keras.Input(prior.shape), *layers])
    made = toys.game(prior=prior, generator=generator)
    toys.trained(made, toys.examples(8), ("discriminator", "generator"))


def _points(prior: Prior, draw: Draw, stream: str, n: int = MANY) -> np.ndarray:
    return np.asarray(prior.sample(draw, stream, n))


def _made(subject: Subject) -> Prior:
    made: Prior = made_of(subject)
    if isinstance(made, NoLatent):
        raise SkipTest("it draws nothing")
    return made
