"""What a round costs: the floating-point operations and the nodes of its graph."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

CONVOLUTIONS = ("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter")


@dataclass(frozen=True)
class Cost:
    """Hold what one call of a traced function costs.

    Attributes:
        matrix: Floating-point operations in matrix products, a multiplication and an
            addition counting as two.
        convolution: The same in convolutions and their gradients.
        nodes: Operations of the graph, whatever their size.
    """

    matrix: int
    convolution: int
    nodes: int

    @property
    def total(self) -> int:
        """Floating-point operations; what works element by element is not counted."""
        return self.matrix + self.convolution


def cost(function: Callable[..., Any], *arguments: tf.TensorSpec) -> Cost:
    """Trace ``function`` and count.

    Args:
        function: What is to be counted, such as a game's ``train_step``.
        *arguments: The shapes and dtypes of its arguments, all known.

    Returns:
        The cost of one call. Of a condition's branches the dearer one counts, of a loop
        one turn.

    Raises:
        ValueError: If a product's or convolution's shape is not known in the graph, or if
            there is an operation of a kind that is not counted (a Conv3D, say).

    >>> a, b = tf.TensorSpec([10, 20]), tf.TensorSpec([20, 30])
    >>> cost(tf.matmul, a, b).matrix  # 2 · 10 · 20 · 30
    12000
    """
    traced = tf.function(function, autograph=False).get_concrete_function(*arguments)
    return cost_of(traced.graph)


def cost_of(graph: tf.Graph) -> Cost:
    """Return what one run of a traced function's graph costs.

    Raises:
        ValueError: If it cannot be counted; see :func:`cost`.
    """
    matrix = convolution = nodes = 0
    for op in _needed(graph):
        nodes += 1
        if op.type in CONVOLUTIONS:
            convolution += _convolution(op)
        elif op.type in ("MatMul", "BatchMatMulV2"):
            matrix += _product(op)
        elif "Conv" in op.type or op.type in ("Einsum", "XlaDotV2"):
            raise ValueError(f"{op.name} is a {op.type}, whose operations are not counted")
        inner = [cost_of(called) for called in _called(op)]
        if inner:
            dearest = max(inner, key=lambda cost: (cost.total, cost.nodes))
            matrix += dearest.matrix
            convolution += dearest.convolution
            nodes += dearest.nodes
    return Cost(matrix, convolution, nodes)


def _needed(graph: tf.Graph) -> set[tf.Operation]:
    """Return the operations that results or side effects depend on; the others never run."""
    needed: set[tf.Operation] = set()
    waiting = [tensor.op for tensor in graph.outputs] + list(graph.control_outputs)
    while waiting:
        op = waiting.pop()
        if op not in needed:
            needed.add(op)
            waiting += [tensor.op for tensor in op.inputs] + list(op.control_inputs)
    return needed


def _called(op: tf.Operation) -> Iterator[tf.Graph]:
    """Yield the graphs that an operation runs: a function's, a loop's, a condition's branches."""
    for name in ("f", "then_branch", "else_branch", "branches", "cond", "body"):
        try:
            attribute = op.get_attr(name)
        except ValueError:
            continue
        for function in attribute if isinstance(attribute, list) else [attribute]:
            if hasattr(function, "name"):
                yield _graph_of(function.name, op)


def _graph_of(name: str, op: tf.Operation) -> tf.Graph:
    """Return a called function's graph: as a function definition it would have lost the shapes."""
    graph: tf.Graph | None = op.graph
    while graph is not None:
        found = graph._get_function(name)
        if found is not None:
            return found.graph
        graph = getattr(graph, "outer_graph", None)
    raise ValueError(f"{op.name} ({op.type}) calls {name}, whose graph is not kept")


def _product(op: tf.Operation) -> int:
    """Count 2 · m · k · n for every pair of matrices."""
    transposed = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
    left = _known(op.inputs[0].shape, op)
    inner = left[-2] if transposed else left[-1]
    return 2 * math.prod(_known(op.outputs[0].shape, op)) * inner


def _convolution(op: tf.Operation) -> int:
    """Count 2 · (numbers in the output's side) · kernel height · width · input channels.

    All three have the same products to add up, sorted by output pixel, by input pixel or
    by weight.
    """
    if op.type == "Conv2D":
        outputs, kernel = op.outputs[0].shape, op.inputs[1].shape
    elif op.type == "Conv2DBackpropInput":
        outputs, kernel = op.inputs[2].shape, op.inputs[1].shape
    else:
        outputs, kernel = op.inputs[2].shape, op.outputs[0].shape
    height, width, channels, _ = _known(kernel, op)
    return 2 * math.prod(_known(outputs, op)) * height * width * channels


def _known(shape: tf.TensorShape, op: tf.Operation) -> list[int]:
    if not shape.is_fully_defined():
        raise ValueError(f"{op.name} ({op.type}) has an unknown shape, {shape}")
    return [int(side) for side in shape]
