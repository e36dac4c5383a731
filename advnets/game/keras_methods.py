"""Give a game the methods of ``keras.Model``: loops over batches, samples, words, files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, cast

import keras
import tensorflow as tf

from ..distribute.replicas import replica_index, replicas
from ..errors import UsageError
from ..random import Draw
from .batch import sizes
from .compiling import refused_method
from .encounter import Encounter, Generated
from .given_data import Watched
from .means import Compiled, Means
from .objectives import Objectives
from .sampling import refuse_no_arrays
from .saving import (
    all_or_nothing,
    check_ending,
    describe_game,
    load_own,
    read_game,
    refuse_no_file,
    save_own,
    written_whole,
)
from .summary import tell
from .unsaved import refuse_changes, refuse_unseeded

if TYPE_CHECKING:
    from .game import AdversarialGame


class KerasMethods(Objectives):
    """Add to a game what Keras calls, and what its users call on any model.

    ``train_step`` is the game's own: see :class:`advnets.game.AdversarialGame`.
    """

    _means: Means
    _given: Watched
    train_function: Any
    test_function: Any
    predict_function: Any

    add_loss = refused_method("add_loss")
    compute_loss = refused_method("compute_loss")
    compute_metrics = refused_method("compute_metrics")
    get_state_tree = refused_method("get_state_tree")
    set_state_tree = refused_method("set_state_tree")
    quantize = refused_method("quantize")
    add_metric = refused_method("add_metric")
    compiled_loss = refused_method("compiled_loss")
    compiled_metrics = refused_method("compiled_metrics")
    compute_output_shape = refused_method("compute_output_shape")
    compute_output_spec = refused_method("compute_output_spec")
    symbolic_call = refused_method("symbolic_call")
    stateless_call = refused_method("stateless_call")
    stateless_compute_loss = refused_method("stateless_compute_loss")
    quantized_build = refused_method("quantized_build")
    quantized_call = refused_method("quantized_call")
    get_quantization_layer_structure = refused_method("get_quantization_layer_structure")

    def add_weight(self, *args: Any, **options: Any) -> Any:
        """Refuse a variable that no component has; the game's own is made while it is."""
        if getattr(self, "_made", False):
            refused_method("add_weight")(self)
        return super().add_weight(*args, **options)

    # ------------------------------------------------------------- what Keras's loops call

    def test_step(self, data: Any, number: int | tf.Tensor = 0) -> dict[str, tf.Tensor]:
        """Judge held-out examples, with networks as in inference; nothing moves.

        The generated examples are made of latent points that are functions of the seed and of
        the batch's number alone: the same ones whenever a game is evaluated.

        Args:
            data: As for :meth:`train_step`.
            number: Of the batch.

        Returns:
            What :meth:`train_step` returns, but for norms and loss scales.
        """
        draw = Draw(self.seed, number, replica_index(), replicas(), sizes)
        logs = self.judge_only(_game(self).take(data), draw)
        refuse_changes(_game(self))
        refuse_unseeded()
        return logs

    def __call__(self, inputs: Any, *args: Any, **options: Any) -> tf.Tensor:
        """Return samples of what is told to the generator; see :meth:`call`."""
        if any(isinstance(one, keras.KerasTensor) for one in tf.nest.flatten(inputs)):
            refused_method("symbolic_call")(self)
        return super().__call__(self.check_told(inputs), *args, **options)

    def call(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Return samples, as ``predict`` does: of averaged weights where they are kept.

        Args:
            inputs: Latent points ``[N, ...]``; where the generator is told more, or something
                else, a dictionary by name, ``{"latent": …, "label": …}``.

        Returns:
            float32 ``[N, ...]``, in the range of the preprocessed data.
        """
        return self.maker()(dict(inputs))

    def predict(self, x: Any = None, *args: Any, **options: Any) -> Any:
        """Return samples of what is told to the generator; see ``keras.Model.predict``.

        Args:
            x: An array ``[N, *latent]``; arrays by name; or what yields batches of either.
            *args: The others of ``keras.Model.predict``.
            **options: The same.

        Raises:
            UsageError: If it is something else, or nothing.
        """
        refuse_no_arrays(x)
        return super().predict(x, *args, **options)

    def make_train_function(self, force: bool = False) -> Any:
        """Return what ``fit`` calls for a batch: it returns means over the epoch so far."""
        self.refuse_changed_variables()
        if self.train_function is None or force:
            play = self._means.over(
                *(_game(self), lambda data, number: self.train_step(data), self.may_skip),
                self.in_rounds,
            )
            self.train_function = lambda batches: play(
                self._given.over(batches, self._means.batches, held_out=False)
            )
        return self.train_function

    def make_test_function(self, force: bool = False) -> Any:
        """Return what ``evaluate`` calls for a batch: it returns means over all so far."""
        if self.test_function is None or force:
            judge = self._means.over(_game(self), self.test_step, False)
            self.test_function = lambda batches: judge(
                self._given.over(batches, self._means.batches, held_out=True)
            )
        return self.test_function

    def make_predict_function(self, force: bool = False) -> None:
        """Make what ``predict`` calls for some batches, which looks at what they are first.

        On one device it is compiled as rounds are: TensorFlow would warn of the fifth game that
        is compiled by Keras's code.
        """
        if self.predict_function is not None and not force:
            return
        several = self.distribute_strategy.num_replicas_in_sync > 1
        if several:
            super().make_predict_function(force=True)
        keras_own = self.predict_function
        make = Compiled(_game(self), lambda told, number: self.predict_step(told))

        def checked(batches: Any) -> Any:
            for one in batches:
                self.check_told(one[0] if isinstance(one, tuple) else one)
            if several:
                return keras_own(batches)
            number = tf.constant(0, tf.int64)
            return tf.concat([make(one, number) for one in batches], axis=0)

        self.predict_function = checked

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Build nothing, as a game is built: on replicas Keras would take the mean over replicas of
        a first batch, which fails where they share it, or a stream of it, unevenly.
        """

    def reset_metrics(self) -> None:
        """Begin the means of what is logged again, as an epoch does."""
        super().reset_metrics()
        self._means.clear()

    @property
    def metrics_names(self) -> list[str]:
        """The names of what ``evaluate`` and ``train_on_batch`` return, in their order."""
        return sorted(self._means.names)

    def summary(self, *args: Any, print_fn: Any = None, **options: Any) -> None:
        """Print what is played, then Keras's table of the networks."""
        lines = [f"{heading}: {text}" for heading, text in tell(_game(self))]
        (print_fn or print)("\n".join([f"{type(self).__name__} {self.name!r}", *lines]))
        super().summary(*args, print_fn=print_fn, **options)

    def __repr__(self) -> str:
        if not hasattr(self, "_means"):
            return super().__repr__()
        told = "; ".join(f"{heading}: {text}" for heading, text in tell(_game(self)))
        return f"<{type(self).__name__} {self.name!r}: {told}>"

    def export(self, filepath: Any, format: str = "tf_saved_model", **options: Any) -> None:
        """Export what makes samples: the generator, of averaged weights where they are kept.

        Raises:
            UsageError: If samples are made of more than the generator's one call.
        """
        if type(self.encounter) not in (Encounter, Generated):
            raise UsageError(
                f"{type(self.encounter).__name__} makes samples in a way of its own, which is no "
                "one network",
                hint="export networks apart: game.networks['generator'].export(path)",
            )
        self.sampling_generator().export(filepath, format=format, **options)

    # ------------------------------------------------------------------------------- files

    def get_config(self) -> dict[str, Any]:
        """Return what the game is made of, for Keras's files.

        Raises:
            UsageError: If a component cannot be written.
        """
        return describe_game(_game(self))

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Make a game of what :meth:`get_config` returned; its weights are others."""
        with keras.saving.custom_object_scope(custom_objects or {}):
            return cast("Self", read_game(cast("type[AdversarialGame]", cls), config))

    def save(
        self, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **options: Any
    ) -> None:
        """Write all of the game, its state included, to a ``.keras`` file; see Keras.

        Raises:
            UsageError: If it cannot be written; what is at ``filepath`` stays as it is.
        """
        check_ending("save", filepath, *(() if zipped is False else (".keras",)))
        self.get_config()
        if not overwrite or zipped is False or options or "://" in str(filepath):
            super().save(filepath, overwrite=overwrite, zipped=zipped, **options)
            return
        with written_whole(filepath) as temporary:
            super().save(temporary)

    def save_weights(
        self, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None
    ) -> None:
        """Write all that training can change to a ``.weights.h5`` file; see Keras.

        Raises:
            UsageError: If it is called otherwise, or cannot be written.
        """
        sharded = (".weights.json",) if max_shard_size is not None else ()
        check_ending("save_weights", filepath, ".weights.h5", *sharded)
        if not overwrite or max_shard_size is not None:
            super().save_weights(filepath, overwrite=overwrite, max_shard_size=max_shard_size)
            return
        with written_whole(filepath) as temporary:
            super().save_weights(temporary)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **options: Any) -> None:
        """Read what :meth:`save_weights`, or :meth:`save`, wrote.

        Raises:
            UsageError: If it is of another game; this one then stays as it is.
        """
        check_ending("load_weights", filepath, ".weights.h5", ".weights.json", ".keras")
        refuse_no_file(filepath)
        with all_or_nothing(_game(self), str(filepath)):
            super().load_weights(filepath, skip_mismatch=skip_mismatch, **options)

    def set_weights(self, weights: Any) -> None:
        """Set what ``get_weights`` returned.

        Raises:
            UsageError: If it is of another game; this one then stays as it is.
        """
        with all_or_nothing(_game(self), "the list"):
            super().set_weights(weights)

    def save_own_variables(self, store: Any) -> None:
        """Write to a file what training can change beyond networks and optimizers."""
        save_own(_game(self), store)

    def load_own_variables(self, store: Any) -> None:
        """Read what :meth:`save_own_variables` wrote."""
        load_own(_game(self), store)

    def get_compile_config(self) -> dict[str, Any]:
        """Return what the game was compiled with, for Keras's files."""
        if not self.compiled:
            return {}
        return {
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
            "optimizers": self.own_optimizers,
            "jit_compile": self.jit_compile,
            "run_eagerly": self.run_eagerly,
            "steps_per_execution": self.steps_per_execution,
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile the game as :meth:`get_compile_config` says."""
        self.compile(**keras.saving.deserialize_keras_object(config))


def _game(methods: KerasMethods) -> AdversarialGame:
    """Return a game as what it is."""
    return cast("AdversarialGame", methods)
