"""Fit a game as Keras fits a model: what its callbacks need, and the end of training."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..errors import UsageError

MonitorCallback = next(  # has no public name
    base for base in keras.callbacks.EarlyStopping.__mro__ if base.__name__ == "MonitorCallback"
)
LOSSES = ("loss", "d_loss", "g_loss")
"""What somebody minimises: lower values are better."""


class Fitting(keras.Model):
    """Fit players that are moved by optimizers of their own.

    Attributes:
        networks: The networks by name.
    """

    networks: Mapping[str, keras.Model]

    def fit(  # type: ignore[override]
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        **options: Any,
    ) -> keras.callbacks.History:
        """Play the game on some data; see ``keras.Model.fit``.

        Args:
            x: Examples, float or whole numbers (:func:`advnets.game.batches.as_batch`), or whatever
                Keras takes that yields them: arrays, a ``tf.data.Dataset``, a generator, a
                ``PyDataset``. Batches may end in a smaller one.
            y: Labels, or fields by name.
            batch_size: Examples in a batch; a round takes the k steps of D out of one.
            epochs: How often the data are gone through.
            verbose: Keras's progress bar.
            callbacks: Keras callbacks. Those that change learning rates change all players', or
                one by :func:`advnets.game.for_player`.
            **options: The others of ``keras.Model.fit``.

        Raises:
            UsageError: If a callback could not do here what it says.
        """
        self._assert_compile_called("fit")
        x = take_data(x, self.example_shape)
        self._prepare(_listed(callbacks))
        history = super().fit(x, y, batch_size, epochs, verbose, callbacks, **options)
        if history.epoch:  # else there are no averages yet
            self._finalize()
        return history

    def _prepare(self, callbacks: Iterable[keras.callbacks.Callback]) -> None:
        """Give callbacks what a game lacks that they look for; refuse what cannot be given."""
        for callback in callbacks:
            if isinstance(callback, keras.callbacks.TerminateOnNaN):
                _show_loss(callback)
            if isinstance(callback, keras.callbacks.SwapEMAWeights):
                refuse_without_averages(self, callback)
            if isinstance(callback, MonitorCallback):
                refuse_one_loss(callback)
                settle_direction(callback)

    def _finalize(self) -> None:
        """Give weights the averages that optimizers keep of them (``use_ema``), as Keras does."""
        for name, optimizer in self.optimizers.items():
            optimizer.finalize_variable_values([v for _, v in self._moved_by(name)])

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """The optimizers by name."""
        raise NotImplementedError

    def _moved_by(self, optimizer: str) -> list[tuple[int, Any]]:
        raise NotImplementedError

    @property
    def example_shape(self) -> tuple[int | None, ...] | None:
        """The shape of one example, where the generator tells it."""
        shape = getattr(self.networks["generator"], "output_shape", None)
        return tuple(shape[1:]) if isinstance(shape, tuple) else None


def take_data(x: Any, shape: tuple[int | None, ...] | None) -> Any:
    """Return what Keras takes of what ``fit`` is given; refuse what it would not.

    Args:
        x: The data.
        shape: Of one example, where it is known.

    Raises:
        UsageError: If they are no arrays of numbers, or no batches.
    """
    if isinstance(x, types.GeneratorType):  # Keras asks each item to be a tuple
        return (item if isinstance(item, tuple) else (item,) for item in x)
    if isinstance(x, tf.data.Dataset):
        for name, spec in _specs(x.element_spec):
            if shape is not None and spec.shape.rank == len(shape) and spec.shape == shape:
                raise UsageError(
                    f"the data set gives one example at a time: {name} of the shape {shape}, where "
                    f"a batch [N, {', '.join(map(str, shape))}] was expected",
                    hint="dataset.batch(64)",
                )
    kind = np.dtype(getattr(x, "dtype", "f") if isinstance(x, np.ndarray) else "f").kind
    if kind not in "fiub" or (isinstance(x, list | str) and not _holds_arrays(x)):
        what = f"an array of {x.dtype}" if kind not in "fiub" else f"a {type(x).__name__}"
        raise UsageError(
            f"the examples are {what}, which holds no batch of numbers",
            hint="np.asarray(x, 'float32') makes an array [N, ...]",
        )
    if isinstance(x, np.ndarray) and x.dtype == np.uint8 and x.size and x.max() <= 1:
        raise UsageError(
            f"the examples are of the type uint8 and lie in {x.min()} to {x.max()}: as pictures, "
            "whose white is 255, they would be all but black",
            hint="x.astype('float32') if 1 is white",
        )
    return x


def _specs(spec: Any) -> list[tuple[str, Any]]:
    if isinstance(spec, Mapping):
        return [(repr(name), one) for name, one in spec.items() if hasattr(one, "shape")]
    first = spec[0] if isinstance(spec, tuple) and spec else spec
    return _specs(first) if isinstance(first, Mapping) else [("x", first)]


def _holds_arrays(x: Any) -> bool:
    return bool(x) and all(hasattr(one, "shape") for one in x)


def _listed(callbacks: Any) -> list[keras.callbacks.Callback]:
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return list(callbacks.callbacks)
    return keras.tree.flatten(callbacks) if callbacks else []


def _show_loss(callback: keras.callbacks.TerminateOnNaN) -> None:
    """Let it look at all that a round logs: it knows the name ``loss`` alone."""
    look = callback.on_batch_end

    def on_batch_end(batch: int, logs: Mapping[str, Any] | None = None) -> None:
        logs = dict(logs or {})
        look(batch, {**logs, "loss": sum(float(value) for value in logs.values())})

    callback.on_batch_end = on_batch_end


def refuse_without_averages(game: Fitting, callback: keras.callbacks.Callback) -> None:
    """Refuse ``SwapEMAWeights`` where no optimizer keeps averages.

    Raises:
        UsageError: It says how to have some kept.
    """
    if not any(getattr(one, "use_ema", False) for one in game.optimizer.optimizers):
        raise UsageError(
            f"{type(callback).__name__} swaps weights with averages that no optimizer keeps",
            hint="use_ema=True of the generator's optimizer keeps them; so does "
            "GeneratorAverage, without a callback",
        )


def refuse_one_loss(callback: Any) -> None:
    """Refuse to monitor ``loss`` or ``val_loss``, Keras's default, which no game has.

    Raises:
        UsageError: It says what there is instead.
    """
    validated = "val_" if callback.monitor.startswith("val_") else ""
    if callback.monitor.removeprefix("val_") == "loss" and compares(callback):
        raise UsageError(
            f"{type(callback).__name__} monitors {callback.monitor!r}, and a game has no one loss",
            hint=f"monitor='{validated}d_loss' or '{validated}g_loss', or whatever else is logged",
        )


def settle_direction(callback: Any, better: str | None = None) -> None:
    """Settle which values of what a callback monitors are better, before it compares any.

    Keras knows of ``loss`` alone, and asks at the end of an epoch. A player's loss is what it
    minimises.

    Args:
        callback: One that has a ``monitor``.
        better: ``higher`` or ``lower``, where it is known.

    Raises:
        UsageError: If nobody says.
    """
    if callback.monitor_op is not None:
        return
    name = callback.monitor.removeprefix("val_")
    if callback.mode == "auto" and name != "loss":
        if better is None and name not in LOSSES and compares(callback):
            raise UsageError(
                f"{type(callback).__name__} monitors {callback.monitor!r}, of which nobody says "
                "whether higher or lower values are better",
                hint="give it mode='min' or mode='max'",
            )
        callback.mode = "max" if better == "higher" else "min"
    callback._set_monitor_op()


def compares(callback: Any) -> bool:
    """Tell whether a callback compares what it monitors: a ``ModelCheckpoint`` may not."""
    return not isinstance(callback, keras.callbacks.ModelCheckpoint) or callback.save_best_only
