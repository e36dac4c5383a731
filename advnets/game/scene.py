"""Let networks be called in a round: what they are told is drawn, and what judges say is kept."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from .. import random
from ..errors import PluginError
from ..networks import in_float32
from ..networks.precision import is_switchable
from ..networks.weights import named_weights
from ..plugins.origins import blame
from ..random import Draw
from . import batch as batching
from .added_losses import added
from .augmentations import Augmentation, augment, judges_examples
from .batches import Batch
from .conditions import Condition, check_drawn
from .prior import Prior
from .role import Role
from .side import Side, at_least_float32, split_words
from .wiring import refuse_misfit, refuse_other_gifts


class Cast:
    """Hold whom a scene may call: the networks, what they do, and what they may be told.

    Attributes:
        networks: By name.
        roles: What each takes and gives, what it is told besides included.
        conditions: How fields of generated examples are drawn, by name.
        prior: How the latent is drawn; ``None`` in a game without.
        joint: The judges that may judge several sides in one call, since they treat
            examples independently.
        augmentations: What judges see of examples, in rounds.
    """

    def __init__(
        self,
        networks: Mapping[str, keras.Model],
        roles: Mapping[str, Role],
        conditions: Mapping[str, Condition],
        prior: Prior | None,
        joint: Iterable[str] = (),
        augmentations: Sequence[Augmentation] = (),
    ):
        self.networks, self.roles = networks, roles
        self.conditions, self.prior, self.joint = conditions, prior, frozenset(joint)
        self.augmentations = augmentations


class Scene:
    """Let an encounter, or a penalty, draw, call networks, and ask judges.

    Attributes:
        batch: The real examples of the step.
        draw: The random numbers of the round.
        stage: The part of the round, which names its random streams.
        training: Whether networks compute as in training.
    """

    def __init__(
        self,
        cast: Cast,
        batch: Batch,
        draw: Draw,
        stage: str,
        *,
        training: bool = True,
        told: Mapping[str, tf.Tensor] | None = None,
    ):
        self.batch, self.draw, self.stage, self.training = batch, draw, stage, training
        self._cast = cast
        self._told: dict[tuple[str, str], tf.Tensor] = {
            (name, ""): value for name, value in (told or {}).items()
        }
        self._called: dict[str, int] = {}
        self._judgements: dict[tuple[int, str], tuple[Side, Side]] = {}
        self._asked = itertools.count()
        self._critics = itertools.count()
        self._added: dict[str, list[tf.Tensor]] = {}

    @property
    def size(self) -> int | tf.Tensor:
        """Examples of this replica in a side."""
        known = next(iter(self._told.values()), None)
        return self.batch.size if known is None else batching.size(known)

    @property
    def has_latent(self) -> bool:
        """Whether there is a latent in the game."""
        return self._cast.prior is not None

    def told(self, name: str, again: str = "") -> tf.Tensor:
        """Return the latent or a field of generated examples, as drawn for this play.

        Args:
            name: ``latent``, a condition, or a field of the data, which then is the batch's.
            again: Names another draw of the same.

        Raises:
            PluginError: If there is no such thing.
        """
        if (name, again) not in self._told:
            self._told[name, again] = self._draw_told(name, again)
        return self._told[name, again]

    def _draw_told(self, name: str, again: str) -> tf.Tensor:
        stage = f"{self.stage}/{again}" if again else self.stage
        cast = self._cast
        if name == "latent" and cast.prior is not None:
            latent = cast.prior.sample(self.draw, f"latent/{stage}", self.size)
            check_drawn("latent", cast.prior, latent)
            return latent
        if name in cast.conditions:
            stream = f"condition/{name}/{stage}"
            condition = cast.conditions[name]
            drawn = condition.sample(self.draw, stream, self.size, self.batch)
            check_drawn(name, condition, drawn)
            return drawn
        if name in self.batch.fields:
            return self.batch.fields[name]
        known = [*(["latent"] if cast.prior else []), *cast.conditions, *self.batch.fields]
        raise PluginError(
            f"nobody draws {name!r}, and it comes with no batch",
            hint=f"what there is: {', '.join(sorted(set(known))) or 'nothing'}; hand it over with "
            "the examples, (x, labels) or {'example': x, NAME: …}, or draw it: conditions={…}",
        )

    def fields_of(self, network: str) -> tuple[str, ...]:
        """Return the names of the fields that a network is told, besides latent and example."""
        own = ("latent", "example")
        return tuple(name for name in self._role(network).takes if name not in own)

    def conditions_of_examples(self) -> dict[str, tf.Tensor]:
        """Return the conditions that real examples have as well, drawn for this play."""
        conditions = self._cast.conditions.items()
        return {name: self.told(name) for name, found in conditions if found.of_example}

    def call(self, network: str, side: Side | None = None, **named: tf.Tensor) -> Any:
        """Call a network, and return what it gives, in float32.

        Args:
            network: Its name.
            side: Where to take what the network takes; without a side, it is told what was
                drawn for this play.
            **named: Taken before either.

        Raises:
            PluginError: If there is no such network, or if it takes what is not there.
        """
        role = self._role(network)
        inputs = self._inputs(network, role, side, named)
        count = self._called.get(network, 0)
        self._called[network] = count + 1
        segment = "latent" if count == 0 else f"latent/{count}"
        examples = batching.size(next(iter(inputs.values())))
        training = self.training and role.player is not None
        given = self._compute(network, inputs, [(segment, examples)], training)
        return tf.nest.map_structure(at_least_float32, given)

    def weights_of(self, network: str = "discriminator") -> dict[str, tf.Tensor]:
        """Return a network's trainable weights as they are now, float32, for a term of them.

        By name, ``hidden/kernel``, as in exported files.

        A gradient runs back through those of the player whose turn it is. Such a term is of no
        examples: a penalty that returns it has ``once = True``, and the shape ``[1]``.

        Raises:
            PluginError: If there is no such network.
        """
        self._role(network)
        # A function stands for a network in tests, and has none.
        model = self._cast.networks[network]
        trained = {id(weight) for weight in getattr(model, "trainable_variables", ())}
        return {
            name: at_least_float32(tf.convert_to_tensor(weight))
            for name, weight in (named_weights(model) if trained else {}).items()
            if id(weight) in trained
        }

    def _compute(
        self,
        network: str,
        inputs: Mapping[str, tf.Tensor],
        segments: random.Segments,
        training: bool,
        adds: bool = True,
    ) -> Any:
        called = self._cast.networks[network]
        with random.scope(self.draw, self.stage, segments), added() as losses:
            given = called(_alone(inputs), training=training)
        with blame(called):
            size = batching.size(next(iter(inputs.values())))
            refuse_other_gifts(given, network, self._role(network), size)
        if losses and adds:
            self._added.setdefault(network, []).append(tf.add_n(losses))
        return given

    def added_by(self, network: str) -> list[tf.Tensor]:
        """Return what a network's layers added to the loss in this play, the mean over its calls:
        one scalar, or none. Critics' calls are none of it.
        """
        calls = self._added.get(network, [])
        return [tf.add_n(calls) / len(calls)] if calls else []

    def _role(self, network: str) -> Role:
        if network not in self._cast.networks:
            raise PluginError(
                f"there is no network {network!r}",
                hint=f"the game has {', '.join(sorted(self._cast.networks))}; an encounter or a "
                "penalty declares others in its `roles`",
            )
        return self._cast.roles[network]

    def _inputs(
        self,
        network: str,
        role: Role,
        side: Side | None,
        named: Mapping[str, tf.Tensor],
        which: str = "",
    ) -> dict[str, tf.Tensor]:
        unknown = named.keys() - role.takes.keys()
        if unknown:
            raise PluginError(
                f"{network!r} is called with {', '.join(sorted(unknown))}, but takes "
                f"{', '.join(role.takes)}"
            )
        inputs = {}
        for name in role.takes:
            value = named.get(name)
            if value is None:
                value = self.told(name) if side is None else side.get_tensor(name)
            if value is None:
                has = ", ".join(sorted(side._held())) if side is not None else ""
                raise PluginError(
                    f"in {self.stage!r} {network!r} takes {name!r}, which {which or 'a'} side "
                    f"lacks: it has {has or 'nothing'}",
                    hint="the fake side has what the generator is told (`given`), the real side "
                    "the fields of the data and conditions with of_example = True; an encounter "
                    "may add others",
                )
            inputs[name] = value
        called = self._cast.networks[network]
        with blame(called):
            refuse_misfit(called, network, role, inputs)
        return inputs

    # ------------------------------------------------------------------------------- judges

    def judge(self, side: Side, by: str = "discriminator") -> Side:
        """Return a side with what a judge says of it, in training mode as in the play.

        A side that was judged in this play is not judged again.

        Raises:
            PluginError: If there is no such judge, or if the side lacks what it takes.
        """
        known = self._judgements.get((id(side), by))
        if known is not None and known[1].judged:
            return known[1]
        judged = known[1] if known is not None else self._take_up(side, by)
        self._let_judge(by, [(f"judge/{next(self._asked)}", judged)])
        return judged

    def _take_up(self, side: Side, by: str) -> Side:
        """Return the copy of a side that a judge's words are written on, and its critic."""
        if (id(side), by) not in self._judgements:
            role = self._role(by)
            copied = side.having()
            first = next(iter(role.takes))
            copied._judged_by(None, copied.get_tensor(first), self._critic(by, role, copied))
            # The sides are kept as well, so that no other can have the same id.
            self._judgements[id(side), by] = side, copied
            self._judgements[id(copied), by] = copied, copied
        return self._judgements[id(side), by][1]

    def _let_judge(self, by: str, sides: Sequence[tuple[str, Side]]) -> None:
        """Let a judge judge several sides in one call, each with dropout of its own name."""
        role = self._role(by)
        inputs = [
            self._augmented(role, self._inputs(by, role, side, {}, f"the {which}"), which)
            for which, side in sides
        ]
        joined = inputs[0] if len(inputs) == 1 else {n: _join(inputs, n) for n in role.takes}
        sizes = [batching.size(next(iter(each.values()))) for each in inputs]
        segments = [(name, size) for (name, _), size in zip(sides, sizes, strict=True)]
        said = self._ask(by, joined, segments)
        parts = [said] if len(sides) == 1 else split_words(said, sizes)
        for (_, side), part in zip(sides, parts, strict=True):
            side._judged_by(part, side.x, side._critic)

    def _augmented(
        self, role: Role, inputs: dict[str, tf.Tensor], which: str
    ) -> dict[str, tf.Tensor]:
        """Return what a judge is called with in a round: examples augmented."""
        augmentations = self._cast.augmentations if self.training else ()
        if not augmentations or not judges_examples(role):
            return inputs
        return augment(augmentations, inputs, self.draw, f"{self.stage}/{which}")

    def _ask(
        self,
        by: str,
        inputs: Mapping[str, tf.Tensor],
        segments: random.Segments,
        adds: bool = True,
    ) -> Mapping[str, tf.Tensor]:
        said = self._compute(by, inputs, segments, self.training, adds)
        return said if isinstance(said, Mapping) else {"logits": said}

    def _critic(self, by: str, role: Role, side: Side) -> Callable[..., Side]:
        first = next(iter(role.takes))

        def critic(x: tf.Tensor | None = None, **told: tf.Tensor) -> Side:
            if x is None:
                if side.judged and not told and not is_switchable(self._cast.networks[by]):
                    return side
                x = side.x
            inputs = self._inputs(by, role, side, {first: x, **told})
            which = f"penalty/{next(self._critics)}"
            segments = [(which, batching.size(x))]
            inputs = self._augmented(role, inputs, which)
            with in_float32():  # Second derivatives of half precision are too coarse.
                return Side(self._ask(by, inputs, segments, adds=False), example=x)

        return critic


def _alone(inputs: Mapping[str, tf.Tensor]) -> Any:
    """Return what a network is called with: one thing as a tensor, several by name."""
    return dict(inputs) if len(inputs) > 1 else next(iter(inputs.values()))


def _join(inputs: Sequence[Mapping[str, tf.Tensor]], name: str) -> tf.Tensor:
    """Join what several sides hold under a name, in the type of the first."""
    first, *others = (each[name] for each in inputs)
    return tf.concat([first, *(tf.cast(other, first.dtype) for other in others)], axis=0)
