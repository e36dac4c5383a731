"""Remember where players stand, and put them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from .batch import change_variables


@dataclass(frozen=True)
class Point:
    """Hold the values that variables had: this replica's.

    Attributes:
        variables: TensorFlow's variables.
        values: What each of them held.
    """

    variables: Sequence[Any]
    values: Sequence[tf.Tensor]

    @classmethod
    def of(cls, variables: Sequence[Any]) -> Point:
        """Take down what variables hold now."""
        return cls(variables, [tf.identity(tf.convert_to_tensor(each)) for each in variables])

    def put_back(self) -> None:
        """Let the variables hold that again, on every replica its own values."""
        change_variables(_assign, self.variables, self.values)


def _assign(variable: Any, value: tf.Tensor) -> Any:
    return variable.assign(value)
