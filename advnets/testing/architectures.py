"""Checks of architectures, for each role, on images and on vectors, or on what they are for."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .. import random
from ..data import Field
from ..errors import AdvnetsError
from ..game import Side
from ..game.wiring import input_names
from ..networks import NetworkContext, under_policy
from ..plugins.components import PLAYERS
from ..random import Draw
from . import toys
from .building import inner_maker, network_context, refuse_shapes, roles_of, shapes_for
from .failure import fail
from .numerics import per_example
from .subject import Subject, subject_of
from .trial import CLASSES, Trial

CODE = (3,)
"""Shape of what an encoder gives, and of a vector that a network is told."""


@dataclass(frozen=True)
class _Built:
    """A network, built for a role and a shape of data."""

    model: keras.Model
    context: NetworkContext
    data: tuple[int, ...]

    def __str__(self) -> str:
        told = f", told {', '.join(self.context.given)}" if self.context.given else ""
        return f"the {self.context.role} for data of shape {self.data}{told}"

    def inputs(self, n: int, seed: int = 0, scale: float = 1.0) -> tf.Tensor:
        return scale * toys.examples(n, self.context.input_shape, seed)

    def outputs(self, x: Any, training: bool = False, step: int = 0) -> dict[str, tf.Tensor]:
        """What it returns, by name, with dropout as in a game.

        What moves in training, averages of a normalisation say, is put back.
        """
        moving = self.model.non_trainable_weights
        before = [variable.numpy() for variable in moving]
        examples = len(x["latent" if "latent" in x else "example"] if isinstance(x, dict) else x)
        with random.scope(Draw(1, step), "check", [("real", examples)]):
            said = self.model(x, training=training)
        for variable, value in zip(moving, before, strict=True):
            variable.assign(value)
        return dict(said) if isinstance(said, dict) else {"output": said}


def builds_what_its_role_needs(subject: Subject) -> None:
    """A generator's output has the data's shape; a discriminator's is one value per example, or
    one for each of its patches or steps.
    """
    for built in _all_built(subject):
        for n in (5, 1):
            said = built.model(built.inputs(n))
            if built.context.role == "generator":
                _check_shape(built, said, (n, *built.data))
            else:
                _check_scores(built, Side(said), n)


def _check_shape(built: _Built, said: Any, expected: tuple[int, ...]) -> None:
    if tuple(getattr(said, "shape", ())) != expected:
        fail(f"{built} returns {said!r:.200}; shape {expected} was expected")


def _check_scores(built: _Built, output: Side, n: int) -> None:
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
        built = _try(subject, "encoder", shape)
        if built is not None:
            said = built.model(built.inputs(5))
            if tuple(getattr(said, "shape", ())) != (5, *CODE):
                fail(
                    f"{built} returns {said!r:.200}; shape {(5, *CODE)} was expected",
                    hint="build what context.output_shape says, or raise an advnets.UsageError "
                    "for a context.role that it is not for",
                )


def is_told_what_it_has_inputs_for(subject: Subject) -> None:
    """Told a class, numbers and an image, it listens to each of them; or it takes nothing, or
    refuses.
    """
    for role in roles_of(subject):
        for shape in shapes_for(subject):
            for given in _told(shape):
                built = _try(subject, role, shape, given=given)
                names = input_names(built.model) if built is not None else None
                if built is not None and names is not None:
                    _listens(built, names)


def _told(shape: tuple[int, ...]) -> Iterator[dict[str, Field]]:
    """What networks are told: a class; a class and numbers; for images another one as well."""
    label = {"label": Field((), "int64", classes=CLASSES)}
    yield {**label, "numbers": Field(CODE, "float32")}
    if len(shape) == 3:
        yield {**label, "picture": Field(shape, "float32", kind="image")}


def _listens(built: _Built, names: list[str]) -> None:
    wanted = [built.context.input_name, *built.context.given]
    if missing := [name for name in wanted if name not in names]:
        fail(
            f"{built} has inputs {', '.join(names)}, and none for {', '.join(missing)}",
            hint="make them by context.inputs()",
        )
    trial = Trial({"shape": built.data, "fields": built.context.given})
    inputs = {name: trial.values(name, 4) for name in wanted}
    first = built.outputs(inputs)
    for name in built.context.given:
        changed = {**inputs, name: trial.values(name, 4, seed=5)}
        if built.context.given[name].classes:
            changed[name] = (inputs[name] + 1) % CLASSES
        second = built.outputs(changed)
        if all((np.asarray(first[word]) == np.asarray(second[word])).all() for word in first):
            fail(f"{built} returns the same whatever {name} is")


def has_the_heads_that_it_is_asked_for(subject: Subject) -> None:
    """Where an architecture has a parameter ``heads``, each gives what it is asked for."""
    component = subject.component
    if component is None or "heads" not in component.parameters.model_fields:
        return
    heads = {"class_logits": "label", "code": CODE[0]}
    fields = {"label": Field((), "int64", classes=CLASSES)}
    asked = subject_of(subject.kind, component, {**_given(subject), "heads": heads})
    for shape in shapes_for(subject):
        built = _try(asked, "discriminator", shape, fields=fields)
        said = built.outputs(built.inputs(4)) if built is not None else {}
        for name, expected in {"class_logits": (4, CLASSES), "code": (4, *CODE)}.items():
            if built is not None and tuple(getattr(said.get(name), "shape", ())) != expected:
                fail(f"{built}, asked for the head {name}, returns {said}")


def is_finite_in_float32(subject: Subject) -> None:
    """Also for inputs of zeros, and far outside of the data's range."""
    for built in _all_built(subject):
        for scale in (0.0, 1.0, 1000.0):
            for name, values in built.outputs(built.inputs(4, scale=scale), training=True).items():
                if values.dtype != tf.float32:
                    fail(f"{built} returns {name} as {values.dtype.name}; float32 was expected")
                if not np.isfinite(values).all():
                    fail(f"{built} returns {name} that is not finite, for inputs of size {scale:g}")


def computes_in_half_precision(subject: Subject) -> None:
    """Under mixed_bfloat16 it starts from the same float32 weights and says nearly the same."""
    for exact in _all_built(subject):
        with under_policy("mixed_bfloat16"):
            half = _try(subject, exact.context.role, exact.data)
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
    """Equal seeds give equal weights, other seeds others."""
    for role, shape in _variants(subject):
        starts = []
        for seed in (1, 1, 2):
            built = _try(subject, role, shape, seed)
            if built is None:
                break
            starts.append(built.model.get_weights())
        else:
            first, same, other = starts
            if not all((a == b).all() for a, b in zip(first, same, strict=True)):
                fail(
                    f"the {role} starts from other weights when it is built again",
                    hint="give initialisers seed=context.seed_for(name)",
                )
            if first and all((a == b).all() for a, b in zip(first, other, strict=True)):
                fail(f"the {role} starts from the same weights whatever the run's seed")


def draws_from_the_draw(subject: Subject) -> None:
    """In one round of one game, dropout and other noise are the same every time."""
    for built in _all_built(subject):
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
    for built in _all_built(subject):
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
    for built in _all_built(subject):

        def run(x: tf.Tensor, model: keras.Model = built.model) -> tf.Tensor:
            said = model(x, training=False)
            values = list(said.values()) if isinstance(said, dict) else [said]
            flat = [tf.reshape(value, [tf.shape(x)[0], -1]) for value in values]
            return tf.concat(flat, axis=1)

        toys.compiled_agree(run, [built.inputs(4)], what=str(built))


def can_be_saved(subject: Subject) -> None:
    """As Keras does for ``advnets export``: the file gives the same network."""
    for built in _all_built(subject):
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
        for name, values in _Built(loaded, built.context, built.data).outputs(x).items():
            if not np.allclose(values, built.outputs(x)[name], rtol=1e-4, atol=1e-5):
                fail(f"{built} returns other {name} after it was saved and loaded")


def plays_a_short_game(subject: Subject) -> None:
    """It moves, and nothing becomes NaN."""
    for role in roles_of(subject):
        built = next(built for built in _all_built(subject) if built.context.role == role)
        trial = Trial({"shape": built.data})
        options: dict[str, Any] = {role: built.model}
        if role == "discriminator":
            names = Side(built.model(built.inputs(1)))
            options["loss"] = None if "logits" in names else toys.EnergyGap()
        toys.trained(toys.game(trial, **options), toys.examples(8, built.data), (role,))


def _all_built(subject: Subject) -> Iterator[_Built]:
    """The network for every role and shape; one of several shapes may be refused."""
    for role in roles_of(subject):
        refusals: list[str] = []
        shapes = shapes_for(subject)
        networks = [_try(subject, role, shape, refusals=refusals) for shape in shapes]
        if not any(networks):
            refuse_shapes(role, refusals)
        yield from (network for network in networks if network is not None)


def _variants(subject: Subject) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield from ((role, shape) for role in roles_of(subject) for shape in shapes_for(subject))


def _try(
    subject: Subject,
    role: str,
    shape: tuple[int, ...],
    seed: int = 1,
    refusals: list[str] | None = None,
    given: Mapping[str, Field] | None = None,
    fields: Mapping[str, Field] | None = None,
) -> _Built | None:
    """Build the network, or ``None`` if it refuses in a proper way."""
    known = {**(given or {}), **(fields or {})}
    known_by = {"given": given or {}, "fields": known, "maker": inner_maker(subject)}
    context = network_context(role, shape, seed, **known_by)
    keras.utils.set_random_seed(seed)  # as the engine does
    try:
        model = subject.make(context)
    except AdvnetsError as error:
        if refusals is not None:
            refusals.append(f"{shape}: {error.message}")
        return None
    if not isinstance(model, keras.Model):
        fail(f"it makes {type(model).__name__} for the {role}, not a keras.Model")
    if not model.built:
        fail(f"the {role} is not built", hint="begin with keras.Input(context.input_shape)")
    return _Built(model, context, shape)


def _given(subject: Subject) -> dict[str, Any]:
    """The subject's parameters, as a recipe would give them."""
    assert subject.component is not None
    return subject.component.resolve(dict(subject.parameters)).model_dump(mode="json")
