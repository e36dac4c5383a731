"""Make the adversarial game a Keras model, with the game's own ``train_step``."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

import keras
import tensorflow as tf

from ..data import Field
from ..data.ranges import ACTIVATIONS
from ..distribute.replicas import replicas
from ..errors import UsageError
from ..networks import make_switchable
from ..networks.ending import last_activation
from ..plugins.origins import at_fault
from ..schedule import at_round
from .augmentations import Augmentation, judges_examples
from .averaging import GeneratorAverage
from .batches import Batch, as_batch
from .classes import read_classes
from .conditions import Condition
from .encounter import Encounter, Generated
from .first_look import look_at_networks
from .given_data import Watched
from .keras_methods import KerasMethods
from .lazily import Every, Rota
from .learning import put_back_if_skipped, statistics_of
from .losses import Loss, Minimax
from .means import Means
from .movers import COMPILE_AGAIN, OPTIMIZERS
from .parts import Kept, check_networks, check_part
from .penalties import Penalty, players_of
from .prior import NoLatent, Prior, Uniform
from .role import PLAYERS, gather_roles, stream_of
from .state import find_schedules
from .streams import gather_streams, refuse_taken_name
from .unsaved import numbers_of, refuse_counting, refuse_unsaved, refuse_unseeded
from .updates import Alternating, UpdateRule, check_batches, check_logged
from .wiring import latent_shape, wire_roles

PARTS = {
    *("generator", "discriminator", "networks", "roles", "encounter", "conditions"),
    *("prior", "loss", "penalties", "augmentations", "updates", "averages"),
    *("average_networks", "given", "streams"),
}
"""What a game is made of."""
MAKE_ANOTHER = "make another, AdversarialGame(…), with the {} that it is to have"


@keras.saving.register_keras_serializable(package="advnets")
class AdversarialGame(KerasMethods):
    """Play a generator G and a discriminator D against each other.

    G maps latent points z ~ p_z to examples; D rates how real an example looks.
    What is judged comes from ``encounter``, what each player minimises from ``loss`` and
    ``penalties``, who moves when from ``updates``; the defaults are the minimax game of
    Goodfellow et al. 2014, played by Algorithm 1. What networks are told besides (a label,
    a code) is read off the names of their inputs. Latent noise and dropout masks are pure
    functions of the seed, the round and the example, so a game has no random state.

    Networks may compute in half precision, as their Keras policies say. What they return is
    taken in float32, losses and gradients are float32, and penalties see a D that computes
    in float32. A player whose gradient passes through float16 has a loss scale, and a step
    that overflows is skipped (:class:`advnets.game.loss_scale.LossScale`).

    Args:
        generator: A built Keras model, latent ``[N, size]`` → examples ``[N, ...]``; one that
            is told more takes a dictionary: ``{"latent": …, "label": …}``.
        discriminator: A built Keras model, examples → logits ``[N]`` or ``[N, 1]``, or a
            mapping with ``logits`` or ``energy`` and more (:class:`Side`); one that is told
            more takes ``{"example": …, "label": …}``.
        networks: Further networks that the encounter or a penalty calls, by name.
        encounter: An :class:`Encounter`; :class:`Generated` by default.
        conditions: How fields of generated examples are drawn, by name; those that are not
            named come with the batch.
        prior: The distribution of z; U(−√3, √3) in the shape of G's input by default;
            ``NoLatent()`` where G makes examples of nothing but what it is told.
        loss: A :class:`Loss`; :class:`Minimax` by default.
        penalties: Terms added to the players' losses; ``Every(16, R1())`` in every 16th round.
        augmentations: Differentiable maps of the examples that D sees, of both sides, in rounds.
        given: What networks of one input are told, by their names, since it has no name:
            ``{"generator": ["edges"]}``.
        updates: An :class:`UpdateRule`; :class:`Alternating` with k = 1 by default.
        average: A :class:`GeneratorAverage` to keep next to G, or one for each network that
            moves with G, by name; none by default.
        seed: Seed of latent noise and dropout.

    Attributes:
        discriminator_calls: See :class:`advnets.game.objectives.Objectives`.
        rounds, norms_every, loss_scales: See :class:`advnets.game.players.Players`.
        streams: The streams of further examples that the game reads, by name, with the fields
            that it reads of each.

    Raises:
        UsageError: If a network is not built, lacks a role, or the prior does not fit.

    >>> generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> discriminator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> game = AdversarialGame(generator, discriminator)
    >>> game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    >>> import numpy as np
    >>> history = game.fit(np.ones([8, 1], "float32"), batch_size=4, verbose=0)
    >>> sorted(history.history)[:3]
    ['d_accuracy_fake', 'd_accuracy_real', 'd_fake']
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        networks: Mapping[str, keras.Model] | None = None,
        encounter: Encounter | None = None,
        conditions: Mapping[str, Condition] | None = None,
        prior: Prior | None = None,
        loss: Loss | None = None,
        penalties: Iterable[Penalty | Every] = (),
        augmentations: Iterable[Augmentation] = (),
        given: Mapping[str, Iterable[str]] | None = None,
        updates: UpdateRule | None = None,
        average: GeneratorAverage | Mapping[str, GeneratorAverage] | None = None,
        seed: int = 0,
        name: str = "game",
    ):
        everyone = {"generator": generator, "discriminator": discriminator, **(networks or {})}
        check_networks(everyone)
        encounter = encounter if encounter is not None else Generated()
        loss = loss if loss is not None else Minimax()
        updates = updates if updates is not None else Alternating()
        listed = tuple(penalties) if isinstance(penalties, Iterable) else (penalties,)
        terms = tuple(one.penalty if isinstance(one, Every) else one for one in listed)
        maps = tuple(augmentations) if isinstance(augmentations, Iterable) else (augmentations,)
        check_part("loss", loss, Loss, "NonSaturating()")
        check_part("encounter", encounter, Encounter, "Generated()")
        check_part("updates", updates, UpdateRule, "Alternating()")
        check_batches(updates)
        if prior is not None:
            check_part("prior", prior, Prior, "Uniform(100)")
        for term in terms:
            check_part("penalties", term, Penalty, "[R1()]")
        for one in maps:
            check_part("augmentations", one, Augmentation, "[Mirror()]")
        without = isinstance(prior, NoLatent)
        for term in terms:
            if not players_of(term) or not set(players_of(term)) <= set(PLAYERS):
                raise at_fault(
                    term,
                    f"{type(term).__name__}.player is {term.player!r}; expected "
                    f"{' or '.join(map(repr, PLAYERS))}, or a tuple of both",
                )
        roles = gather_roles(encounter, terms, latent=not without)
        super().__init__(everyone, wire_roles(roles, everyone, conditions or (), given or {}), name)
        self.encounter, self.penalties, self.augmentations = encounter, terms, maps
        self.rota = Rota(listed)
        self.prior = None if without else prior
        self.updates = updates
        self.conditions = dict(conditions or {})
        for named, condition in self.conditions.items():
            if not isinstance(getattr(condition, "field", None), Field):
                raise at_fault(
                    condition,
                    f"the condition {named!r}, a {type(condition).__name__}, has no `field`",
                    hint="self.field = Field((), 'int64', classes=10) says what it draws",
                )
        shape = latent_shape(self.roles, everyone)
        if without and any("latent" in role.takes for role in self.roles.values()):
            raise UsageError("there is no latent, but a network takes it")
        if self.prior is None and shape is not None:
            self.prior = Uniform(shape=shape)
        self.loss = loss
        if isinstance(average, GeneratorAverage):
            average = {"generator": average}
        self.averages = dict(average or {})
        for network, kept in self.averages.items():
            kept.start(everyone[network])
        # Keras saves, and sets back, what it finds as attributes.
        self.average_networks = {name: kept.network for name, kept in self.averages.items()}
        self.given = {name: tuple(fields) for name, fields in (given or {}).items()}
        self.streams = gather_streams((encounter, *terms, updates), self.roles)
        for stream in self.streams:
            refuse_taken_name(stream, self)
        self.outside: dict[str, Condition] = {}
        self.kept: Batch | None = None
        self.counted: set[str] = set()
        self.seed = seed
        # Each replica's thread traces a round of its own.
        self._terms = threading.local()
        self.discriminator_calls = "auto"
        judges = [name for name, role in self.roles.items() if role.kind == "discriminator"]
        if maps and not any(judges_examples(self.roles[judge]) for judge in judges):
            raise UsageError(
                f"{type(maps[0]).__name__} augments examples, and "
                f"{' and '.join(judges)} take{'' if len(judges) > 1 else 's'} none first",
                where="augmentations",
            )
        self.joint = look_at_networks(self)
        self._in_parts: set[str] = set()
        self._unheard_said = False
        updates.prepare(self)
        for schedule in find_schedules(self):
            schedule.follow(self.rounds.value)
        self._means = Means()
        self._given = Watched(self)
        if self.penalties or type(self.encounter) not in (Encounter, Generated):
            for judge in judges:
                make_switchable(everyone[judge])
        for part in PARTS:
            if isinstance(held := getattr(self, part, None), dict):  # Keras's own, which tracks
                self.__dict__[part] = Kept(part, held, MAKE_ANOTHER.format(part))
        self._made = True

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse to change what the game is made of, or what moves it: what was checked and
        compiled would stay.
        """
        if name in PARTS and getattr(self, "_made", False):
            raise UsageError(
                f"a game keeps its {name}: that would change a part of it alone",
                hint=MAKE_ANOTHER.format(name),
            )
        if name in OPTIMIZERS and getattr(self, "_made", False) and not self._compiling:
            raise UsageError(
                f"{name} = …: an optimizer is built for what it moves, and rounds are compiled "
                "with it, when the game is compiled",
                hint=COMPILE_AGAIN,
            )
        super().__setattr__(name, value)

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Play one round (Algorithm 1, or whatever ``updates`` says).

        Args:
            data: This replica's real examples for one round, ``[k · N, ...]`` with k the
                rule's ``batches``, a last batch perhaps fewer; with labels,
                ``(x, y)``; or a dictionary with ``example``, fields and streams by name.

        Returns:
            Scalars to log, means over the global batch: both losses, V(D, G), D's mean
            probability of "real" and accuracy on each side, both gradients' norms; of each
            penalty its value, ``d_penalties.0``. Of a player with a loss scale also that, and 1
            or 0 for a (last) step that was skipped.
        """
        self._assert_compile_called("train_step")
        if self.rota.every and self.rota.current is None and replicas() == 1:
            # Called alone: without what is not due, as in a run, what comes after it draws alike.
            return self.in_rounds(lambda due: self._play_round(data))
        return self._play_round(data)

    def _play_round(self, data: Any) -> dict[str, tf.Tensor]:
        numbers = numbers_of(self)
        batches = self.take(data).split(self.updates.batches)
        before = statistics_of(self) if self.skips or self.loss_scales else None
        with at_round(tf.convert_to_tensor(self.rounds)):
            logs = check_logged(self.updates, self.updates.round(self, batches))
        if before is not None:
            put_back_if_skipped(before, logs)
        self.rounds.assign_add(1)
        for network, average in self.averages.items():
            average.update(self.networks[network], tf.convert_to_tensor(self.rounds))
        refuse_unsaved(self)
        refuse_counting(self, numbers)
        refuse_unseeded()
        return logs

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of fields that anything in the game may read of the data, sorted.

        One that a condition draws for generated examples may belong to real ones as well.
        """
        told = {
            name
            for role in self.roles.values()
            for name, space in role.takes.items()
            if not stream_of(space)
        }
        reading: tuple[Any, ...] = (self.loss, *self.penalties, *self.augmentations)
        told = told.union(*(component.fields for component in reading))
        told -= {"latent", "example"}
        return tuple(sorted(told.union(*(each.fields for each in self.conditions.values()))))

    def take(self, data: Any) -> Batch:
        """Return what ``fit`` or a feed hands over, with the fields and streams of the game.

        Raises:
            UsageError: See :func:`advnets.game.batches.as_batch`, and
                :func:`advnets.game.classes.read_classes`.
        """
        streams = {n: (fields, self.bounds_of(n)) for n, fields in self.streams.items()}
        return read_classes(self, as_batch(data, self.fields, self.bounds_of(), streams))

    def bounds_of(self, stream: str = "") -> tuple[float, float] | None:
        """Return (0, 1) or (−1, 1), where what makes such examples ends in an activation that
        gives these: of a stream that no network makes, as of the main data.
        """
        space, maker = f"{stream}.example" if stream else "example", self.generator
        for name in sorted(self.roles, key=lambda one: one != "generator"):
            if space in (self.roles[name].gives or {}).values():
                maker = self.networks[name]
                break
        else:
            if stream:
                return self.bounds_of()
        ends = ACTIVATIONS.get(last_activation(maker) or "")
        return ends if ends in ((0, 1), (-1, 1)) else None

    @property
    def unconditional(self) -> bool:
        """Whether the game is that of the paper: G takes the latent alone, D the example."""
        takes = [tuple(self.roles[name].takes) for name in ("generator", "discriminator")]
        plain = type(self.encounter) in (Encounter, Generated)
        return plain and takes == [("latent",), ("example",)]

    def components(self) -> dict[str, object]:
        """Return every component that the game is made of, by its path in a recipe."""
        found: dict[str, object] = {"loss": self.loss, "updates": self.updates}
        found |= {f"penalties.{i}": penalty for i, penalty in enumerate(self.penalties)}
        found |= {f"augmentations.{i}": one for i, one in enumerate(self.augmentations)}
        found |= {"latent": self.prior, "encounter": self.encounter}
        return found | {f"conditions.{name}": each for name, each in self.conditions.items()}
