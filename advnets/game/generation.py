"""Sample from a game: draw latents and conditions, and let the encounter make examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..data import Field
from ..errors import PluginError, UsageError
from ..random import Draw
from .averaging import GeneratorAverage
from .batches import Batch
from .conditions import Condition
from .encounter import Encounter
from .given import check_given
from .players import Players
from .prior import Prior
from .sampling import Sampler
from .scene import Cast, Scene
from .wiring import input_fields


class _NothingDrawn(Draw):
    """Refuse to draw while samples are made: every part of them would get the same numbers."""

    def bits(self, stream: str, shape: Sequence[int], examples: int | tf.Tensor) -> tf.Tensor:
        raise PluginError(
            f"random numbers ({stream!r}) are drawn while samples are made, where only what was "
            "drawn before, by the seed, may be used",
            hint="let a condition draw them, which the encounter is told: scene.told(name)",
        )


class Generation(Players):
    """Add sampling from the generator to the players: see :class:`advnets.game.AdversarialGame`.

    Attributes:
        prior: The distribution of z; ``None`` in a game without latents.
        conditions: How fields of generated examples are drawn, by name.
        encounter: Makes the examples.
        averages: The averages of networks' weights, by name; empty where none are kept.
        outside: How fields that come with the batch in a round are drawn outside of one, by
            name; a run sets it.
        kept: Real examples with their fields that conditions of examples are drawn from
            outside of a round; a run sets it.
    """

    prior: Prior | None
    conditions: dict[str, Condition]
    encounter: Encounter
    averages: dict[str, GeneratorAverage]
    joint: set[str]
    outside: dict[str, Condition]
    kept: Batch | None

    @property
    def averaged_generator(self) -> keras.Model | None:
        """The generator whose weights are averages; ``None`` where none are kept."""
        return self.averages["generator"].network if "generator" in self.averages else None

    def sampling_networks(self, weights: str = "auto") -> dict[str, keras.Model]:
        """Return the networks that samples come from, by name.

        Args:
            weights: ``averaged``, ``current``, or ``auto``: averaged ones where they are kept.

        Raises:
            UsageError: If averages are requested, and none are kept.
        """
        if weights == "averaged" and not self.averages:
            raise UsageError(
                "this run keeps no averages of its generator's weights",
                hint="a recipe with `averaging: {decay: 0.999}` keeps them",
            )
        averages = {} if weights == "current" else self.averages
        return {**self.networks, **{name: kept.network for name, kept in averages.items()}}

    def sampling_generator(self, weights: str = "auto") -> keras.Model:
        """Return the generator that samples come from; see :meth:`sampling_networks`."""
        return self.sampling_networks(weights)["generator"]

    @property
    def told(self) -> tuple[str, ...]:
        """The names of what generated examples are made of: latent, conditions, fields.

        What has another space than its own name, ``{"hidden": (24,)}``, networks make themselves.
        """
        takes = [self.roles[name].takes for name in self._networks_of("generator")]
        spaces = [item for each in takes for item in each.items()]
        named = [name for name, space in spaces if space == name and name != "example"]
        own = [] if self.prior is None else ["latent"]
        return tuple(dict.fromkeys([*own, *self.conditions, *named]))

    def by_class(self, examples: int) -> tuple[dict[str, np.ndarray], int | None]:
        """Arrange samples so that each class that the generator is told of has a row.

        Args:
            examples: How many samples there may be.

        Returns:
            What is given, by name, and the samples in a row; nothing and ``None`` where G is
            told of no class, or of more than there may be samples.
        """
        fields = {name: each.field for name, each in {**self.outside, **self.conditions}.items()}
        for name in self.told:
            classes = fields[name].classes if name in fields else None
            if classes is not None and classes <= examples and not fields[name].shape:
                columns = examples // classes
                return {name: np.repeat(np.arange(classes), columns)}, columns
        return {}, None

    @property
    def told_fields(self) -> dict[str, Field]:
        """What the fields look like that networks of the generator's side are told."""
        names = self._networks_of("generator")
        found = [input_fields(self.networks[name], self.roles[name]) for name in names]
        return {name: field for each in found for name, field in each.items()}

    def draw_told(
        self,
        examples: int,
        seed: int = 0,
        stream: str = "sample",
        given: Mapping[str, Any] | None = None,
        first: int = 0,
    ) -> dict[str, np.ndarray]:
        """Draw what samples are made of: latent points, conditions, fields.

        Args:
            examples: How many samples.
            seed: The same seed gives the same values, and fewer are a prefix of more.
            stream: What the samples are for.
            given: What is not to be drawn, by name: one value for all samples, or one for each.
            first: How many of them to leave out, from the first on.

        Returns:
            Arrays ``[examples - first, ...]`` by name: ``latent``, and fields.

        Raises:
            UsageError: If something is given that the game does not take, or of another
                shape or type, if a field can be drawn by nobody, or if the encounter makes no
                examples.
        """
        self._refuse_without_samples()
        fields = {**self.told_fields}
        fields |= {name: each.field for name, each in {**self.outside, **self.conditions}.items()}
        given = {} if given is None else given
        given = check_given(given, self.told, fields, self.prior, examples)
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
        return {name: values[first:] for name, values in told.items()}

    def _draw_one(
        self, name: str, draw: Draw, stream: str, examples: int, batch: Batch | None
    ) -> np.ndarray:
        condition = self.conditions.get(name)
        reads = (name,) if condition is None else condition.fields
        lacking = [field for field in reads if batch is None or field not in batch.fields]
        if lacking or (condition is not None and condition.of_example and self.kept is None):
            raise UsageError(
                f"{name!r} comes with real examples, and there are none here to sample with",
                hint=f"say what it is to be: given={{{name!r}: …}}, or --given {name}=…",
            )
        if condition is None:
            assert batch is not None  # it lacks nothing
            return np.asarray(batch.fields[name])
        return np.asarray(condition.sample(draw, f"{stream}/{name}", examples, batch))

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
        indices = np.arange(examples) % len(self.kept.examples)
        own = {name: tf.gather(values, indices) for name, values in self.kept.fields.items()}
        return Batch(tf.gather(self.kept.examples, indices), fields | own)

    def generate(
        self,
        examples: int,
        seed: int = 0,
        stream: str = "sample",
        chunk: int = 500,
        weights: str = "auto",
        first: int = 0,
        given: Mapping[str, Any] | None = None,
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
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

        Returns:
            What they were made of, by name (``latent`` float32 ``[examples - first, size]``,
            and fields), and the samples.
        """
        told = self.draw_told(examples, seed, stream, given, first)
        return told, self.generate_from(told, chunk, weights)

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
            UsageError: If the encounter makes no examples.
        """
        told = dict(told) if isinstance(told, Mapping) else {"latent": told}
        self.sampling_networks(weights)  # there may be no averages
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
            own = {name: value for name, value in told.items() if name != "latent"}
            batch = Batch(next(iter(told.values())), own)
            draw = _NothingDrawn(0, 0)
            scene = Scene(cast, batch, draw, "sample", training=False, told=told)
            return sample(scene).example

        return make

    @property
    def makes_examples(self) -> bool:
        """Whether the encounter makes examples: one that makes none says ``sample = None``."""
        return self.encounter.sample is not None

    def _refuse_without_samples(self) -> None:
        if not self.makes_examples:
            raise UsageError(
                f"{type(self.encounter).__name__} makes no examples: there is nothing to sample"
            )

    @cached_property
    def _samplers(self) -> dict[bool, Sampler]:
        """The samplers, by whether they sample from averaged weights."""
        return {}
