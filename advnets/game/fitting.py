"""Fit a game as Keras fits a model: what its callbacks need, and the end of training."""

from __future__ import annotations

import itertools
import string
import types
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from ..errors import UsageError
from .compiling import METHODS
from .conditions import Condition, refuse_chosen
from .fit_data import (
    NO_BATCH,
    check_counts,
    cut_off,
    first_of,
    is_arrays,
    refuse_weights_in,
    take_data,
    take_held_out,
)
from .optimizers import parts, refuse_rate
from .streams import example_shapes

if TYPE_CHECKING:
    from .given_data import Watched

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
    conditions: dict[str, Condition]
    _given: Watched

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
            UsageError: If a callback could not do here what it says, if there are no examples, or
                if something else could not be played with; held-out examples are looked at as
                well, all of them where they are arrays, before the first round.
        """
        self._assert_compile_called("fit")
        refuse_weights_in(options)
        refuse_chosen(self.conditions)
        check_counts({"batch_size": batch_size, "epochs": epochs, **options})
        for name, optimizer in parts(self.optimizers).items():
            refuse_rate(name, optimizer, least=0.0)
        x, held_out = take_data(x, example_shapes(self), y), options.get("validation_data")
        share = options.get("validation_split") or 0.0
        if not 0 <= share < 1:  # Keras would cut off as many from the other end
            raise UsageError(f"validation_split={share:g}; a share of the examples, 0 to 1, it is")
        validates = held_out is not None or bool(share)
        self._prepare(_listed(callbacks), validates)
        if validates:
            if is_arrays(x):  # its range is known first
                self._given.look(first_of(x, y, batch_size), "the first batch", False)
            if held_out is not None:
                held_out = take_held_out(held_out, example_shapes(self))
                options["validation_data"] = held_out = self._try_held_out(
                    held_out, options.get("validation_batch_size") or batch_size
                )
            elif is_arrays(x):
                self._given.look_at_all(cut_off(x, y, share))
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
        refuse_weights_in(options)
        if not options.get("_use_cached_eval_dataset"):  # else `fit` calls, which has taken them
            named = dict(zip(("y", "batch_size"), args, strict=False)) | options
            check_counts({"batch_size": named.get("batch_size"), "steps": options.get("steps")})
            x = take_data(x, example_shapes(self), named.get("y"))
        found = super().evaluate(x, *args, **options)
        if not found:
            raise UsageError(NO_BATCH)
        return found

    def _try_held_out(self, data: Any, batch_size: int | None) -> Any:
        """Judge the first batch of held-out data, which moves nothing: what fits the game no more
        than that is refused before the first round, not after an epoch.

        Returns:
            The data, for Keras: of a generator, the first batch is in front again.
        """
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        if is_arrays(x):
            self._given.look_at_all((x, y))
            super().evaluate(*first_of(x, y, batch_size), batch_size=batch_size, verbose=0)
        elif isinstance(x, tf.data.Dataset):
            super().evaluate(x, steps=1, verbose=0)
        elif isinstance(x, keras.utils.PyDataset | types.GeneratorType):
            one = x[0] if isinstance(x, keras.utils.PyDataset) else next(x)
            batches = (each if isinstance(each, tuple) else (each,) for each in [one])
            super().evaluate(batches, steps=1, verbose=0)
            if isinstance(x, types.GeneratorType):
                return (each for each in itertools.chain([one], x))
        return data

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
            if not isinstance(callback, keras.callbacks.Callback):
                name = getattr(callback, "__name__", type(callback).__name__)
                makes = name if isinstance(callback, type) else "keras.callbacks.LambdaCallback"
                raise UsageError(
                    f"callbacks: {name} is no instance of keras.callbacks.Callback",
                    hint=f"{makes}(…) makes one",
                )
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

            if isinstance(callback, keras.callbacks.ModelCheckpoint):
                _refuse_unknown_in_path(callback, validates)

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


def _refuse_unknown_in_path(callback: Any, validates: bool) -> None:
    """Refuse a name in a checkpoint's file name that nobody logs: Keras would end in a KeyError.

    Args:
        callback: A ``ModelCheckpoint``.
        validates: Whether there are data to validate with.

    Raises:
        UsageError: It says what is logged; before the first round, of what no game logs.
    """
    path = str(callback.filepath)
    asked = {name for _, name, _, _ in string.Formatter().parse(path) if name} - {"epoch", "batch"}

    def refuse(name: str, why: str, hint: str) -> UsageError:
        where = f"{type(callback).__name__}({path!r})"
        return UsageError(f"{where} names its file by {name!r}, {why}", hint=hint)

    for name in sorted(asked):
        if name in ("loss", "val_loss"):
            other = path.replace(name, name.replace("loss", "d_loss"))
            raise refuse(name, "and a game has no one loss", f"{other!r}, or whatever is logged")
        if name.startswith("val_") and not validates:
            raise refuse(name, "and there are no data to validate with", "validation_data=x")
    make = type(callback)._get_file_path

    def get_file_path(epoch: int, batch: int | None, logs: Mapping[str, Any] | None) -> Any:
        for name in sorted(asked - set(logs or {})):
            known = ", ".join(["epoch", "batch", *sorted(logs or {})])
            raise refuse(name, "which nobody logs here", f"there are {known}")
        return make(callback, epoch, batch, logs)

    callback._get_file_path = get_file_path


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
