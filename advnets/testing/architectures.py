"""Checks of architectures, for each role, on images and on vectors, or on what they are for."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..data import Field
from ..game import Side
from ..game.wiring import input_names
from ..networks import under_policy
from ..plugins.components import PLAYERS
from ..plugins.tracebacks import describe_error
from . import toys
from .building import roles_of, shapes_for
from .built import Built, all_built, try_to_build
from .failure import fail
from .numerics import per_example
from .subject import Subject, subject_of
from .trial import CLASSES

MANY = 12
"""Examples of a batch that most packs divide."""
CODE = (3,)
"""Shape of what an encoder gives, and of a vector that a network is told."""


SIZES = (
    "D and G meet batches of any size: one example, three samples, the rest of an epoch. What "
    "packs or compares examples does so around the batch's end (tf.roll), in groups as large as "
    "the batch allows, or in an encounter; keep the batch's size out of shapes"
)


def builds_what_its_role_needs(subject: Subject) -> None:
    """A generator's output has the data's shape; a discriminator's is one value per example, or
    one for each of its patches or steps.
    """
    for built in all_built(subject):
        said = built.call(built.inputs(MANY))
        if built.context.role == "discriminator":
            _check_scores(built, Side(said), MANY)
        else:
            _check_shape(built, said, (MANY, *built.context.output_shape))


def meets_batches_of_any_size(subject: Subject) -> None:
    """As many values come out as examples go in: for one, for three, for five."""
    for built in all_built(subject):
        for n in (1, 3, 5):
            try:
                said = built.outputs(built.inputs(n), training=True)
            except Exception as error:
                fail(f"{built} fails for a batch of {n}: {describe_error(error)}", hint=SIZES)
            for name, values in said.items():
                if tuple(values.shape[:1]) != (n,):
                    fail(
                        f"{built} returns {name} of shape {tuple(values.shape)} for a batch of "
                        f"{n}; as many as examples were expected",
                        hint=SIZES,
                    )


def _check_shape(built: Built, said: Any, expected: tuple[int, ...]) -> None:
    shape = getattr(said, "shape", None)
    if shape is None or tuple(shape) != expected:
        found = type(said).__name__ if shape is None else f"shape {tuple(shape)}"
        fail(
            f"{built} returns {found}; shape {expected} was expected",
            hint="build what context.output_shape says, or raise an advnets.UsageError for a "
            "context.role that it is not for",
        )


def _check_scores(built: Built, output: Side, n: int) -> None:
    scores = [name for name in ("logits", "energy") if name in output]
    if not scores:
        fail(f"{built} returns {', '.join(output)}; logits or energy were expected")
    for name in scores:
        patches = tuple(output[name].shape[1:])
        per_example(output[name], n, f"{built}, as {name},", patches)


def builds_an_encoder_or_refuses(subject: Subject) -> None:
    """An encoder gives what ``output_shape`` says; whoever builds none says so.

    Asked of those that are for one, or for both players: recipes may name these, too.
    """
    declared = subject.component.roles if subject.component is not None else PLAYERS
    if "encoder" not in declared and not set(PLAYERS) <= set(declared):
        return
    for shape in shapes_for(subject):
        built = try_to_build(subject, "encoder", shape)
        if built is not None:
            _check_shape(built, built.call(built.inputs(5)), (5, *CODE))


def is_told_what_it_has_inputs_for(subject: Subject) -> None:
    """Told a class, numbers and an image, it listens to each of them; or it takes nothing, or
    refuses.
    """
    for role in roles_of(subject):
        for shape in shapes_for(subject):
            for given in _told(subject, shape):
                built = try_to_build(subject, role, shape, given=given)
                names = input_names(built.model) if built is not None else None
                if built is not None and names is not None:
                    _listens(built, names)


def _told(subject: Subject, shape: tuple[int, ...]) -> Iterator[dict[str, Field]]:
    """What networks are told: what they need; a class and numbers; for images another one too."""
    label = {"label": Field((), "int64", classes=CLASSES)}
    if subject.example.get("given"):
        yield {}
    yield {**label, "numbers": Field(CODE, "float32")}
    if len(shape) == 3:
        yield {**label, "picture": Field(shape, "float32", kind="image")}


def _listens(built: Built, names: list[str]) -> None:
    wanted = [built.context.input_name, *built.context.given]
    if missing := [name for name in wanted if name not in names]:
        fail(
            f"{built} has inputs {', '.join(names)}, and none for {', '.join(missing)}",
            hint="make them by context.inputs()",
        )
    draw = np.random.default_rng(0)
    for variable in built.model.trainable_variables:  # a scale may be 1 for each class at first
        variable.assign_add(draw.normal(0.0, 0.1, variable.shape).astype("float32"))
    inputs = built.inputs(4)
    first = built.outputs(inputs)
    for name, field in built.context.given.items():
        changed = {**inputs, name: built.inputs(4, seed=5)[name]}
        if field.classes:
            changed[name] = (inputs[name] + 1) % field.classes
        second = built.outputs(changed)
        if all((np.asarray(first[word]) == np.asarray(second[word])).all() for word in first):
            fail(
                f"{built} returns the same whatever {name} is",
                hint="join it to the rest, as context.joined(inputs) does; or refuse it "
                "by an advnets.UsageError",
            )


def has_the_heads_that_it_is_asked_for(subject: Subject) -> None:
    """Where an architecture has a parameter ``heads``, each gives what it is asked for."""
    component = subject.component
    if component is None or "heads" not in component.parameters.model_fields:
        return
    heads = {"class_logits": "label", "code": CODE[0]}
    fields = {"label": Field((), "int64", classes=CLASSES)}
    asked = subject_of(subject.kind, component, {**_given(subject), "heads": heads})
    for shape in shapes_for(subject):
        built = try_to_build(asked, "discriminator", shape, fields=fields)
        said = built.outputs(built.inputs(4)) if built is not None else {}
        for name, expected in {"class_logits": (4, CLASSES), "code": (4, *CODE)}.items():
            if built is not None and tuple(getattr(said.get(name), "shape", ())) != expected:
                fail(f"{built}, asked for the head {name}, returns {said}")


def is_finite_in_float32(subject: Subject) -> None:
    """Also for inputs of zeros, and far outside of the data's range."""
    for built in all_built(subject):
        for scale in (0.0, 1.0, 1000.0):
            for name, values in built.outputs(built.inputs(4, scale=scale), training=True).items():
                if values.dtype != tf.float32:
                    fail(f"{built} returns {name} as {values.dtype.name}; float32 was expected")
                if not np.isfinite(values).all():
                    fail(f"{built} returns {name} that is not finite, for inputs of size {scale:g}")


def computes_in_half_precision(subject: Subject) -> None:
    """Under mixed_bfloat16 it starts from the same float32 weights and says nearly the same."""
    for exact in all_built(subject):
        with under_policy("mixed_bfloat16"):
            half = try_to_build(subject, exact.context.role, exact.data)
        if half is None:
            fail(f"{exact} is refused under mixed_bfloat16")
        for ours, theirs in zip(half.model.weights, exact.model.weights, strict=True):
            if ours.dtype != theirs.dtype:
                fail(f"{exact}: under mixed_bfloat16 {ours.path} is kept in {ours.dtype}")
            if not np.array_equal(ours.numpy(), theirs.numpy()):
                fail(f"{exact}: under mixed_bfloat16 {ours.path} starts from other weights")
        x = exact.inputs(8)
        said = half.outputs(x)
        for name, values in exact.outputs(x).items():
            near = tf.cast(said[name], tf.float32).numpy()
            tolerance = 0.1 * float(np.abs(values).max()) + 1e-2
            if not np.allclose(near, values, rtol=0, atol=tolerance):
                fail(f"{exact}: under mixed_bfloat16 {name} is off by more than a tenth")


def starts_from_its_seed(subject: Subject) -> None:
    """Equal seeds give equal weights, and other seeds others where they are drawn and move."""
    for role, shape in _variants(subject):
        starts = []
        for seed in (1, 1, 2):
            built = try_to_build(subject, role, shape, seed)
            if built is None:
                break
            moving = [variable.numpy() for variable in built.model.trainable_variables]
            starts.append((built.model.get_weights(), moving))
        else:
            (first, mine), (same, _), (_, others) = starts
            if not all((a == b).all() for a, b in zip(first, same, strict=True)):
                fail(
                    f"the {role} starts from other weights when it is built again",
                    hint="give initialisers seed=context.seed_for(name)",
                )
            drawn = [a for a in mine if a.size > 1 and np.ptp(a) > 0]  # not of ones, or zeros
            if drawn and all((a == b).all() for a, b in zip(mine, others, strict=True)):
                fail(
                    f"the {role} starts from the same weights whatever the run's seed",
                    hint="give initialisers seed=context.seed_for(name); what comes from a file, "
                    "and stays, is no trainable weight",
                )


def draws_from_the_draw(subject: Subject) -> None:
    """In one round of one game, dropout and other noise are the same every time."""
    for built in all_built(subject):
        x = built.inputs(4)
        first, again = (built.outputs(x, training=True, step=3) for _ in range(2))
        for name, values in first.items():
            if not np.allclose(values, again[name], rtol=1e-5, atol=1e-6):
                fail(
                    f"{built}: {name} is another one when the same round is played again, so a "
                    "resumed run would not be the run that was interrupted",
                    hint="take advnets.networks.Dropout instead of Keras's; for other noise, "
                    "advnets.random.segmented_uniform",
                )


def gives_every_weight_a_gradient(subject: Subject) -> None:
    """A trainable weight that nothing depends on is a mistake."""
    for built in all_built(subject):
        with tf.GradientTape() as tape:
            said = built.outputs(built.inputs(4), training=True)
            total = tf.add_n([tf.reduce_sum(tf.square(values)) for values in said.values()])
        variables = built.model.trainable_variables
        gradients = tape.gradient(total, [variable.value for variable in variables])
        idle = [v.path for v, g in zip(variables, gradients, strict=True) if g is None]
        if idle:
            fail(f"{built}: nothing it returns depends on {', '.join(idle)}")


def works_compiled(subject: Subject) -> None:
    """The same outputs as a graph, for any batch size, and under XLA."""
    for built in all_built(subject):
        x = built.inputs(4)
        toys.compiled_agree(_as_one(built, x), tf.nest.flatten(x), what=str(built))


def _as_one(built: Built, like: Any) -> Callable[..., tf.Tensor]:
    """Return what makes one tensor of all that a network returns, of what it takes in parts."""

    def run(*parts: tf.Tensor) -> tf.Tensor:
        said = tf.nest.flatten(built.call(tf.nest.pack_sequence_as(like, parts)))
        flat = [tf.reshape(value, [tf.shape(parts[0])[0], -1]) for value in said]
        return tf.concat(flat, axis=1)

    return run


def can_be_saved(subject: Subject) -> None:
    """As Keras does for ``advnets export``: the file gives the same network."""
    for built in all_built(subject):
        x = built.inputs(3)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            try:
                built.model.save(path)
                loaded = keras.models.load_model(path, safe_mode=True)
            except Exception as error:
                fail(
                    f"{built} cannot be saved and loaded: {type(error).__name__}: "
                    f"{str(error).splitlines()[0]}",
                    hint="register your own layers with "
                    "@keras.saving.register_keras_serializable(package=…), with get_config",
                )
        for name, values in Built(loaded, built.context, built.data).outputs(x).items():
            if not np.allclose(values, built.outputs(x)[name], rtol=1e-4, atol=1e-5):
                fail(f"{built} returns other {name} after it was saved and loaded")


def goes_on_where_it_was(subject: Subject) -> None:
    """What moves in training, other than by an optimizer, is a weight, and so is saved."""
    for built in _first_built(subject):
        x = built.inputs(4)
        built.call(x, training=True, step=0)
        saved = [variable.numpy() for variable in built.model.variables]
        again = try_to_build(subject, built.context.role, built.data)
        assert again is not None
        for variable, value in zip(again.model.variables, saved, strict=True):
            variable.assign(value)
        ends = []
        for one in (built, again):
            said = one.call(x, training=True, step=1)
            ends.append([*tf.nest.flatten(said), *one.model.non_trainable_weights])
        for straight, resumed in zip(*ends, strict=True):
            if not np.allclose(straight, resumed, rtol=1e-5, atol=1e-6):
                fail(
                    f"{built} is another one when it is interrupted after a round, and goes on "
                    "with its weights: something that moves is none of them",
                    hint="keep it in a weight: self.add_weight(…, trainable=False) in the "
                    "layer's build, changed in call where training",
                )


def plays_a_short_game(subject: Subject) -> None:
    """It moves, and nothing becomes NaN."""
    for built in _first_built(subject):
        if built.context.role == "encoder":
            continue  # it plays by what an encounter makes of it
        toys.trained(built.game(), built.examples(8), (built.context.role,))


def _first_built(subject: Subject) -> Iterator[Built]:
    """The network of each role, for the first shape that it is for."""
    found: dict[str, Built] = {}
    for built in all_built(subject):
        found.setdefault(built.context.role, built)
    yield from found.values()


def _variants(subject: Subject) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield from ((role, shape) for role in roles_of(subject) for shape in shapes_for(subject))


def _given(subject: Subject) -> dict[str, Any]:
    """The subject's parameters, as a recipe would give them."""
    assert subject.component is not None
    return subject.component.resolve(dict(subject.parameters)).model_dump(mode="json")
