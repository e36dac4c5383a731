"""Checks of conditions."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from .. import game
from ..data import Field
from ..random import Draw
from ..train.chosen_rows import ChosenRows
from . import toys
from .building import EXAMPLES, build, game_context, made_of
from .failure import fail
from .subject import Subject
from .trial import Trial

MANY = 5000
"""Values that are held against the field."""
DRAWN = "take what is drawn from draw.uniform(stream, shape, n) or draw.normal(stream, shape, n)"


def is_of_its_kind(subject: Subject) -> None:
    """It makes an ``advnets.game.Condition`` whose ``field`` says what it draws."""
    build(subject)


def draws_what_its_field_says(subject: Subject) -> None:
    """Shape, type, range, and classes from 0 to the last but one; for one example, and many."""
    made = _made(subject)
    field = made.field
    for n in (1, 5, MANY):
        drawn = made.sample(Draw(1, 0), "told", n, _batch(subject, made, n))
        shape, dtype = tuple(getattr(drawn, "shape", ())), getattr(drawn, "dtype", None)
        if shape != (n, *field.shape):
            fail(f"sample() returned shape {shape}; its field says {(n, *field.shape)}")
        expected = "int64" if field.classes is not None else "float32"
        if getattr(dtype, "name", None) != expected:
            fail(f"sample() returned {dtype!r}; {expected} was expected of its field, {field}")
        values = np.asarray(drawn)
        if not np.isfinite(values).all():
            fail("sample() returned values that are not finite")
        low, high = field.low, field.high
        if field.classes is not None:
            low, high = 0, field.classes - 1
        if low is not None and high is not None and (values.min() < low or values.max() > high):
            fail(
                f"of {n} values that it drew, the smallest is {values.min():g} and the largest "
                f"{values.max():g}; its field says {low:g} to {high:g}"
            )


def is_a_function_of_the_draw(subject: Subject) -> None:
    """Equal draws, streams and batches give equal values; others, other ones."""
    made = _made(subject)
    first = _drawn(subject, made, Draw(1, 4))
    if (first != _drawn(subject, made, Draw(1, 4))).any():
        fail("sample() returned other values for the same draw and stream", hint=DRAWN)
    if (first != _drawn(subject, _made(subject), Draw(1, 4))).any():
        fail("made again, it draws other values for the same draw and stream", hint=DRAWN)
    others = {
        "seed": _drawn(subject, made, Draw(2, 4)),
        "round": _drawn(subject, made, Draw(1, 5)),
        "stream": _drawn(subject, made, Draw(1, 4), stream="another"),
    }
    fixed = [what for what, other in others.items() if (first == other).all()]
    # What is the batch's, or always one thing, is drawn of nothing.
    of_the_batch = made.of_example or made.fields
    if fixed and not (of_the_batch or (first == first[:1]).all()):
        fail(f"sample() returned the same values for another {' and another '.join(fixed)}")


def draws_the_same_in_a_fresh_graph(subject: Subject) -> None:
    """A run that is resumed compiles its rounds anew: nothing drawn may be part of the graph."""
    made = _made(subject)
    batch = _batch(subject, made, 5)
    expected = _drawn(subject, made, Draw(1, 3), 5)
    for jit in (False, False, True):

        def compute(step: tf.Tensor, n: tf.Tensor, jit: bool = jit) -> Any:
            return made.sample(Draw(1, step), "told", 5 if jit else n, batch)

        compiled = tf.function(compute, jit_compile=jit, autograph=False)
        seen = np.asarray(compiled(tf.constant(3, tf.int64), tf.constant(5)))
        if seen.shape != expected.shape or not np.allclose(seen, expected, rtol=1e-3, atol=1e-4):
            fail(
                f"sample() returns other values {'under XLA' if jit else 'in a fresh graph'}",
                hint=f"{DRAWN}, not from tf.random or NumPy",
            )


def does_not_depend_on_the_number_of_replicas(subject: Subject) -> None:
    """Replicas draw their slices of the global batch."""
    made = _made(subject)
    whole, batch = _drawn(subject, made, Draw(1, 0), 6), _batch(subject, made, 6)
    parts = batch.split(2) if batch is not None else [None, None]
    drawn = [
        np.asarray(made.sample(Draw(1, 0, replica=i, replicas=2), "told", 3, part))
        for i, part in enumerate(parts)
    ]
    if not np.allclose(whole, np.concatenate(drawn), rtol=1e-5, atol=1e-6):
        fail(
            "what two replicas draw is not what one draws",
            hint="pass `examples` on to the draw, which knows about replicas; a value may not "
            "depend on the other examples of the batch",
        )


def begins_with_the_values_of_a_smaller_draw(subject: Subject) -> None:
    """Samples are drawn a part at a time, and those of a small grid are among those of a large."""
    made = _made(subject)
    many, batch = _drawn(subject, made, Draw(1, 0), 7), _batch(subject, made, 7)
    first = None
    if batch is not None:
        fields = {name: values[:3] for name, values in batch.fields.items()}
        first = game.Batch(batch.examples[:3], fields)
    few = np.asarray(made.sample(Draw(1, 0), "told", 3, first))
    if not np.allclose(few, many[:3], rtol=1e-5, atol=1e-6):
        fail(
            "the first of many values are not those of few",
            hint="a value may not depend on the others, nor on how many there are",
        )


def reads_examples_that_are_there(subject: Subject) -> None:
    """Where it says which real examples are read, these are places in the split, the same of the
    same batch, and others of another.
    """
    made = _made(subject)
    if not made.chooses:
        return
    rows = ChosenRows(_name(subject), made, 1, 8, EXAMPLES)  # raises what is wrong
    found = rows(tf.range(6, dtype=tf.int64)).numpy()
    again = ChosenRows(_name(subject), _made(subject), 1, 8, EXAMPLES)
    if (found != again(tf.range(6, dtype=tf.int64)).numpy()).any():
        fail("made again, it says other examples of the same batch", hint=DRAWN)
    if (found == found[:1]).all():
        fail("it says the same examples of every batch", hint=DRAWN)


def goes_on_where_it_was(subject: Subject) -> None:
    """A short game that is interrupted ends as one that is not."""
    toys.resumes(lambda: _game(subject), _data(subject, 8))


def plays_a_short_game(subject: Subject) -> None:
    """G is told what it draws, and D where real examples have it; samples can be made of it."""
    made = _game(subject)
    toys.trained(made, _data(subject, 16))
    condition = made.conditions[_name(subject)]
    made.kept = _batch(subject, condition, 8)
    samples, told = made.generate(6, seed=1)
    expected = (6, *condition.field.shape)
    if told[_name(subject)].shape != expected or not np.isfinite(samples).all():
        fail(f"outside of a round it draws {told[_name(subject)].shape}; {expected} was expected")


def _made(subject: Subject) -> game.Condition:
    made: game.Condition = made_of(subject)
    return made


def _name(subject: Subject) -> str:
    return game_context(subject).name


def _batch(subject: Subject, made: game.Condition, n: int) -> game.Batch | None:
    """The real examples, where it says that it reads them: ``of_example`` or ``fields``."""
    if not (made.of_example or made.fields):
        return None
    return Trial(subject.example).batch(n, made.fields)


def _drawn(
    subject: Subject, made: game.Condition, draw: Draw, n: int = 60, stream: str = "told"
) -> np.ndarray:
    return np.asarray(made.sample(draw, stream, n, _batch(subject, made, n)))


def _game(subject: Subject) -> game.AdversarialGame:
    made, name = _made(subject), _name(subject)
    trial = Trial({**subject.example, "fields": {**_described(subject), name: made.field}})
    told = (name,)
    conditions = {name: made}
    return toys.game(trial, told=told, discriminator_told=told, conditions=conditions)


def _described(subject: Subject) -> dict[str, Field]:
    return dict(subject.example.get("fields", {}))


def _data(subject: Subject, n: int) -> Any:
    """With the field itself, for D, unless the condition makes it of the examples."""
    made, name = _made(subject), _name(subject)
    trial = Trial({**subject.example, "fields": {**_described(subject), name: made.field}})
    return trial.data(n, {*made.fields, *(() if made.of_example else (name,))})
