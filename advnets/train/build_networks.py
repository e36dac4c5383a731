"""From a validated recipe to its game's networks: what each is built from, and for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import keras

from ..data import Field, Source
from ..data.spec import INDEX
from ..errors import UsageError
from ..game import PLAYERS, Condition, GeneratorAverage, NoLatent, Prior, Role
from ..game.role import Space, stream_of
from ..game.wiring import input_fields, input_names
from ..networks import NetworkContext, cast_output, under_policy
from ..plugins import Registry
from ..plugins.components import Component
from ..plugins.origins import at_fault
from ..plugins.trace import at_place
from ..recipe import Recipe
from ..recipe.problems import resolve_alone


def build_networks(
    recipe: Recipe,
    source: Source,
    prior: Prior,
    roles: Mapping[str, Role],
    conditions: Mapping[str, Condition],
) -> tuple[dict[str, keras.Model], dict[str, GeneratorAverage]]:
    """Build a game's networks, and what keeps averages of those that move with G.

    Args:
        recipe: A validated recipe.
        source: Its data.
        prior: How the latent is drawn.
        roles: What networks do, by name.
        conditions: How fields of generated examples are drawn, by name.

    Raises:
        UsageError: If a network takes or is told something that there is not.
        PluginError: If an architecture fails, or builds for something else.
    """
    contexts = network_contexts(recipe, source, prior, roles, conditions)
    with under_policy(recipe.settings.distribution.precision):
        networks = {
            name: cast_output(network) if context.role != "discriminator" else network
            for name, context in contexts.items()
            for network in [_make_network(recipe, name, context)]
        }
        averages = _averages(recipe, contexts, roles)
    for name, context in contexts.items():
        component, _ = recipe.component(_path(name))
        _check_told(component.name, _path(name), networks[name], context)
        _check_shapes(component.name, _path(name), networks[name], context, roles[name])
    return networks, averages


def network_contexts(
    recipe: Recipe,
    source: Source,
    prior: Prior,
    roles: Mapping[str, Role],
    conditions: Mapping[str, Condition],
) -> dict[str, NetworkContext]:
    """Return what each network of a game is built from, by its role and what it is told.

    Raises:
        UsageError: If a network takes or is told something that there is not.
    """
    spaces = {
        "example": Field(source.spec.shape, "float32", kind=source.spec.kind),
        **({} if isinstance(prior, NoLatent) else {"latent": Field(prior.shape, "float32")}),
        INDEX: Field((), "int64"),
        **source.spec.fields,
        **{name: condition.field for name, condition in conditions.items()},
    }
    for name, own in source.streams.items():
        spaces[f"{name}.example"] = Field(own.spec.shape, "float32", kind=own.spec.kind)
        spaces |= {f"{name}.{field}": one for field, one in own.spec.fields.items()}

    def look_up(space: Space, network: str) -> Field:
        if not isinstance(space, str):
            return Field(tuple(space), "float32")
        if space not in spaces:
            raise UsageError(
                f"the network {network!r} is told {space!r}, which there is not",
                where="streams" if stream_of(space) else "given",
                hint=f"there are {', '.join(sorted(spaces))}; `conditions` adds others"
                + "; `streams` brings further data" * bool(stream_of(space)),
            )
        return spaces[space]

    contexts = {}
    for name in ("generator", "discriminator", *recipe.settings.networks):
        role = roles.get(name)
        if role is None:
            raise UsageError(
                f"nothing in the game calls the network {name!r}",
                where="networks",
                hint=f"the encounter and the penalties call {', '.join(sorted(roles))}",
            )
        taken = {key: look_up(space, name) for key, space in role.takes.items()}
        told = {key: look_up(key, name) for key in recipe.settings.given.get(name, [])}
        taken |= {key: field for key, field in told.items() if key not in taken}
        if not taken:
            raise UsageError(
                f"the network {name!r} takes nothing: there is no latent, and it is told nothing",
                where="given",
                hint=f"given: {{{name}: [label]}} says what it makes examples of",
            )
        first, *others = taken
        contexts[name] = NetworkContext(
            role=role.kind,
            input_shape=taken[first].shape,
            output_shape=_output_shape(role, name, look_up),
            marginals=_made_of(role, source).marginals,
            seed=recipe.seed,
            name=name,
            given={key: taken[key] for key in others},
            fields=spaces,
            input_name=first,
            maker=partial(make_inner, recipe.registry),
        )
    return contexts


def _made_of(role: Role, source: Source) -> Source:
    """Return the data that a network makes examples of: the main ones, or those of a stream."""
    for space in (role.gives or {}).values():
        stream = stream_of(space)
        if stream in source.streams:
            return source.streams[stream]
    return source


def _output_shape(role: Role, name: str, look_up: Callable[[Space, str], Field]) -> tuple[int, ...]:
    gives = role.gives or {}
    if "logits" in gives or not gives:
        return ()
    field = look_up(next(iter(gives.values())), name)
    return (*field.shape, field.classes) if field.classes is not None else field.shape


def _make_network(recipe: Recipe, name: str, context: NetworkContext) -> keras.Model:
    component, _ = recipe.component(_path(name))
    _check_role(component, context, _path(name))
    try:
        return recipe.make(_path(name), keras.Model, context)
    except UsageError as error:
        error.where = error.where or _path(name)
        raise


def make_inner(registry: Registry, kind: str, entry: Any, context: NetworkContext) -> keras.Model:
    """Make an architecture that another wraps; see :meth:`.NetworkContext.make`."""
    if kind != "architectures":
        raise UsageError(f"a network makes no {kind}", hint="it makes architectures")
    given = {"name": entry} if isinstance(entry, str) else dict(entry)
    component = registry.component(kind, given.pop("name", ""))
    _check_role(component, context)
    parameters = resolve_alone(component, kind, given).model_dump()
    with at_place(kind):
        network: keras.Model = component.make(keras.Model, parameters, context)
    role = Role((context.input_name, *context.given), None)
    _check_told(component.name, context.name, network, context)
    _check_shapes(component.name, context.name, network, context, role)
    return network


def _check_role(component: Component, context: NetworkContext, where: str | None = None) -> None:
    if context.role in PLAYERS and context.role not in component.roles:
        raise UsageError(
            f"architecture {component.name!r} cannot be a {context.role}, which {context.name!r} "
            "is here",
            where=where,
            hint=f"it can be {' or '.join(component.roles)}",
        )


def _averages(
    recipe: Recipe, contexts: Mapping[str, NetworkContext], roles: Mapping[str, Role]
) -> dict[str, GeneratorAverage]:
    """Return what keeps averages, in networks built alike, of all that move with G."""
    averaging = recipe.settings.averaging
    if averaging is None:
        return {}
    return {
        name: GeneratorAverage(
            cast_output(recipe.make(_path(name), keras.Model, context)),
            averaging.decay,
            averaging.every,
            averaging.warm_up,
        )
        for name, context in contexts.items()
        if roles[name].player == "generator"
    }


def _path(network: str) -> str:
    return network if network in PLAYERS else f"networks.{network}"


def _check_told(component: str, path: str, network: keras.Model, context: NetworkContext) -> None:
    """Refuse a network that was built without an input for something that it is to be told."""
    ignored = [name for name in context.given if name not in (input_names(network) or ())]
    if ignored:
        raise at_fault(
            network,
            f"{path} {component!r} has no input for {', '.join(ignored)}, which it is told",
            hint="an architecture that can be told things makes its inputs by context.inputs()",
        )


def _check_shapes(
    component: str, path: str, network: keras.Model, context: NetworkContext, role: Role
) -> None:
    """Refuse a network that was built for something else than it was to be built for."""
    inputs, outputs = input_fields(network, role), getattr(network, "output_shape", None)
    first = inputs.get(context.input_name)
    ends = [] if first is None else [("takes", first.shape, context.input_shape)]
    if len(role.gives or ()) == 1 and context.output_shape and isinstance(outputs, tuple):
        ends.append(("gives", tuple(outputs[1:]), context.output_shape))
    for verb, found, expected in ends:
        if tuple(found) != tuple(expected):
            raise at_fault(
                network,
                f"{path} {component!r} {verb} the shape {tuple(found)}; {tuple(expected)} is "
                "expected",
                hint="an architecture builds for context.input_shape and context.output_shape",
            )
