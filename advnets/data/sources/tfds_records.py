"""Read single examples of a TFDS data set that was prepared as ArrayRecord files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...errors import DataError

FORMAT = "array_record"


def has_records(builder: Any) -> bool:
    """Tell whether single examples of a prepared data set can be read."""
    return FORMAT in {form.value for form in builder.info.available_file_formats()}


class Records:
    """Read the examples of one split by index, in the order of TFDS's files.

    They are decoded by the same TensorFlow operations as when TFDS reads them in order.

    Args:
        builder: Of a data set for which :func:`has_records` is true.
        expression: TFDS's expression for the split.
        keys: The features to decode.
        pick: From the decoded features, in a graph, to an example and its fields.
    """

    def __init__(
        self,
        builder: Any,
        expression: str,
        keys: Sequence[str],
        pick: Callable[[Mapping[str, Any]], tuple[Any, dict[str, Any]]],
    ):
        import tensorflow as tf
        import tensorflow_datasets as tfds

        self._path = builder.data_path
        self._stored = builder.as_data_source(
            expression, deserialize_method=tfds.decode.DeserializeMethod.RAW_BYTES
        )
        partial = tfds.decode.PartialDecoding(dict.fromkeys(keys, True))
        features = partial.extract_features(builder.info.features)

        def decode(record: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
            return pick(features.deserialize_example(record))

        one = tf.function(decode).get_concrete_function(tf.TensorSpec([], tf.string))
        like = tf.nest.map_structure(tf.TensorSpec.from_tensor, one.structured_outputs)
        # Traced once, here: several threads are going to call it.
        self._decode = tf.function(
            lambda records: tf.map_fn(decode, records, fn_output_signature=like)
        ).get_concrete_function(tf.TensorSpec([None], tf.string))

    def __len__(self) -> int:
        return len(self._stored)

    def take(self, indices: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return the examples [n, *shape] with these indices, and their fields [n, …] by name.

        Raises:
            DataError: If they cannot be read (any more).
        """
        import tensorflow as tf

        try:
            records = self._stored.__getitems__([int(index) for index in indices])
            examples, fields = self._decode(tf.constant(records, tf.string))
        except Exception as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise DataError(
                f"examples cannot be read from {self._path}: {reason}",
                hint="prepare the data set again with `advnets data prepare`",
            ) from error
        return examples.numpy(), {name: value.numpy() for name, value in fields.items()}
