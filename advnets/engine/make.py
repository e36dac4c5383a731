"""Make what a recipe's components stand for. Imports no TensorFlow itself."""

from __future__ import annotations

from typing import Any

from ..components import Component
from ..errors import AdvnetsError, PluginError
from ..places import defined_at, described, is_out_of_memory, place_of, top
from ..recipe import Recipe


def make(recipe: Recipe, path: str, kind: type, *context: Any) -> Any:
    """The object of the component at ``path``; see :func:`call`."""
    component, parameters = recipe.component(path)
    return call(component, parameters, kind, *context)


def call(component: Component, parameters: dict[str, Any], kind: type, *context: Any) -> Any:
    """Call a component's target; whatever goes wrong in it is laid at its door, by name.

    Args:
        component: The component.
        parameters: Its parameters.
        kind: What it must return.
        *context: What targets of its kind are given first.

    Raises:
        PluginError: If the target raises, or returns something else.
    """
    target, module = component.load(), component.target.partition(":")[0]
    try:
        made = target(*context, **parameters)
    except AdvnetsError:
        raise
    except (Exception, SystemExit) as error:
        if is_out_of_memory(error):
            raise
        place = place_of(error, {top(module)})
        raise PluginError(
            f"component {component.name!r} ({component.target}) failed to build: "
            f"{described(error)}",
            hint="run again with --traceback to see the way there",
            where=place[0] if place else None,
            module=module,
        ) from error
    if not isinstance(made, kind):
        raise PluginError(
            f"component {component.name!r} ({component.target}) returned "
            f"{type(made).__name__}, not a {kind.__name__}",
            where=defined_at(target),
            module=module,
        )
    return made
