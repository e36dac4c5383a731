"""Draw what generated examples are conditioned on: labels, codes, whatever a field may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from ..builtin.games import BatchParameters, CategoricalParameters, ClassesParameters
from ..data import Field
from ..errors import UsageError
from ..plugins.origins import at_fault
from ..random import Draw
from ..recipe.validated import validated_by
from .batches import Batch
from .configured import Configured
from .context import GameContext
from .prior import Prior


class Condition(Configured):
    """Define how a field of generated examples is drawn; the base class of conditions.

    Attributes:
        field: What one value looks like.
        of_example: Whether real examples have it as well, as a mask of x has: then it is
            drawn once in a play, for both sides.
        fields: The fields of the batch that :meth:`sample` reads.
    """

    field: Field
    of_example: ClassVar[bool] = False
    fields: tuple[str, ...] = ()

    @property
    def chooses(self) -> bool:
        """Whether it says which real examples are read: whether :meth:`indices` is overridden."""
        return type(self).indices is not Condition.indices

    def indices(self, draw: Draw, stream: str, examples: int, count: int) -> tf.Tensor:
        """Say which real examples a batch has, in place of the next ones of a shuffled epoch.

        A pure function of the draw; made of TensorFlow operations. In a recipe alone: ``fit``
        plays on what it is given.

        Args:
            draw: The random numbers of this batch: its ``step`` counts the global batches of the
                run, of which a round has as many as its update rule uses.
            stream: Names the numbers of this use.
            examples: N, of the global batch.
            count: Examples of the training split.

        Returns:
            Places in the training split, int64 ``[N]``; repetitions are allowed.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say which examples are read")

    def sample(
        self, draw: Draw, stream: str, examples: int | tf.Tensor, batch: Batch | None = None
    ) -> tf.Tensor:
        """Draw the field, a pure function of the draw, the stream and the batch.

        Args:
            draw: The random numbers of the round.
            stream: Names the numbers of this use.
            examples: n.
            batch: The real examples of the step; outside of a round some that the run keeps,
                or ``None``.

        Returns:
            ``[n, *field.shape]``.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no sample")


def refuse_chosen(conditions: Mapping[str, Condition]) -> None:
    """Refuse conditions that say which examples are read, where the examples are given.

    Raises:
        UsageError: It says which.
    """
    for name, condition in conditions.items():
        if condition.chooses:
            raise UsageError(
                f"the condition {name!r}, a {type(condition).__name__}, says which examples are "
                "read, and `fit` plays on those that it is given",
                hint="play it by a recipe, advnets.run(…), whose data are read as it says",
            )


def check_drawn(name: str, condition: Condition | Prior, drawn: Any) -> None:
    """Check the shape and type of what a condition drew, and of an array the classes too.

    Args:
        name: The condition's; ``latent``, of a prior.
        condition: It.
        drawn: What it returned.

    Raises:
        PluginError: If its field says otherwise.
    """
    field = Field(condition.shape, "float32") if isinstance(condition, Prior) else condition.field
    shape = getattr(drawn, "shape", None)
    expected = f"[n, {', '.join(map(str, field.shape))}]" if field.shape else "[n]"
    if shape is None or not tf.TensorShape((None, *field.shape)).is_compatible_with(shape):
        found = type(drawn).__name__ if shape is None else str(list(shape))
    elif field.classes is None:
        return
    elif not tf.as_dtype(drawn.dtype).is_integer:
        found, expected = tf.as_dtype(drawn.dtype).name, f"classes, {field.dtype}"
    elif (
        isinstance(drawn, np.ndarray)
        and drawn.size
        and (drawn.min() < 0 or drawn.max() >= field.classes)
    ):
        found, expected = f"{drawn.min()} to {drawn.max()}", f"classes 0 to {field.classes - 1}"
    else:
        return
    prior = isinstance(condition, Prior)
    raise at_fault(
        condition,
        f"{'the prior' if prior else f'the condition {name!r}'}, a {type(condition).__name__}, "
        f"drew {found}; its {'shape' if prior else 'field'} says {expected}",
    )


class UniformClasses(Condition):
    """Draw every class alike: p(y) = 1/K.

    Args:
        classes: K; in a recipe that of the data's field.
        field: Of another field of the data than the condition's own.

    >>> y = UniformClasses(classes=10).sample(Draw(1, 0), "label", 1000)
    >>> y.dtype.name, int(tf.reduce_min(y)), int(tf.reduce_max(y))
    ('int64', 0, 9)
    """

    @validated_by(ClassesParameters)
    def __init__(
        self,
        classes: int | None = None,
        field: str | None = None,
        context: GameContext | None = None,
    ):
        if classes is None:
            if context is None:
                raise UsageError(
                    "the number of classes is needed", hint="UniformClasses(classes=10)"
                )
            classes = context.class_field(field).classes
        self.field = Field((), "int64", classes=classes)

    def get_config(self) -> dict[str, Any]:
        """Return K, whoever said it."""
        return {"classes": self.field.classes}

    def sample(
        self, draw: Draw, stream: str, examples: int | tf.Tensor, batch: Batch | None = None
    ) -> tf.Tensor:
        """Draw classes, int64 ``[n]``."""
        classes = self.field.classes or 1
        u = draw.uniform(stream, (), examples)
        return tf.minimum(tf.cast(u * classes, tf.int64), classes - 1)


class Categorical(UniformClasses):
    """Draw a code that the data know nothing of, every class alike (InfoGAN's c).

    Args:
        classes: K.

    Source: Chen et al. 2016 (arXiv:1606.03657).
    """

    @validated_by(CategoricalParameters)
    def __init__(self, classes: int):
        super().__init__(classes)


class Frequencies(Condition):
    """Draw classes by their frequencies, those in the training data by default.

    Args:
        frequencies: p(y), ``[K]``, of any positive sum.
        field: Of another field of the data than the condition's own.

    >>> y = Frequencies([0.0, 1.0, 3.0]).sample(Draw(1, 0), "label", 4000)
    >>> [round(float(tf.reduce_mean(tf.cast(y == k, tf.float32))), 1) for k in range(3)]
    [0.0, 0.3, 0.7]
    """

    @validated_by(ClassesParameters)
    def __init__(
        self,
        frequencies: np.ndarray | list[float] | None = None,
        field: str | None = None,
        context: GameContext | None = None,
    ):
        if frequencies is None:
            if context is None:
                raise UsageError("frequencies are needed", hint="Frequencies([0.5, 0.5])")
            context.class_field(field)
            frequencies = context.frequencies(field or context.name)
        odds = np.asarray(frequencies, np.float64)
        if odds.ndim != 1 or not np.isfinite(odds).all() or (odds < 0).any() or not odds.sum():
            raise UsageError(f"frequencies are numbers ≥ 0 of a positive sum, not {frequencies}")
        self.field = Field((), "int64", classes=len(odds))
        self._odds = odds
        # Ends of the classes in [0, 1]. float32 holds multiples of 2⁻²³ exactly.
        self._ends = np.cumsum(odds / odds.sum()).astype(np.float32)
        self._last = int(np.flatnonzero(odds)[-1])

    def get_config(self) -> dict[str, Any]:
        """Return p(y), whoever said it."""
        return {"frequencies": self._odds.tolist()}

    def sample(
        self, draw: Draw, stream: str, examples: int | tf.Tensor, batch: Batch | None = None
    ) -> tf.Tensor:
        """Draw classes, int64 ``[n]``."""
        u = draw.uniform(stream, (), examples)
        found = tf.searchsorted(tf.constant(self._ends), u, side="right", out_type=tf.int64)
        return tf.minimum(found, self._last)


class FromBatch(Condition):
    """Take what comes with the real examples of the batch, as fields do that no condition draws.

    Args:
        field: The field's name; in a recipe by default the condition's own.
        like: What one value looks like; in a recipe as in the data.
    """

    @validated_by(BatchParameters)
    def __init__(
        self,
        field: str | None = None,
        like: Field | None = None,
        context: GameContext | None = None,
    ):
        if context is not None:
            field = field or context.name
            like = like or context.spec.field(field)
        if field is None or like is None:
            raise UsageError(
                "the field is needed", hint="FromBatch('label', Field((), 'int64', 10))"
            )
        self.field, self.fields = like, (field,)

    def get_config(self) -> dict[str, Any]:
        """Return the field's name, and what one value looks like, whoever said it."""
        return {"field": self.fields[0], "like": asdict(self.field)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> FromBatch:
        """Make one from what :meth:`get_config` returned."""
        like: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in config["like"].items()
        }
        return cls(config["field"], Field(**like))

    def sample(
        self, draw: Draw, stream: str, examples: int | tf.Tensor, batch: Batch | None = None
    ) -> tf.Tensor:
        """Return the batch's values, ``[n, ...]``.

        Raises:
            UsageError: Outside of a round, if the run keeps no examples.
        """
        (name,) = self.fields
        if batch is None or name not in batch.fields:
            raise UsageError(
                f"{name!r} comes with real examples, and there are none here",
                hint=f"say what it is to be: given={{{name!r}: …}}",
            )
        return batch.fields[name]
