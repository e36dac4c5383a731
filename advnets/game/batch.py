"""Compute means over the global batch: the one file that knows batch sizes and replicas.

Losses, penalties and observations are given one value per example. Their mean over the
global batch of N = replicas · n examples is the sum, over replicas, of
(1/N) Σ_i value_i. Each replica differentiates its own share of that sum, and the shares'
gradients are added up.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from ..distribute.replicas import replica_index, replicas
from ..errors import PluginError
from ..plugins.tracebacks import find_source, qualified_name


def size(x: tf.Tensor) -> int | tf.Tensor:
    """Return the number of examples in this replica's batch, static where it is known."""
    return x.shape[0] if x.shape[0] is not None else tf.shape(x)[0]


def global_size(x: tf.Tensor) -> int | tf.Tensor:
    """Return the number of examples in the batches of all replicas, static where it is known.

    Replicas may share a last batch unevenly; batches of a static size they share evenly.
    """
    here = size(x)
    if isinstance(here, int) or replicas() == 1:
        return here * replicas()
    return tf.reduce_sum(sizes(here))


def sizes(examples: int | tf.Tensor) -> tf.Tensor:
    """Return how many examples each replica has, int32 ``[replicas]``, on all of them."""
    own = tf.one_hot(replica_index(), replicas()) * tf.cast(examples, tf.float32)
    return tf.cast(total([own])[0], tf.int32)


def split(x: tf.Tensor, parts: int) -> list[tf.Tensor]:
    """Split a round's examples ``[k · N, ...]`` into k parts ``[N, ...]``.

    Where k does not divide them, as it may not the last batch of an epoch, parts differ by one
    example; of fewer than k examples, every part has one, and some are in several.

    >>> [part.numpy().tolist() for part in split(tf.range(5), 2)]
    [[0, 1], [2, 3, 4]]
    >>> [part.numpy().tolist() for part in split(tf.range(2), 3)]
    [[0], [0], [1]]
    """
    n = size(x)
    if parts == 1:
        return [x]
    if isinstance(n, int) and n % parts == 0:
        return tf.split(x, parts)
    starts = [i * n // parts for i in range(parts + 1)]
    return [x[start : tf.maximum(end, start + 1)] for start, end in itertools.pairwise(starts)]


def per_example(
    values: tf.Tensor, like: tuple[Any, ...], who: str | Callable[..., Any]
) -> tf.Tensor:
    """Return one value per example, ``[N]``, of values for each patch or step, ``[N, ...]``.

    Args:
        values: What a loss returned.
        like: The shapes of what D said: any but ``[N]`` and these is refused, or a mistake
            such as [N, 1] − [N] would pass.
        who: What returned them, for the message.

    Raises:
        PluginError: If the shape is another.
    """
    shape = getattr(values, "shape", None)
    if shape is None or not shape.rank or shape.rank == 1:
        return values
    if not any(shape.rank == known.rank and shape.is_compatible_with(known) for known in like):
        raise _no_share(f"shape {shape}", who)
    return tf.reduce_mean(values, axis=list(range(1, shape.rank)))


def share(values: tf.Tensor, who: str | Callable[..., Any]) -> tf.Tensor:
    """Return this replica's share of the global mean: (1/N) Σ_i value_i.

    Args:
        values: One value per example of this replica, float ``[n]``.
        who: What returned them, or a name for it, for the message.

    Returns:
        A float32 scalar.

    Raises:
        PluginError: If ``values`` is not one value per example.

    >>> float(share(tf.constant([1.0, 3.0]), "a loss"))
    2.0
    """
    try:
        values = tf.convert_to_tensor(values)
    except (TypeError, ValueError) as error:
        raise _no_share(f"{type(values).__name__} ({values!r:.60})", who) from error
    if values.shape.rank != 1:
        raise _no_share(f"shape {values.shape}", who)
    values = tf.cast(values, tf.float32)
    return tf.reduce_sum(values) / tf.cast(global_size(values), tf.float32)


def _no_share(what: str, who: str | Callable[..., Any]) -> PluginError:
    name, where, module = who, None, None
    if not isinstance(who, str):
        name, where = qualified_name(who), find_source(who)
        module = type(getattr(who, "__self__", who)).__module__
    return PluginError(
        f"{name} returned {what}; one value per example, shape [N], was expected",
        hint="leave the mean over the batch to advnets",
        where=where,
        module=module,
    )


def total(values: list[tf.Tensor]) -> list[tf.Tensor]:
    """Return the sum of each tensor over all replicas."""
    if replicas() == 1 or not values:  # a player may move nothing
        return list(values)
    context = tf.distribute.get_replica_context()
    return list(context.all_reduce(tf.distribute.ReduceOp.SUM, list(values)))


def global_mean(values: tf.Tensor) -> tf.Tensor:
    """Return the mean over the examples of the global batch, for losses that compare with a mean.

        1/N Σ_i values_i   over all N = replicas · n examples

    Every replica gets the same mean, and its gradient is that of the global batch: what
    the other replicas' losses owe to this replica's examples through the mean comes back
    to it. (A replica minimises its share of the objective, and the gradients of all
    replicas are added up. The derivative of a sum over replicas is the sum over replicas of
    the derivatives, and so it is summed here on the way back as well.)

    Args:
        values: Of this replica's examples, float ``[n, ...]``.

    Returns:
        float32 ``[...]``.

    >>> float(global_mean(tf.constant([1.0, 3.0])))
    2.0
    """
    values = tf.cast(values, tf.float32)
    here = tf.reduce_sum(values, axis=0) / tf.cast(global_size(values), tf.float32)
    return total([here])[0]


def gather(values: tf.Tensor) -> tf.Tensor:
    """Return the examples of all replicas, in their order, on each of them.

    Gradients flow back to the replica that each example is from. It may stand in no branch of
    a replica's own, since all have to meet.

    Args:
        values: Of this replica's examples, ``[n, ...]``.

    Returns:
        ``[N, ...]``.

    >>> gather(tf.constant([1.0, 3.0])).numpy().tolist()
    [1.0, 3.0]
    """
    if replicas() == 1:
        return tf.identity(values)
    return tf.distribute.get_replica_context().all_gather(values, axis=0)


def total_gradients(gradients: Sequence[tf.Tensor | None]) -> list[tf.Tensor | None]:
    """Return the gradient of the global batch: each tensor summed over replicas, ``None`` kept."""
    if replicas() == 1:
        return list(gradients)
    summed = iter(total([g for g in gradients if g is not None]))
    return [None if g is None else next(summed) for g in gradients]


def if_all_agree(
    condition: tf.Tensor, do: Callable[[list[tf.Tensor]], Any], tensors: Sequence[tf.Tensor]
) -> None:
    """Call ``do(tensors)`` on every replica where ``condition`` holds, and do nothing where not.

    Args:
        condition: A scalar bool that is the same on all replicas.
        do: Something that moves variables, such as an optimizer's step.
        tensors: This replica's values for it.
    """

    def done(tensors: Sequence[tf.Tensor]) -> tf.Tensor:
        do(list(tensors))
        return tf.constant(True)

    def on_all_replicas(
        strategy: tf.distribute.Strategy, condition: Any, tensors: Sequence[Any]
    ) -> None:
        tf.cond(
            strategy.experimental_local_results(condition)[0],
            lambda: strategy.experimental_local_results(
                strategy.extended.call_for_each_replica(done, args=(tensors,))
            )[0],
            lambda: tf.constant(False),
        )

    if not tf.distribute.has_strategy():
        tf.cond(condition, lambda: done(tensors), lambda: tf.constant(False))
        return
    # What moves mirrored variables lets the replicas meet, which no branch of a replica's own
    # may do: so they meet first, and branch together.
    context = tf.distribute.get_replica_context()
    context.merge_call(on_all_replicas, args=(condition, list(tensors)))


def change_variables(
    change: Callable[..., Any], variables: Sequence[Any], values: Sequence[Any], *others: Any
) -> None:
    """Call ``change(variable, value, *others)`` for each pair, for every replica's own copy.

    Args:
        change: What assigns to a variable.
        variables: TensorFlow's variables.
        values: A variable or tensor for each.
        *others: Tensors.
    """
    values = [tf.convert_to_tensor(value) for value in values]  # each replica's own

    def on_all_replicas(
        strategy: tf.distribute.Strategy, values: Sequence[Any], *others: Any
    ) -> None:
        for variable, value in zip(variables, values, strict=True):
            strategy.extended.update(variable, change, args=(value, *others), group=False)

    if tf.distribute.has_strategy():
        context = tf.distribute.get_replica_context()
        context.merge_call(on_all_replicas, args=(values, *others))
        return
    for variable, value in zip(variables, values, strict=True):
        change(variable, value, *others)


def take_reduced_gradients(optimizer: keras.optimizers.Optimizer) -> None:
    """Declare a Keras optimizer's gradients to be sums over the replicas already.

    It would add up the replicas' gradients itself, after it has clipped each replica's
    share, and nobody else would see the sum: norms and checks would have to add up again.
    """
    optimizer._all_reduce_sum_gradients = list


def global_norm(gradients: Sequence[tf.Tensor | None]) -> tf.Tensor:
    """Return the L2 norm of the global batch's gradient, a float32 scalar."""
    return tf.linalg.global_norm([g for g in gradients if g is not None])
