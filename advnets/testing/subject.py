"""What is checked: a registered component with its parameters, or any object of its kind."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from ..errors import UsageError
from ..plugins import Registry, load_plugins
from ..plugins.components import KINDS, Component
from ..plugins.tracebacks import find_source
from ..recipe.problems import resolve_alone
from .failure import ConformanceError

FUNCTIONS = (types.FunctionType, types.MethodType, partial)


@dataclass(frozen=True)
class Subject:
    """Something to check.

    Attributes:
        kind: The kind of component.
        name: Its name, or that of the object's class.
        make: Makes the thing, given the context that its kind has (none, mostly): a new one
            on each call, unless an object was given.
        component: The component, or ``None`` for an object that is not registered.
        parameters: The component's parameters, defaults filled in.
        module: Where its code is.
        example: What it is to be tried with; see :class:`advnets.Component`.
        find_registry: Returns the components that it may name.
        source: The object, or the class or function that makes it; ``None`` of a component.
    """

    kind: str
    name: str
    make: Callable[..., Any]
    component: Component | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    module: str = ""
    example: Mapping[str, Any] = field(default_factory=dict)
    find_registry: Callable[[], Registry] = load_plugins
    source: Any = None

    @property
    def registry(self) -> Registry:
        """The components that its parameters may name: those of its own plugin are among them."""
        return self.find_registry()

    def __str__(self) -> str:
        return f"{self.name!r} of {self.kind}"

    @property
    def place(self) -> str:
        """Where its code begins, ``file:line``; "" where that is no Python code, or not found."""
        try:
            target = self.component.load() if self.component else self.source
            own = getattr(target, "callback", None) if self.kind == "commands" else None
            return find_source(own or target)
        except Exception:
            return ""


def subject_of(
    kind: str,
    what: Any,
    parameters: Mapping[str, Any] | None = None,
    plugins: Sequence[str] = (),
    example: Mapping[str, Any] | None = None,
    registry: Registry | None = None,
) -> Subject:
    """Make a subject of whatever a caller has.

    Args:
        kind: The kind of component.
        what: A registered name, a :class:`Component`, an object of the kind (a ``Loss``, a
            ``Source``, …), or what makes one: a class or a function.
        parameters: Parameters of a component, or keyword arguments of what makes the object.
        plugins: For a name: further plugins, as ``--plugin`` takes them.
        example: What it is to be tried with, in place of what the component says.
        registry: The plugins, where they are loaded already.

    Raises:
        PluginError: If there is no component of that name.
        ConformanceError: If the parameters do not fit.

    >>> subject_of("losses", "minimax").parameters
    {'discriminator_weight': 1.0}
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is not a kind of component; the kinds are {', '.join(KINDS)}")
    given = dict(parameters or {})
    find = cache(partial(load_plugins, plugins)) if registry is None else lambda: registry
    if isinstance(what, str):
        what = find().component(kind, what)
    if isinstance(what, Component):
        component, tried = what, dict(what.example if example is None else example)
        resolved = resolved_parameters(kind, what, {**tried.get("parameters", {}), **given})

        def make(*given: Any, context: Any = None) -> Any:
            return _maker(component.load(), resolved)(*given, context=context)

        module = component.target.partition(":")[0]
        return Subject(kind, component.name, make, component, resolved, module, tried, find)
    tried = dict(example or {})
    takes_context = ("architectures", "metrics", "features", "optimizers")
    makes = callable(what) and (kind in takes_context or isinstance(what, FUNCTIONS))
    if isinstance(what, type) or makes:
        plain = what
        while isinstance(plain, partial):
            plain = plain.func
        name, module = getattr(plain, "__name__", type(plain).__name__), plain.__module__
        made = _maker(what, given)
        return Subject(
            kind, name, made, module=module, example=tried, find_registry=find, source=what
        )
    if given:
        raise ValueError(f"parameters {given} were given for an object that is made already")
    return Subject(
        kind,
        type(what).__name__,
        _put_back(what),
        module=type(what).__module__,
        example=tried,
        find_registry=find,
        source=what,
    )


def _put_back(what: Any) -> Callable[..., Any]:
    """Return what gives an object, each time with the state that its variables have now."""
    from ..game.state import find_variables

    start = [(variable, variable.numpy()) for _, variable in find_variables(what)]

    def make(*given: Any, context: Any = None) -> Any:
        for variable, value in start:
            variable.assign(value)
        return what

    return make


def _maker(target: Callable[..., Any], parameters: Mapping[str, Any]) -> Callable[..., Any]:
    """Return what calls a target, with the context by name where it takes one, as recipes do."""

    def make(*given: Any, context: Any = None) -> Any:
        takes = context is not None and "context" in inspect.signature(target).parameters
        return target(*given, **parameters, **({"context": context} if takes else {}))

    return make


def resolved_parameters(
    kind: str, component: Component, given: Mapping[str, Any]
) -> dict[str, Any]:
    """The parameters as a recipe would resolve them: checked, every default filled in.

    Raises:
        ConformanceError: If they do not fit the component's schema.
    """
    if kind in ("recipes", "sweeps", "commands"):
        return {}
    try:
        return resolve_alone(component, kind, given).model_dump()
    except UsageError as error:
        raise ConformanceError(
            error.message,
            hint=f"give parameters to check it with: parameters={{{component.name!r}: {{…}}}} "
            "for conformance(), a dictionary for check_…()",
        ) from error
