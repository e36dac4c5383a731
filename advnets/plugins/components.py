"""Components: what a recipe can name, described without importing TensorFlow.

A component is a name, the location of its code (``"package.module:attribute"``,
imported only when a run needs it) and the schema of its parameters. Hooks
return lists of components; the kind follows from the hook.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from ..errors import AdvnetsError, PluginError
from .origins import Origin, remember_origin
from .parameters import NoParameters, Parameters
from .time_limit import WITH_TENSORFLOW, as_it_was, set_up
from .trace import current_place, traced
from .tracebacks import describe_error, find_source, is_out_of_memory, locate_error, package_of

KINDS: dict[str, str] = {
    "losses": "what each player minimises",
    "penalties": "terms added to one player's loss, given the critic and the batches",
    "architectures": "networks for the generator or the discriminator",
    "datasets": "where examples come from",
    "priors": "distributions of the latent variable z",
    "conditions": "what networks are told of generated examples, field by field",
    "encounters": "what is judged: who is made of what, and meets whom",
    "augmentations": "maps of the examples that discriminators see, differentiable",
    "updates": "who moves when: the order of the players' updates",
    "optimizers": "how a player moves along its gradient",
    "metrics": "scores of a trained generator, each with its protocol",
    "features": "numbers that describe an example, for metrics that compare distributions",
    "callbacks": "Keras callbacks that watch a run",
    "recipes": "experiments that `advnets run NAME` finds",
    "sweeps": "many runs of one recipe, that `advnets sweep NAME` finds",
    "commands": "sub-commands of `advnets`",
}
"""The kinds of components, and what each is for. The hook of ``kind`` is ``advnets_<kind>``."""

KIND = {
    "losses": "loss",
    "penalties": "penalty",
    "architectures": "architecture",
    "datasets": "data set",
    "priors": "prior",
    "conditions": "condition",
    "encounters": "encounter",
    "augmentations": "augmentation",
    "updates": "update rule",
    "optimizers": "optimizer",
    "metrics": "metric",
    "features": "feature extractor",
    "callbacks": "callback",
    "recipes": "recipe",
    "sweeps": "sweep",
    "commands": "command",
}
"""One component of each kind, in words."""

NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
TARGET = re.compile(r"[A-Za-z_][\w.]*:[\w./-]+")
PLAYERS = ("generator", "discriminator")
ROLES = (*PLAYERS, "encoder")
EXAMPLE = ("parameters", "shape", "fields", "outputs", "encounter", "given")
"""What a component may say of what it is to be tried with."""
RESERVED: dict[str, tuple[str, ...]] = dict.fromkeys(KINDS, ("name", "context")) | {
    "datasets": ("name", "context", "offline"),
    "penalties": ("name", "context", "every"),
}
"""Words that are no parameters, by kind: keys of a recipe's entry, and what a target is given."""


@dataclass(frozen=True)
class Component:
    """Something that a recipe can name.

    Attributes:
        name: Lower-case words joined by ``_`` or ``-``; unique within its kind.
        target: ``"package.module:attribute"``. What it must be depends on the kind
            (see the hook's documentation). Imported by :meth:`load` only.
        summary: One line for listings.
        parameters: The schema of its parameters.
        roles: For architectures, what it can be: a ``generator``, a ``discriminator``, or an
            ``encoder``, which gives anything else.
        changes_game: For callbacks, whether a run goes another way with it than without: its
            entry then belongs to the run's identity.
        example: What the conformance kit and ``advnets plugins check`` try it with, where
            small vectors with a class each do not suit it: ``parameters`` (those without a
            default), ``shape`` of an example, ``fields`` (:class:`advnets.data.Field` by name)
            that come with it, ``outputs`` (the shapes of what D says of it, by name), for
            losses and penalties, the ``encounter`` that they go with (its target), and what is
            ``given``: to an architecture that is always told something, fields by name; to data
            sets, what of `given` they read (a text by the field's name).
        requires: For losses and penalties, the words of D that they read, as the target's
            ``requires``; ``"{head}"`` is what a parameter ``head`` names. Recipes are then held
            against their discriminator without TensorFlow. ``None``: unsaid.
        networks: For encounters and penalties, the further networks that they call, by the names
            in the target's ``roles``: recipes are then held against their ``networks``.
            ``None``: unsaid.
        streams: For encounters, penalties and update rules, the streams of further examples that
            they read, as the target's ``streams``: recipes are then held against their
            ``streams``. ``None``: unsaid.
        axes: For augmentations, architectures and conditions, how many axes an example has that
            they take, make or hide: 3 are an image's, (height, width, channels). Recipes are then
            held against their data without TensorFlow. ``None``: any.
        light: For data sets, whether the source can be made and asked what it holds without
            importing TensorFlow: ``advnets validate`` then says what that is.

    Raises:
        PluginError: If a field is malformed.

    >>> Component("minimax", "advnets.game.losses:Minimax", "V(D, G)").name
    'minimax'
    >>> Component("Bad Name", "m:a")
    Traceback (most recent call last):
    ...
    advnets.errors.PluginError: 'Bad Name' is not a component name
      hint: use lower-case words joined by _ or -, such as 'margin' or 'hinge_loss'
    """

    name: str
    target: str
    summary: str = ""
    parameters: type[Parameters] = field(default=NoParameters)
    roles: tuple[str, ...] = PLAYERS
    changes_game: bool = False
    example: Mapping[str, Any] = field(default_factory=dict, hash=False)
    requires: tuple[str, ...] | None = None
    networks: tuple[str, ...] | None = None
    streams: tuple[str, ...] | None = None
    light: bool = False
    axes: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name):
            raise PluginError(
                f"{self.name!r} is not a component name",
                hint="use lower-case words joined by _ or -, such as 'margin' or 'hinge_loss'",
            )
        if not isinstance(self.target, str) or not TARGET.fullmatch(self.target):
            raise PluginError(
                f"component {self.name!r}: target {self.target!r} is not 'package.module:attribute'"
            )
        if not (isinstance(self.parameters, type) and issubclass(self.parameters, Parameters)):
            raise PluginError(
                f"component {self.name!r}: parameters must be a subclass of "
                f"advnets.Parameters, not {self.parameters!r}"
            )
        if not set(self.roles) <= set(ROLES):
            raise PluginError(f"component {self.name!r}: roles must be among {ROLES}")
        for what in ("requires", "networks", "streams"):
            named = getattr(self, what)
            if named is not None and not (
                isinstance(named, tuple) and all(isinstance(name, str) for name in named)
            ):
                raise PluginError(
                    f"component {self.name!r}: {what} is {named!r:.200}; a tuple of names "
                    "was expected"
                )
        for word in self.requires or ():
            if "{" in word and word.strip("{}") not in self.parameters.model_fields:
                raise PluginError(
                    f"component {self.name!r}: requires names {word}, and it has no such parameter"
                )
        if self.axes is not None and (type(self.axes) is not int or self.axes < 1):
            raise PluginError(
                f"component {self.name!r}: axes is {self.axes!r:.200}; a number was expected"
            )
        if not isinstance(self.example, Mapping) or not set(self.example) <= set(EXAMPLE):
            raise PluginError(
                f"component {self.name!r}: its example is {self.example!r:.200}; a mapping of "
                f"{', '.join(EXAMPLE)} was expected"
            )

    def words(self, parameters: Mapping[str, Any] | None = None) -> tuple[str, ...]:
        """Return the words of D that it says it reads, with such parameters.

        >>> class Head(Parameters):
        ...     head: str = "class_logits"
        >>> component = Component("reader", "m:a", parameters=Head, requires=("{head}",))
        >>> component.words(), component.words({"head": "other"})
        (('class_logits',), ('other',))
        """
        fields = self.parameters.model_fields
        values = {name: field.default for name, field in fields.items()} | dict(parameters or {})
        return tuple(word.format_map(values) for word in self.requires or ())

    def resolve(self, given: Mapping[str, Any]) -> Parameters:
        """Check parameters as strictly as those of a recipe, and fill in every default.

        Args:
            given: Plain data, as JSON has them.

        Raises:
            pydantic.ValidationError: If they do not fit the schema, with all that is wrong.
            PluginError: If the schema itself fails, in a validator of the plugin's say.

        >>> class Margin(Parameters):
        ...     margin: float = 10.0
        ...     power: int = 1
        >>> Component("margin", "m:a", parameters=Margin).resolve({"margin": 3})
        Margin(margin=3.0, power=1)
        """
        try:
            return self.parameters.model_validate_json(json.dumps(given), strict=True)
        except ValidationError:
            raise
        except Exception as error:
            raise PluginError(
                f"the parameter schema of {self.name!r} fails: {describe_error(error)}",
                module=self.target.partition(":")[0],
            ) from error

    def load(self) -> Any:
        """Import and return the target.

        Raises:
            PluginError: If the module or the attribute cannot be imported, or not in the time
                that there is for it (:mod:`advnets.plugins.time_limit`).
        """
        module, _, attribute = self.target.partition(":")
        try:
            with set_up("it", WITH_TENSORFLOW):
                value = self._import(module)
                for part in attribute.split("."):
                    value = getattr(value, part)
        except (Exception, SystemExit) as error:
            found = locate_error(error, {package_of(module)})
            own = error if isinstance(error, PluginError) else None
            raise PluginError(
                f"component {self.name!r}: cannot import {self.target}: "
                f"{own.message if own else describe_error(error)}",
                where=found[0] if found else None,
                hint=own.hint if own else None,
                module=module,
            ) from error
        return value

    def _import(self, module: str) -> Any:
        if module in sys.modules:
            return importlib.import_module(module)
        with traced(f"{self.name} -> {self.target}") as ended:
            value = importlib.import_module(module)
            ended.append(f"imported {getattr(value, '__file__', module)}")
        return value

    def make(
        self,
        kind: type | tuple[type, ...],
        parameters: Mapping[str, Any],
        *given: Any,
        context: Any = None,
    ) -> Any:
        """Call the target; an error in it names the component.

        Args:
            kind: What it must return.
            parameters: The component's parameters, checked.
            *given: What targets of its kind are given first.
            context: What is given, by keyword, to a target with a parameter ``context``; others
                do without.

        Raises:
            PluginError: If the target raises, or returns something else.
        """
        target, module = self.load(), self.target.partition(":")[0]
        try:
            if context is not None and _takes_context(target, given):
                parameters = {**parameters, "context": context}
            with as_it_was(), traced(f"{self.name} -> {self.target}") as ended:
                made = target(*given, **parameters)
                ended.append(f"made {type(made).__name__}")
        except AdvnetsError:
            raise
        except (Exception, SystemExit) as error:
            if is_out_of_memory(error):
                raise
            place = locate_error(error, {package_of(module)})
            raise PluginError(
                f"component {self.name!r} ({self.target}) failed to build: {describe_error(error)}",
                hint="run again with --traceback to see the way there",
                where=place[0] if place else None,
                module=module,
            ) from error
        if not isinstance(made, kind):
            kinds = [kind] if isinstance(kind, type) else kind
            raise PluginError(
                f"component {self.name!r} ({self.target}) returned "
                f"{type(made).__name__}, not a {' or a '.join(each.__name__ for each in kinds)}",
                where=find_source(target),
                module=module,
            )
        origin = Origin(self.name, self.target, find_source(target), current_place())
        remember_origin(made, origin)
        return made


def _takes_context(target: Callable[..., Any], given: tuple[Any, ...]) -> bool:
    """Tell whether a target has a parameter ``context`` that is not among the arguments given."""
    try:
        signature = inspect.signature(target)
        taken = signature.bind_partial(*given).arguments
    except (TypeError, ValueError):  # no signature; or the call will say what does not fit
        return False
    found = signature.parameters.get("context")
    by_keyword = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return found is not None and found.kind in by_keyword and "context" not in taken


def list_components(target: str, **described: tuple[Any, ...]) -> list[Component]:
    """List components whose targets follow from their names.

    Args:
        target: Their target; ``{name}`` stands for the name, ``{camel}`` for it in CamelCase.
        **described: By name, the fields of :class:`Component` that come after the target.

    >>> [one.target for one in list_components("game.{name}:{camel}", r1=("‖∇C(x)‖²",))]
    ['game.r1:R1']
    """
    camel = {name: "".join(word.capitalize() for word in name.split("_")) for name in described}
    return [
        Component(name, target.format(name=name, camel=camel[name]), *fields)
        for name, fields in described.items()
    ]
