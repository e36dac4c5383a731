"""``distribution.determinism``: only operations that give the same bits every time."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import tensorflow as tf
from tensorflow.python.framework import config as tf_config  # has no public way back

from ..errors import RunError
from ..plugins.tracebacks import text_of

SIGN = "eterminis"
"""What all of TensorFlow's refusals have in common, at the start of a sentence or not."""


@contextlib.contextmanager
def determinism(wanted: bool) -> Iterator[None]:
    """Turn TensorFlow's op determinism on while inside, if it is wanted.

    Operations then take implementations that repeat bit by bit, and those that have none
    refuse to run; random ones refuse to without a seed.

    Raises:
        RunError: In place of such a refusal, naming the operation.

    >>> with determinism(True):
    ...     tf.timestamp()
    Traceback (most recent call last):
    ...
    advnets.errors.RunError: distribution.determinism is true, but Timestamp cannot repeat ...
    """
    if not wanted:
        yield
        return
    before = tf_config.is_op_determinism_enabled()
    tf.config.experimental.enable_op_determinism()
    try:
        yield
    except (tf.errors.OpError, RuntimeError) as error:
        if SIGN not in text_of(error):
            raise
        raise RunError(
            f"distribution.determinism is true, but {refused(error)} cannot repeat bit by bit: "
            f"{_sentence(error)}",
            hint="use another operation in the loss, penalty or network that calls it, or leave "
            "distribution.determinism at false",
        ) from error
    finally:
        if not before:
            tf_config.disable_op_determinism()


def refused(error: Exception) -> str:
    """Return the operation that refused, as far as TensorFlow tells.

    >>> refused(RuntimeError("... {{node generator/Bincount}} ..."))
    "'generator/Bincount'"
    >>> refused(RuntimeError("Random ops require a seed to be set when determinism is enabled."))
    'a random operation'
    """
    text = text_of(error)
    node = re.search(r"\{\{node ([^}]+)\}\}", text)
    if node:
        return repr(node[1])
    called = re.search(r"\[Op:(\w+)\]", text)
    if called:
        return called[1]
    return "a random operation" if "seed" in text else "an operation"


def _sentence(error: Exception) -> str:
    lines = str(error).splitlines()
    return next(line for line in lines if SIGN in line).strip()
