"""Refuse a round that a resumed run would not repeat: state that is not saved, unseeded draws."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import CellType, FunctionType
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf
from tensorflow.python.framework import auto_control_deps_utils as effects  # has no public twin
from tensorflow.python.framework.func_graph import FuncGraph

from ..errors import PluginError
from ..plugins.origins import at_fault
from .state import copies, state_variables

if TYPE_CHECKING:
    from .game import AdversarialGame

FURTHER_DRAWS = ("Multinomial", "TruncatedNormal", "ParameterizedTruncatedNormal")
"""Operations that draw without saying so in their names."""
NOT_ITS_OWN = [str(Path(file).parent) for file in (tf.__file__, keras.__file__)] + [
    str(Path(__file__).parents[1])
]
"""Where lines of code lie that a component's author did not write."""


def refuse_unsaved(game: AdversarialGame) -> None:
    """Refuse the round that is being traced if it assigns a variable that is found nowhere.

    Such are variables in closures and globals: neither saved nor restored nor hashed, so a
    resumed run would be another one. Call it at the end of a round; where nothing is traced it
    does nothing.

    Args:
        game: The game whose round it is.

    Raises:
        PluginError: By the variable's name, and where it is assigned.
    """
    graph = tf.compat.v1.get_default_graph()
    if tf.executing_eagerly() or not isinstance(graph, FuncGraph):
        return
    saved = [*state_variables(game).values(), *(v.value for v in game.variables)]
    known = {id(copy.handle) for variable in saved for copy in copies(variable)}
    for operation, handle in _assignments(graph):
        if id(handle) in known:
            continue
        known.add(id(handle))
        if variables := _variables_of(handle):
            raise _refusal(variables, operation)


def numbers_of(game: AdversarialGame) -> dict[str, float]:
    """Return the plain numbers that a game's components hold, by the place of each."""
    return {
        f"{path}.{name}": value
        for path, component in game.components().items()
        for name, value in {**vars(type(component)), **getattr(component, "__dict__", {})}.items()
        if type(value) in (int, float)
    }


def refuse_counting(game: AdversarialGame, before: Mapping[str, float]) -> None:
    """Refuse the round that is being traced if a component changes a number that it holds.

    Python runs while a round is compiled, and not while it is played: what it counts are traces.

    Args:
        game: The game whose round it is.
        before: What :func:`numbers_of` returned before the round.

    Raises:
        PluginError: By the number's place.
    """
    if tf.executing_eagerly():
        return
    after, components = numbers_of(game), game.components()
    for place, value in before.items():
        now = after.get(place, value)
        if now == value or (now != now and value != value):  # NaN stays NaN
            continue
        path, _, name = place.rpartition(".")
        raise at_fault(
            components[path],
            f"a round changes the number {name!r} of {path}, {value} → {now}, in Python: that is "
            "done when rounds are compiled, not when they are played, and is saved nowhere",
            hint=f"hold it as a variable, self.{name} = advnets.game.state({value}), and assign it",
        )


def refuse_changes(game: AdversarialGame) -> None:
    """Refuse the evaluation that is being traced if it would change what training changes.

    Args:
        game: The game that is evaluated.

    Raises:
        PluginError: By the variable's name, and where it is assigned.
    """
    graph = tf.compat.v1.get_default_graph()
    if tf.executing_eagerly() or not isinstance(graph, FuncGraph):
        return
    names = {
        id(copy.handle): name
        for name, variable in state_variables(game).items()
        for copy in copies(variable)
    }
    for operation, handle in _assignments(graph):
        if id(handle) in names:
            file, line = _line_of(operation)
            raise PluginError(
                f"evaluating the game would change its variable {names[id(handle)]!r}",
                hint="a component changes its state in its method `update`, which only rounds call",
                where=f"{file}:{line}" if file else None,
                module=_module_of(file),
            )


def refuse_unseeded() -> None:
    """Refuse the round that is being traced if it draws random numbers that no seed determines.

    A run that is resumed would draw others, and each replica would draw its own.

    Raises:
        PluginError: With the place where they are drawn.
    """
    graph = tf.compat.v1.get_default_graph()
    if tf.executing_eagerly() or not isinstance(graph, FuncGraph):
        return
    for operation in _all_operations(graph):
        kind = operation.type
        drawing = "Random" in kind or kind in FURTHER_DRAWS
        if drawing and operation.op_def.is_stateful and not kind.startswith("Stateless"):
            file, line = _line_of(operation)
            raise PluginError(
                f"a round draws random numbers by {kind}, which the seed does not determine: a "
                "run that is resumed would be another one",
                hint="use `draw` (play.draw, scene.draw, what a condition or a prior is given): "
                "draw.uniform(stream, shape, n), draw.normal(…); or keras.random with a "
                "SeedGenerator that the component holds",
                where=f"{file}:{line}" if file else None,
                module=_module_of(file),
            )


def _all_operations(graph: Any) -> Iterator[tf.Operation]:
    """Return the operations of a graph, and of the functions that it calls."""
    yield from graph.get_operations()
    for function in getattr(graph, "_functions", {}).values():
        inner = getattr(function, "graph", None)
        if inner is not None:
            yield from _all_operations(inner)


def _assignments(graph: FuncGraph) -> Iterator[tuple[tf.Operation, Any]]:
    """Return each operation that changes a variable from outside of the graph, and the handle.

    An operation with branches, a loop, a function: it is known to TensorFlow of each of them
    which resources it only reads.
    """
    outer = _captured(graph)
    for operation in graph.get_operations():
        resources = [tensor for tensor in operation.inputs if tensor.dtype == tf.resource]
        if not resources or operation.type.startswith("Collective"):  # these hold a token, to wait
            continue
        _, written = effects.get_read_write_resource_inputs(operation)
        for tensor in written:
            if isinstance(handle := outer.get(id(tensor)), tf.__internal__.EagerTensor):
                yield operation, handle


def _captured(graph: FuncGraph) -> dict[int, Any]:
    """Return what tensors of a graph stand for, by their ids, outside of all graphs."""
    found = {id(inside): outside for outside, inside in graph.captures}
    if isinstance(graph.outer_graph, FuncGraph):
        further = _captured(graph.outer_graph)
        found = {key: further.get(id(value), value) for key, value in found.items()}
    return found


def _variables_of(handle: Any) -> list[tf.Variable]:
    """Return the variables with a handle: one, and the mirrored one that it is a copy of.

    None for the handle of something else, of an iterator or a table.
    """
    return [
        thing
        for thing in gc.get_objects()
        if issubclass(type(thing), tf.Variable)
        and any(copy.handle is handle for copy in copies(thing))
    ]


def _refusal(variables: list[tf.Variable], operation: tf.Operation) -> PluginError:
    file, line = _line_of(operation)
    module = _module_of(file)
    names = [name for variable in variables if (name := _name_of(variable))]
    name = (names or [variables[0].name.split(":")[0]])[0]
    return PluginError(
        f"a round assigns the variable {name!r} ({variables[0].dtype.name}, shape "
        f"{tuple(variables[0].shape)}), which no component of the game holds: it would be "
        "neither saved nor restored",
        hint="make it by advnets.game.state(value) and hold it as an attribute of the component "
        "(in a Keras layer: by add_weight); globals and closures are not searched",
        where=f"{file}:{line}" if file else None,
        module=module,
    )


def _module_of(file: str | None) -> str | None:
    owners = (m for m in list(sys.modules.values()) if getattr(m, "__file__", None) == file)
    return next((m.__name__ for m in owners), None) if file else None


def _line_of(operation: tf.Operation) -> tuple[str | None, int]:
    """Return the innermost line of its author's code that made an operation.

    None where replicas met for it: that is done in another thread.
    """
    frames = list(operation.traceback)
    steps = [i for i, frame in enumerate(frames) if frame.name in ("train_step", "test_step")]
    for frame in reversed(frames[steps[-1] :] if steps else []):
        if not _is_ours(frame.filename):
            return frame.filename, frame.lineno
    return None, 0


def _name_of(variable: tf.Variable) -> str | None:
    """Return what a global or a closure of its author calls a variable."""
    for module in list(sys.modules.values()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if _is(value, variable):
                return name
    for thing in gc.get_objects():
        if type(thing) is FunctionType and not _is_ours(thing.__code__.co_filename):
            for name, cell in zip(thing.__code__.co_freevars, thing.__closure__ or (), strict=True):
                if cell != CellType() and _is(cell.cell_contents, variable):
                    return name
    return None


def _is(value: Any, variable: tf.Variable) -> bool:
    wrapped = issubclass(type(value), keras.Variable) and value.value is variable
    return wrapped or value is variable


def _is_ours(file: str) -> bool:
    return any(file.startswith(place) for place in NOT_ITS_OWN)
