"""Remember which component an object was made by, and name it in errors that are its fault."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import AdvnetsError, PluginError, UsageError
from .tracebacks import find_source, package_of

LIBRARIES = {"advnets", "keras", "tensorflow", "builtins"}
"""Whose classes are nobody's fault."""


@dataclass(frozen=True)
class Origin:
    """Describe the component that made an object.

    Attributes:
        component: Its name.
        target: Its target.
        where: Where the target is defined, ``file:line``.
        place: For which place of a recipe it was made, or ``""``.
    """

    component: str
    target: str
    where: str
    place: str


_origins: dict[int, Origin] = {}


def remember_origin(made: Any, origin: Origin | None) -> None:
    """Remember what made an object, for as long as it lives."""
    if origin is None:
        return
    with contextlib.suppress(TypeError):  # what no weak reference can be had of
        weakref.finalize(made, _origins.pop, id(made), None).atexit = False
        _origins[id(made)] = origin


def origin_of(made: Any) -> Origin | None:
    """Return what made an object; ``None`` if it was made by hand.

    >>> origin_of("by hand") is None
    True
    """
    return _origins.get(id(made))


def name_of(network: Any) -> str:
    """Return what a network is called: as a component, or, if it was made by hand, as a model."""
    origin = origin_of(network)
    return repr(origin.component if origin else getattr(network, "name", type(network).__name__))


def tell_origin(part: Any) -> str:
    """Return, in brackets, which stranger's component a part is, or where its class is; or ""."""
    origin, kind = origin_of(part), type(part)
    if origin is not None and package_of(origin.target) not in LIBRARIES:
        return f" ({origin.component!r}, {origin.where})"
    if origin is None and package_of(kind.__module__) not in LIBRARIES:
        return f" ({find_source(kind)})"
    return ""


def accuse(error: AdvnetsError, *parts: Any) -> AdvnetsError:
    """Return the error that says which part of a game, or which component, is at fault.

    Args:
        error: What is wrong. One that names a place or a module already is returned as it is.
        *parts: Those that may be to blame; of these the first that is a stranger's.

    Returns:
        The error, with the file and line of the component's target, or of a part's class if it
        was made by hand; of what ships with advnets, with its place in the recipe.

    >>> accuse(UsageError("no luck", where="loss"), object()).where  # it is returned as it is
    'loss'
    """
    plain = isinstance(error, UsageError | PluginError)
    if not plain or error.where or getattr(error, "module", None):
        return error
    for part in parts:
        origin, kind = origin_of(part), type(part)
        if origin is not None and package_of(origin.target) not in LIBRARIES:
            made_by = f"{error.message} (component {origin.component!r}, {origin.target})"
            module = origin.target.partition(":")[0]
            return PluginError(made_by, hint=error.hint, where=origin.where, module=module)
        if origin is None and package_of(kind.__module__) not in LIBRARIES:
            error.where = find_source(kind)
            if isinstance(error, PluginError):
                error.module = kind.__module__
            return error
    error.where = next((o.place for part in parts if (o := origin_of(part)) and o.place), None)
    return error


def at_fault(part: Any, message: str, *, hint: str | None = None) -> AdvnetsError:
    """Return the error that a part of a game is at fault for, and names it; see :func:`accuse`."""
    return accuse(PluginError(message, hint=hint), part)


def misused(part: Any, message: str, *, hint: str | None = None) -> UsageError:
    """Return the error that a part does not go with the rest of a game: nobody's code is at
    fault, and it is mended where the recipe names the part.

    >>> misused(object(), "no luck").where is None  # made by hand
    True
    """
    origin = origin_of(part)
    return UsageError(message, hint=hint, where=origin.place if origin else None)


@contextlib.contextmanager
def blame(*parts: Any) -> Iterator[None]:
    """Let errors of advnets' own that are raised within name the part of a game at fault.

    Raises:
        AdvnetsError: As :func:`accuse` makes it.
    """
    try:
        yield
    except AdvnetsError as error:
        named = accuse(error, *parts)
        if named is error:
            raise
        raise named from error
