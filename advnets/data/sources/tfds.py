"""Read any data set of TensorFlow Datasets that has images of one size, or vectors."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np

from ...builtin.datasets import TfdsParameters
from ...errors import DataError
from ...recipe.validated import validated_by
from ..examples import Examples
from ..source import Source
from ..spec import SPLITS, DataSpec, Field
from ..splits import group_by_split
from . import tfds_builder
from .tfds_features import check_fields, choose_feature, is_class, is_image
from .tfds_images import resize
from .tfds_records import FORMAT, Records, has_records

READ_AT_ONCE = 500
"""Examples in a batch, while a whole split is read."""


class Tfds(Source):
    """Read a TFDS data set, by its id: prepared on disk, or downloaded at first use.

    Args:
        id: ``mnist``, ``emnist/letters``, ``cifar10:3.0.2``, …
        train: TFDS's expression for the training split, such as ``train[:50000]``.
        validation: Likewise; by default the data set's own split of a usual name, if any.
        test: Likewise.
        feature: The feature to learn: an image, or a tensor of numbers with a fixed shape.
            By default ``image``, or the only feature that will do.
        fields: Further features that come with each example: classes, images, or numbers
            of a fixed shape. The class that the data set is labelled with is always there,
            as ``label``.
        size: Width and height that each image's central square is resized to, or ``[height,
            width]`` (bilinear, antialiased, rounded). Needed when the images' sizes vary.
        data_dir: Where the data set lies prepared; by default where TFDS keeps its data
            (``TFDS_DATA_DIR``, or ~/tensorflow_datasets), and where it is prepared if need be.
        preprocess: See :class:`advnets.DatasetParameters`.

    A split larger than the memory budget can be streamed if the data set was prepared as
    ArrayRecord files, of which single examples can be read (``advnets data prepare ID
    --format array_record``); of TFDS's default format they can't.

    The order is that of TFDS's files, always the same, and not the order in which the data
    set was first published.

    Raises:
        DataError: If TFDS knows no such data set, or if its features can't be learnt.
    """

    name = "tfds"

    @validated_by(TfdsParameters)
    def __init__(
        self,
        id: str,
        train: str = "train",
        validation: str | None = None,
        test: str | None = None,
        feature: str | None = None,
        fields: Sequence[str] = (),
        size: int | Sequence[int] | None = None,
        data_dir: str | os.PathLike[str] | None = None,
        preprocess: str | Mapping[str, Any] = "auto",
    ):
        super().__init__(preprocess)
        self.id = id
        self.name = f"tfds {id}"  # type: ignore[misc]
        self._expressions = {"train": train, "validation": validation, "test": test}
        sides = (size, size) if isinstance(size, int) else size
        self._size = None if sides is None else (sides[0], sides[1])
        self._opened: dict[str, Records] = {}
        self._opening = Lock()
        self._data_dir = data_dir
        self._feature = choose_feature(self._builder.info.features, feature, self.name)
        self._named = tuple(fields)
        check_fields(self._builder.info.features, self._named, self.name)

    @cached_property
    def _builder(self) -> Any:
        return tfds_builder.find_builder(self.id, self._data_dir)

    @cached_property
    def spec(self) -> DataSpec:  # type: ignore[override]
        feature = self._builder.info.features[self._feature]
        shape, dtype = tuple(feature.shape), np.dtype(feature.np_dtype)
        fields = {name: self._declare(key) for name, key in self._fields.items()}
        if not is_image(feature):
            if self._size is not None:
                raise DataError(f"{self.name}: {self._feature!r} is no image; it has no size")
            return DataSpec(shape, dtype.name, fields=fields)
        shape, low, high = self._image(self._feature)
        return DataSpec(shape, dtype.name, low, high, "image", fields)

    def _image(self, key: str) -> tuple[tuple[int, ...], int | None, int | None]:
        """Return the shape of a feature's images, and the ends of their range, if they have one."""
        feature = self._builder.info.features[key]
        shape, dtype = tuple(feature.shape), np.dtype(feature.np_dtype)
        if self._size is not None:
            shape = (*self._size, shape[2])
        if None in shape[:2]:
            raise DataError(
                f"{self.name}: its images have different sizes",
                hint="give a size: each image's central square is resized to it (size: 64)",
            )
        if shape[2] is None:
            raise DataError(f"{self.name}: its images have different numbers of channels")
        return (shape, 0, np.iinfo(dtype).max) if dtype.kind == "u" else (shape, None, None)

    def _declare(self, key: str) -> Field:
        """Declare what a feature that comes with the examples looks like."""
        feature = self._builder.info.features[key]
        if is_class(feature):
            names, count = tuple(map(str, feature.names)), feature.num_classes
            named = names != tuple(map(str, range(count)))  # else it was not given any
            return Field((), "int64", classes=count, names=names if named else ())
        dtype = np.dtype(feature.np_dtype)
        if is_image(feature):
            shape, low, high = self._image(key)
            return Field(shape, dtype.name, None, low, high, "image")
        if dtype.kind == "b":
            return Field(tuple(feature.shape), "uint8", None, 0, 1)
        return Field(tuple(feature.shape), dtype.name)

    @cached_property
    def splits(self) -> tuple[str, ...]:  # type: ignore[override]
        if self._data_dir is not None:
            tfds_builder.refuse_unprepared(self._builder, self._data_dir)
        tfds_builder.prepare(self._builder)
        if not self._builder.info.splits:  # another process prepared it meanwhile
            del self._builder
        return tuple(split for split in SPLITS if self._expression(split))

    def _expression(self, split: str) -> str | None:
        """Return TFDS's expression for a split: as given, or one of a usual name, if any."""
        own = self._builder.info.splits
        called = group_by_split(own).get(split, [])  # type: ignore[call-overload]
        usual = [split] if split in own else called
        return self._expressions[split] or (usual[0] if len(usual) == 1 else None)

    def left_out(self) -> dict[str, list[str]]:
        known = self._builder.info.splits.items()
        words = re.findall(r"[\w-]+", " ".join(self._expression(s) or "" for s in self.splits))
        left = [f"{name} ({each.num_examples:,})" for name, each in known if name not in words]
        return {"splits that nothing reads": left} if left else {}

    def available(self) -> None:
        if self._data_dir is not None:
            tfds_builder.refuse_unprepared(self._builder, self._data_dir)
        tfds_builder.check_available(self._builder)

    def prepared(self) -> bool:
        return tfds_builder.is_prepared(self._builder)

    def read(self, split: str) -> Examples:
        count = self.count(split)
        self.check_budget(split, count)
        if self.reads_parts(split):
            parts = [
                self.read_some(split, np.arange(start, min(start + READ_AT_ONCE, count)))
                for start in range(0, count, READ_AT_ONCE)
            ]
        else:
            parts = self._read_in_order(self._expression(split) or split)
        fields = {
            name: np.concatenate([part.fields[name] for part in parts]) for name in self._fields
        }
        return Examples(np.concatenate([part.examples for part in parts]), fields)

    def count(self, split: str) -> int:
        self.check_split(split)
        return self._count(self._expression(split) or split)

    def reads_parts(self, split: str) -> bool:
        self.check_split(split)  # which prepares it
        return has_records(self._builder)

    def read_some(self, split: str, indices: np.ndarray) -> Examples:
        return Examples(*self._records(split).take(indices))

    @property
    def _other_way(self) -> str:
        return (
            "prepare it so that it can be read in parts, in a folder of its own: `advnets data "
            f"prepare {self.id} --format {FORMAT} --data-dir DIR`, then set dataset.data_dir=DIR"
        )

    def _read_in_order(self, expression: str) -> list[Examples]:
        import tensorflow as tf
        import tensorflow_datasets as tfds

        stored = self._builder.as_dataset(
            split=expression,
            shuffle_files=False,
            decoders=tfds.decode.PartialDecoding(dict.fromkeys(self._keys, True)),
            # One file after the other: so a slice is the same examples in the same order.
            read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
        )

        batches = stored.map(self._pick, num_parallel_calls=tf.data.AUTOTUNE).batch(READ_AT_ONCE)
        return [Examples(*batch) for batch in batches.prefetch(2).as_numpy_iterator()]

    def _records(self, split: str) -> Records:
        with self._opening:
            if split not in self._opened:
                expression = self._expression(split) or split
                self._count(expression)  # explains what is wrong with it, if anything
                self._opened[split] = Records(self._builder, expression, self._keys, self._pick)
            return self._opened[split]

    @property
    def _keys(self) -> list[str]:
        return [self._feature, *self._fields.values()]

    def _pick(self, example: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Return example and fields, in the graph that decodes them."""
        import tensorflow as tf

        fields = {}
        for name, key in self._fields.items():
            declared, value = self.spec.field(name), example[key]
            value = self._resize(value, key) if declared.kind == "image" else value
            fields[name] = tf.cast(value, declared.dtype)
        return self._resize(example[self._feature], self._feature), fields

    @cached_property
    def _fields(self) -> dict[str, str]:
        """Of each field, the feature that holds it: the class, if there is one, and those named."""
        label = {"label": self._label} if self._label else {}
        return {**label, **{name: name for name in self._named}}

    @cached_property
    def _label(self) -> str | None:
        """The feature that holds the class of an example, if there is one."""
        features, keys = self._builder.info.features, self._builder.info.supervised_keys
        for key in (keys[1] if keys else None, "label"):
            known = isinstance(key, str) and key in features
            if known and is_class(features[key]):
                return key
        return None

    def _count(self, expression: str) -> int:
        """Count the examples that a split expression gives.

        Raises:
            DataError: If the expression is malformed, out of bounds, or empty.
        """
        known = self._builder.info.splits
        names = ", ".join(f"{name} ({info.num_examples:,})" for name, info in known.items())
        try:
            count = int(known[expression].num_examples)
        except Exception as error:
            reason = str(error).splitlines()[0]
            raise DataError(
                f"{self.name}: {expression!r} is no split of it: {reason}",
                hint=f"its splits are {names}; write train, train[:50000], train[80%:] "
                "or train+test",
            ) from error
        if not count:
            raise DataError(f"{self.name}: the split {expression!r} is empty", hint=names)
        return count

    def _resize(self, image: Any, key: str) -> Any:
        """Resize the central square, in the graph that reads the data set."""
        stored = self._builder.info.features[key].shape[:2]
        if self._size is None or tuple(stored) == self._size:
            return image
        return resize(image, *self._size)
