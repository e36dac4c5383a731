"""Wire the networks of a game to their roles: what each takes, by the names of its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import keras
import tensorflow as tf

from ..data import Field
from ..data.spec import RESERVED
from ..errors import PluginError, UsageError
from .role import Role
from .side import Side


def input_names(network: keras.Model) -> list[str] | None:
    """Return the names of what a network of several inputs takes; ``None`` for one of one.

    >>> x, y = keras.Input((2,), name="latent"), keras.Input((), name="label")
    >>> input_names(keras.Model({"latent": x, "label": y}, x)), input_names(keras.Model(x, x))
    (['latent', 'label'], None)
    """
    structure = getattr(network, "_inputs_struct", None)
    if isinstance(structure, Mapping):
        return list(structure)
    inputs = getattr(network, "inputs", None) or ()
    return [tensor.name for tensor in inputs] if len(inputs) > 1 else None


def input_tensors(network: keras.Model, role: Role) -> dict[str, Any]:
    """Return a network's inputs, symbolically and by name, as far as it tells."""
    structure: Any = getattr(network, "_inputs_struct", None)
    inputs = getattr(network, "inputs", None) or ()
    if isinstance(structure, Mapping):
        return dict(structure)
    if len(inputs) > 1:
        return {tensor.name: tensor for tensor in inputs}
    return dict(zip(role.takes, inputs, strict=False))


def input_fields(network: keras.Model, role: Role) -> dict[str, Field]:
    """Return what a network's inputs look like, by name, as far as it tells."""
    return {
        name: Field(tuple(tensor.shape[1:]), keras.backend.standardize_dtype(tensor.dtype))
        for name, tensor in input_tensors(network, role).items()
        if None not in tensor.shape[1:]
    }


def _check_names(
    roles: Mapping[str, Role], networks: Mapping[str, keras.Model], conditions: Iterable[str]
) -> None:
    for name in networks:
        if name in RESERVED or name in conditions:
            raise UsageError(
                f"a network is called {name!r}, as what networks are told is",
                hint="give the network another name",
            )
    for name in sorted(roles.keys() - networks.keys()):
        raise UsageError(
            f"the game needs a network {name!r}, and there is none",
            hint=f"AdversarialGame(…, networks={{{name!r}: …}}); a recipe names its architecture: "
            f"`networks: {{{name}: …}}`",
        )
    for name in sorted(networks.keys() - roles.keys()):
        raise UsageError(
            f"nothing in the game calls the network {name!r}",
            hint=f"the encounter and the penalties call {', '.join(sorted(roles))}",
        )


def wire_roles(
    roles: Mapping[str, Role],
    networks: Mapping[str, keras.Model],
    conditions: Iterable[str] = (),
    given: Mapping[str, Iterable[str]] = MappingProxyType({}),
) -> dict[str, Role]:
    """Return the roles with what the networks take besides, by the names of their inputs.

    Args:
        roles: What networks do, by name.
        networks: Them.
        conditions: The names of what is drawn besides the latent.
        given: What networks take besides, where their inputs don't tell.

    Raises:
        UsageError: If a network has no role, a role no network, or a network no input for what
            its role takes.
    """
    _check_names(roles, networks, conditions)
    wired = {}
    for name, network in networks.items():
        role, inputs = roles[name], input_names(network)
        takes = dict(role.takes)
        for one in given.get(name, ()):
            takes.setdefault(one, one)
        missing = [one for one in takes if one not in (inputs or takes)]
        if missing or (inputs is None and len(takes) != 1):
            raise UsageError(
                f"the network {name!r} takes {', '.join(takes) or 'nothing'}, but its inputs are "
                f"called {', '.join(inputs or ['(one, unnamed)'])}",
                hint="a network that takes several things is a Keras model of a dictionary of "
                f"inputs by name; what a single input is, `given` says: {{{name!r}: ['label']}}",
            )
        told = [one for one in inputs or () if one not in takes]
        wired[name] = Role({**takes, **{one: one for one in told}}, role.gives, role.player)
    return wired


def refuse_misfit(network: keras.Model, name: str, role: Role, inputs: Mapping[str, Any]) -> None:
    """Refuse to call a network with what does not fit its inputs.

    Keras itself adds or takes away a last dimension of 1.

    Raises:
        PluginError: If a shape is another, or if what should be classes are no whole numbers.
    """
    one_hot = "y.argmax(axis=1) makes whole numbers of one-hot vectors"
    for key, field in input_fields(network, role).items():
        given = inputs.get(key)
        shape = tf.TensorShape(getattr(given, "shape", None))
        if shape.rank is None:
            continue
        given_as = tf.as_dtype(getattr(given, "dtype", field.dtype))
        whole = tf.as_dtype(field.dtype).is_integer
        single = [size for size in field.shape if size != 1]
        vectors = whole and not single and shape.rank == 2 and shape[1] not in (None, 1)
        if whole and given_as.is_floating:
            raise PluginError(
                f"the network {name!r} takes {key!r} in whole numbers, {field.dtype}, and is given "
                f"{given_as.name}",
                hint=one_hot if vectors else "labels are whole numbers from 0: y.astype('int64')",
            )
        fitting = [field.shape, (*field.shape, 1)]
        if field.shape[-1:] == (1,):
            fitting.append(field.shape[:-1])
        if not any(shape[1:].is_compatible_with(each) for each in fitting):
            raise PluginError(
                f"the network {name!r} takes {key!r} of the shape {field.shape}, and is given "
                f"{tuple(shape[1:])}",
                hint=one_hot if vectors else "check the data, and what the encounter calls it with",
            )


def refuse_unlike(judge: str, role: Role, real: Side, fake: Side) -> None:
    """Refuse two sides whose examples, or fields, a judge cannot compare: of different shapes.

    Raises:
        PluginError: With both shapes.
    """
    for name in role.takes:
        given = [x for side in (real, fake) if (x := side.get_tensor(name)) is not None]
        shapes = [tf.TensorShape(getattr(x, "shape", None))[1:] for x in given]
        if len(shapes) == 2 and not shapes[0].is_compatible_with(shapes[1]):
            raise PluginError(
                f"the {judge} is to compare {name!r} of the shapes {tuple(shapes[0])}, real, and "
                f"{tuple(shapes[1])}, generated",
                hint="build the generator for the shape of the data, or reshape the data",
            )


def refuse_other_gifts(given: Any, name: str, role: Role, examples: int | tf.Tensor) -> None:
    """Refuse what a network returned if it is not what its role says that it gives.

    Args:
        given: What it returned.
        name: Its name.
        role: What it does.
        examples: How many it was given.

    Raises:
        PluginError: If several things were to be given, and not all are, or one, and several are;
            if one is no tensor, or has another number of rows than there are examples.
    """
    if role.gives is None:
        return
    for word, value in (given if isinstance(given, Mapping) else {"": given}).items():
        _refuse_other_rows(value, f"{word!r} as " if word else "", name, examples)
    if role.kind == "discriminator" and isinstance(given, Mapping):
        return  # what a judge says besides is its own affair
    several = len(role.gives) > 1
    if several and isinstance(given, Mapping) and role.gives.keys() <= given.keys():
        return
    if not several and not isinstance(given, Mapping):
        return
    found = f"a mapping of {', '.join(given)}" if isinstance(given, Mapping) else "one tensor"
    raise PluginError(
        f"the network {name!r} returns {found}; {', '.join(role.gives)} was expected",
        hint="a network that gives one thing returns a tensor, one that gives several a dictionary "
        "by name: context.model(inputs, {'mean': …, 'deviation': …})",
    )


def _refuse_other_rows(value: Any, word: str, name: str, examples: int | tf.Tensor) -> None:
    """Refuse what is no tensor with a row for each example."""
    if not (hasattr(value, "shape") and hasattr(value, "dtype")):
        found = repr(value) if value is None or isinstance(value, str) else type(value).__name__
        if isinstance(value, list | tuple):
            found = f"a {found} of {len(value)}"
        raise PluginError(
            f"the {name} returns {word}{found}, and a tensor was expected",
            hint="one thing is returned as a tensor, [N, …], several as a dictionary of tensors by "
            "name: keras.Model(inputs, {'logits': …, 'features': …})",
        )
    shape = tf.TensorShape(value.shape)
    if shape.rank is None:
        return
    rows = shape[0] if shape.rank else 0
    if rows is not None and (isinstance(examples, int) or not shape.rank) and rows != examples:
        given = examples if isinstance(examples, int) else "several"
        raise PluginError(
            f"the {name} returns {word}a tensor of the shape {tuple(shape)} for {given} examples; "
            "a row for each example, [N, …], was expected",
            hint="leave the mean over the batch to advnets, and return one row for each example",
        )


def latent_shape(
    roles: Mapping[str, Role], networks: Mapping[str, keras.Model]
) -> tuple[int, ...] | None:
    """Return the shape of the latent, by the network that takes it; ``None`` if none does."""
    for name, role in roles.items():
        latent = input_fields(networks[name], role).get("latent")
        if "latent" in role.takes and latent is not None:
            return latent.shape
    return None
