"""Sample from a game: draw latents and conditions, and let the encounter make examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..data import Field
from ..data.given import check_given
from ..errors import UsageError
from ..plugins.origins import at_fault
from ..random import Draw
from .averaging import GeneratorAverage
from .batches import Batch, as_batch
from .classes import classes_of
from .conditions import Condition, check_drawn
from .encounter import Encounter
from .outside import NothingDrawn, batch_of, nothing_to_draw, of_stream, repeat
from .players import Players
from .prior import Prior
from .role import stream_of
from .sampling import Sampler, check_whole, name_told
from .scene import Cast, Scene
from .streams import is_example
from .truncation import check_truncation, truncate
from .wiring import input_fields

PROBED = 256
"""Values that each condition draws before the first round, to see what it draws."""


class Generation(Players):
    """Add sampling from the generator to the players: see :class:`advnets.game.AdversarialGame`.

    Attributes:
        prior: The distribution of z; ``None`` in a game without latents.
        conditions: How fields of generated examples are drawn, by name.
        encounter: Makes the examples.
        averages: The averages of networks' weights, by name; empty where none are kept.
        outside: How fields that come with the batch in a round are drawn outside of one, by
            name; a run sets it.
        kept: Real examples with their fields, and of streams, that conditions of examples, and
            what is made of streams, are drawn from outside of a round; a run sets it.
        counted: The fields of the data whose frequencies components asked for; a run sets it.
    """

    prior: Prior | None
    conditions: dict[str, Condition]
    encounter: Encounter
    averages: dict[str, GeneratorAverage]
    joint: set[str]
    outside: dict[str, Condition]
    kept: Batch | None
    counted: set[str]

    @property
    def averaged_generator(self) -> keras.Model | None:
        """The generator whose weights are averages; ``None`` where none are kept."""
        return self.averages["generator"].network if "generator" in self.averages else None

    def sampling_networks(self, weights: str = "auto") -> dict[str, keras.Model]:
        """Return the networks that samples come from, by name.

        Args:
            weights: ``averaged``, ``current``, or ``auto``: averaged ones where they are kept.

        Raises:
            UsageError: If averages are requested, and none are kept, or anything else.
        """
        if weights not in ("auto", "averaged", "current"):
            raise UsageError(f"weights={weights!r}; there are 'auto', 'averaged', 'current'")
        if weights == "averaged" and not self.averages:
            raise UsageError(
                "this game keeps no averages of its generator's weights",
                hint="AdversarialGame(…, average=GeneratorAverage(clone_model(generator))) keeps "
                "them; in a recipe, `averaging: {decay: 0.999}`",
            )
        averages = {} if weights == "current" else self.averages
        return {**self.networks, **{name: kept.network for name, kept in averages.items()}}

    def sampling_generator(self, weights: str = "auto") -> keras.Model:
        """Return the generator that samples come from; see :meth:`sampling_networks`."""
        return self.sampling_networks(weights)["generator"]

    @property
    def told(self) -> dict[str, Field | None]:
        """What generated examples are made of, by name: latent, conditions, fields, examples of
        streams, ``other.example``; ``None`` where nobody says what it looks like.
        """
        names = dict.fromkeys(["generator", *self._networks_of("generator")])  # it may stand still
        told: dict[str, Field | None] = {}
        if self.prior is not None:
            told["latent"] = Field(self.prior.shape, "float32")
        told |= {name: condition.field for name, condition in self.conditions.items()}
        for each in names:
            fields = input_fields(self.networks[each], self.roles[each])
            for name, space in self.roles[each].takes.items():
                if stream_of(space):
                    told.setdefault(str(space), fields.get(name))
                # What has another space than its own name is made by the networks themselves.
                elif name == space != "example" and name not in told:
                    drawn = self.outside.get(name)
                    told[name] = fields.get(name) if drawn is None else drawn.field
        for name, (classes, _) in classes_of(self).items():
            field = told.get(name)
            if field is not None and field.classes is None and field.dtype.startswith("int"):
                told[name] = replace(field, classes=classes)
        return told

    def by_class(self, examples: int) -> tuple[dict[str, np.ndarray], int | None]:
        """Arrange samples so that each class that the generator is told of has a row.

        Args:
            examples: How many samples there may be.

        Returns:
            What is given, by name, and the samples in a row; nothing and ``None`` where G is
            told of no class, or of more than there may be samples.
        """
        for name, field in self.told.items():
            classes = None if field is None or field.shape else field.classes
            if classes is not None and classes <= examples:
                columns = examples // classes
                return {name: np.repeat(np.arange(classes), columns)}, columns
        return {}, None

    def draw_told(
        self,
        examples: int,
        seed: int = 0,
        stream: str = "sample",
        given: Mapping[str, Any] | None = None,
        first: int = 0,
        truncation: float | None = None,
    ) -> dict[str, np.ndarray]:
        """Draw what samples are made of: latent points, conditions, fields.

        Args:
            examples: How many samples.
            seed: The same seed gives the same values, and fewer are a prefix of more.
            stream: What the samples are for.
            given: What is not to be drawn, by name: one value for all samples, or one for each.
            first: How many of them to leave out, from the first on.
            truncation: ψ: latent points, given ones too, are pulled to the prior's mean; see
                :func:`advnets.game.truncation.truncate`.

        Returns:
            Arrays ``[examples - first, ...]`` by name: ``latent``, and fields.

        Raises:
            UsageError: If something is given that the game does not take, or of another
                shape or type, if a field can be drawn by nobody, or if the encounter makes no
                examples; if there are no latent points to truncate.
        """
        check_truncation(truncation, self.prior)
        self._refuse_without_samples()
        given = check_given(self._in_range({} if given is None else given), self.told, examples)
        check_whole("seed", seed)
        check_whole("first", first, 0, examples - 1)
        draw = Draw(seed, 0)
        batch = self._batch_outside(draw, stream, examples)
        told: dict[str, np.ndarray] = {}
        for name in self.told:
            if name in given:
                told[name] = given[name]
            elif name == "latent" and self.prior is not None:
                told[name] = self.prior.sample(draw, stream, examples).numpy()
            else:
                told[name] = self._draw_one(name, draw, stream, examples, batch)
        if truncation is not None and self.prior is not None:
            told["latent"] = truncate(told["latent"], truncation, self.prior)
        return {name: values[first:] for name, values in told.items()}

    def _check_draws(self) -> None:
        """Refuse conditions that draw what their fields are not, or anything but by the seed."""
        draw = Draw(self.seed, 0)
        batch = self._batch_outside(draw, "check", PROBED)
        for name, condition in self.conditions.items():
            if self._lacks(name, batch):
                continue
            try:
                first, again = (self._draw_one(name, draw, "check", PROBED, batch) for _ in "ab")
            except (AttributeError, TypeError):
                if batch is not None:
                    raise
                continue  # it reads the batch, and there is none yet
            if not np.array_equal(first, again, equal_nan=first.dtype.kind == "f"):
                raise at_fault(
                    condition,
                    f"the condition {name!r}, a {type(condition).__name__}, drew other values of "
                    "the same seed: a run that is resumed would be another one",
                    hint="draw.uniform(stream, shape, examples), draw.normal(…) are functions of "
                    "the seed, the round and the example",
                )

    def _lacks(self, name: str, batch: Batch | None) -> bool:
        """Tell whether there is nothing to draw a field of outside of a round."""
        if stream := stream_of(name):
            return batch is None or of_stream(name, batch.streams.get(stream)) is None
        condition = self.conditions.get(name)
        reads = (name,) if condition is None else condition.fields
        lacking = any(batch is None or field not in batch.fields for field in reads)
        return lacking or (condition is not None and condition.of_example and self.kept is None)

    def _draw_one(
        self, name: str, draw: Draw, stream: str, examples: int, batch: Batch | None
    ) -> np.ndarray:
        condition, source = self.conditions.get(name), stream_of(name)
        if self._lacks(name, batch):
            raise nothing_to_draw(name)
        if condition is None:
            assert batch is not None  # it lacks nothing
            own = of_stream(name, batch.streams[source]) if source else batch.fields[name]
            return np.asarray(own)
        drawn = condition.sample(draw, f"{stream}/{name}", examples, batch)
        drawn = np.asarray(drawn) if hasattr(drawn, "shape") else drawn
        check_drawn(name, condition, drawn)
        return drawn

    def _batch_outside(self, draw: Draw, stream: str, examples: int) -> Batch | None:
        """Return what stands for the batch outside of a round: the kept examples, over and over,
        with their fields; what else comes with a batch is drawn.
        """
        fields = {
            name: condition.sample(draw, f"{stream}/{name}", examples)
            for name, condition in self.outside.items()
        }
        if self.kept is None:
            return Batch(next(iter(fields.values())), fields) if fields else None
        own, streams = repeat(self.kept, examples), self.kept.streams.items()
        again = {name: repeat(stream, examples) for name, stream in streams}
        return Batch(own.examples, {**fields, **own.fields}, again)

    def bounds_of(self, stream: str = "") -> tuple[float, float] | None:
        """Return the range of what makes the examples of a stream, where it is known."""
        raise NotImplementedError

    def _in_range(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is told with examples of streams in their range (:func:`.as_batch`)."""
        return {
            name: as_batch(x, (), self.bounds_of(stream), what=repr(name)).examples
            if (stream := stream_of(name)) and is_example(name) and hasattr(x, "dtype")
            else x
            for name, x in told.items()
        }

    def generate(
        self,
        examples: int,
        seed: int = 0,
        stream: str = "sample",
        chunk: int = 500,
        weights: str = "auto",
        first: int = 0,
        given: Mapping[str, Any] | None = None,
        truncation: float | None = None,
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Sample from G, in the range of the preprocessed data.

        Every replica makes its share. Where several workers play, all of them call this at
        the same time, with the same arguments.

        Args:
            examples: How many samples.
            seed: Seed of the latent points; the same seed gives the same points, and
                fewer samples are a prefix of more.
            stream: What the samples are for.
            chunk: How many samples G makes at once, which bounds memory.
            weights: Of which weights; see :meth:`sampling_networks`.
            first: How many of them to leave out, from the first on.
            given: What is not drawn; see :meth:`draw_told`.
            truncation: ψ; see :meth:`draw_told`.

        Returns:
            The samples, float32 ``[examples - first, *shape]``, and what they were made of, by
            name: ``latent`` and fields, ``[examples - first, ...]`` each.
        """
        told = self.draw_told(examples, seed, stream, given, first, truncation)
        return self.generate_from(told, chunk, weights), told

    def generate_from(
        self,
        told: Mapping[str, np.ndarray] | np.ndarray,
        chunk: int = 500,
        weights: str = "auto",
    ) -> np.ndarray:
        """Return what is made of latent points and fields ``[n, ...]``; see :meth:`generate`.

        Args:
            told: As :meth:`draw_told` returns it; latent points alone where that is all.
            chunk: How many at once.
            weights: Of which weights.

        Raises:
            UsageError: If the encounter makes no examples, or takes other things; if there are
                no averages of weights.
            DataError: If a value is none of the classes.
        """
        if not self.told:
            raise UsageError(
                "samples of this game would be made of nothing: its generator takes neither the "
                "latent, nor a field",
                hint="an encounter that makes no examples outside of a round says sample = None",
            )
        check_whole("chunk", chunk, 1)
        self.sampling_networks(weights)  # there may be no averages
        told = self.check_told(told)
        averaged = bool(self.averages) and weights != "current"
        if averaged not in self._samplers:
            make = self.maker(weights)
            self._samplers[averaged] = Sampler(make, self.distribute_strategy)
        return self._samplers[averaged](told, chunk)

    def maker(self, weights: str = "auto") -> Callable[[dict[str, tf.Tensor]], tf.Tensor]:
        """Return what makes samples of tensors by name, by this process and device alone.

        Raises:
            UsageError: If the encounter makes no examples, or no averages are kept.
        """
        self._refuse_without_samples()
        sample = self.encounter.sample
        networks = self.sampling_networks(weights)
        cast = Cast(networks, self.roles, self.conditions, self.prior, self.joint)

        def make(told: dict[str, tf.Tensor]) -> tf.Tensor:
            batch = batch_of(self._in_range(told))
            draw = NothingDrawn(0, 0)
            scene = Scene(cast, batch, draw, "sample", training=False, told=told)
            return sample(scene).example

        return make

    @property
    def makes_examples(self) -> bool:
        """Whether the encounter makes examples: one that makes none says ``sample = None``."""
        return self.encounter.sample is not None

    def check_told(self, inputs: Any) -> dict[str, Any]:
        """Return what samples are to be made of, by name, if it is what the game takes.

        Raises:
            UsageError: If something is missing, unknown, or of another shape.
        """
        self._refuse_without_samples()
        return name_told(inputs, self.told)

    def _refuse_without_samples(self) -> None:
        if not self.makes_examples:
            raise UsageError(
                f"{type(self.encounter).__name__} makes no examples: there is nothing to sample"
            )

    @cached_property
    def _samplers(self) -> dict[bool, Sampler]:
        """The samplers, by whether they sample from averaged weights."""
        return {}
