"""Fit a game as Keras fits a model: what its callbacks need, and the end of training."""

from __future__ import annotations

import itertools
import types
from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..errors import UsageError
from .batches import refuse_weights
from .compiling import METHODS

MonitorCallback = next(  # has no public name
    base for base in keras.callbacks.EarlyStopping.__mro__ if base.__name__ == "MonitorCallback"
)
NO_BATCH = "there are no examples: the data gave no batch"
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
            UsageError: If a callback could not do here what it says, or if there are no examples.
        """
        self._assert_compile_called("fit")
        _refuse_weights_in(options)
        x, held_out = take_data(x, self.example_shape), options.get("validation_data")
        if held_out is not None:
            options["validation_data"] = _take_held_out(held_out, self.example_shape)
        share = options.get("validation_split") or 0.0
        if not 0 <= share < 1:  # Keras would cut off as many from the other end
            raise UsageError(f"validation_split={share:g}; a share of the examples, 0 to 1, it is")
        validates = held_out is not None or bool(share)
        self._prepare(_listed(callbacks), validates)
        before = int(self.rounds.numpy())
        history = super().fit(x, y, batch_size, epochs, verbose, callbacks, **options)
        if history.epoch and int(self.rounds.numpy()) == before:
            raise UsageError(NO_BATCH)
        if history.epoch:  # else there are no averages yet
            self._finalize()
        return history

    def evaluate(self, x: Any = None, *args: Any, **options: Any) -> Any:
        """Judge held-out examples; see ``keras.Model.evaluate``.

        Args:
            x: As for :meth:`fit`.
            *args: The others of ``keras.Model.evaluate``.
            **options: The same.

        Returns:
            A list in the order of ``metrics_names``, or numbers by name.

        Raises:
            UsageError: If there are no examples.
        """
        self._assert_compile_called("evaluate")
        _refuse_weights_in(options)
        if not options.get("_use_cached_eval_dataset"):  # else `fit` calls, which has taken them
            x = take_data(x, self.example_shape)
        found = super().evaluate(x, *args, **options)
        if not found:
            raise UsageError(NO_BATCH)
        return found

    def _assert_compile_called(self, method_name: str | None = None) -> None:
        """Refuse to play, or to judge, before there are optimizers."""
        if not self.compiled:
            raise UsageError(
                f"{method_name or 'this'}: the game is not compiled: it has no optimizers",
                hint="game.compile(keras.optimizers.Adam(2e-4, 0.5), "
                "keras.optimizers.Adam(2e-4, 0.5)), the generator's first",
            )

    def _prepare(self, callbacks: Iterable[keras.callbacks.Callback], validates: bool) -> None:
        """Give callbacks what a game lacks that they look for; refuse what cannot be given."""
        for callback in callbacks:
            if isinstance(callback, keras.callbacks.TerminateOnNaN):
                _show_loss(callback)
            if isinstance(callback, keras.callbacks.OrbaxCheckpoint):
                why, instead = METHODS["get_state_tree"]
                raise UsageError(f"OrbaxCheckpoint: {why}", hint=f"ModelCheckpoint; {instead}")
            if isinstance(callback, keras.callbacks.SwapEMAWeights):
                refuse_without_averages(self, callback)
            if isinstance(callback, MonitorCallback):
                refuse_one_loss(callback)
                settle_direction(callback)
                _refuse_unlogged(callback, validates)

    def _finalize(self) -> None:
        """Give weights the averages that optimizers keep of them (``use_ema``), as Keras does."""
        for name, optimizer in self.optimizers.items():
            optimizer.finalize_variable_values([v for _, v in self._moved_by(name)])

    @property
    def optimizers(self) -> Mapping[str, keras.optimizers.Optimizer]:
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
    if x is None:
        raise UsageError("there are no examples", hint="fit(x), evaluate(x): an array [N, ...]")
    if isinstance(x, types.GeneratorType):  # Keras asks each item to be a tuple
        first = list(itertools.islice(x, 1))
        if not first:
            raise UsageError(NO_BATCH, hint="a generator that has ended gives nothing more")
        items = itertools.chain(first, x)
        return (item if isinstance(item, tuple) else (item,) for item in items)
    if isinstance(x, tf.data.Dataset):
        for name, spec in _specs(x.element_spec):
            if shape is not None and spec.shape.rank == len(shape) and spec.shape == shape:
                raise UsageError(
                    f"the data set gives one example at a time: {name} of the shape {shape}, where "
                    f"a batch [N, {', '.join(map(str, shape))}] was expected",
                    hint="dataset.batch(64)",
                )
    if isinstance(x, np.ndarray | tf.Tensor) and x.shape[:1] in ((), (0,)):
        raise UsageError(
            f"there are no examples in an array of the shape {tuple(x.shape)}",
            hint="examples are the first axis: [N, ...]",
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


def _take_held_out(data: Any, shape: tuple[int | None, ...] | None) -> Any:
    """Return what Keras takes of validation data: (x, y), or what yields batches."""
    if isinstance(data, tuple | list) and data:
        return (take_data(data[0], shape), *data[1:])
    return take_data(data, shape)


def _refuse_weights_in(options: Mapping[str, Any]) -> None:
    """Refuse weights by name: where there are no labels, Keras would leave them out in silence."""
    for name in ("sample_weight", "class_weight"):
        if options.get(name) is not None:
            refuse_weights()


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


def _refuse_unlogged(callback: Any, validates: bool) -> None:
    """Refuse to monitor what nobody logs, as soon as it is known what is: after the first epoch.

    Keras would warn after every epoch, and go on as if there were no such callback.

    Args:
        callback: One that has a ``monitor``.
        validates: Whether there are data to validate with.

    Raises:
        UsageError: It says what is logged; before the first round, if nothing is validated.
    """
    name = callback.monitor
    if not compares(callback):
        return
    if name.startswith("val_") and not validates:
        raise UsageError(
            f"{type(callback).__name__} monitors {name!r}, and there are no data to validate with",
            hint=f"fit(…, validation_data=x), or monitor={name.removeprefix('val_')!r}",
        )
    look = type(callback).on_epoch_end

    def on_epoch_end(epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        logs = logs if logs is not None else {}
        held_out = any(one.startswith("val_") for one in logs)
        if logs and name not in logs and (held_out or not name.startswith("val_")):
            raise UsageError(
                f"{type(callback).__name__} monitors {name!r}, which nobody logs",
                hint=f"there are {', '.join(sorted(logs))}; a callback before it may add more: "
                f"logs[{name!r}] = … in its on_epoch_end",
            )
        look(callback, epoch, logs)

    callback.on_epoch_end = on_epoch_end


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
