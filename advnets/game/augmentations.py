"""Augment: change the examples that judges see, real and generated ones alike."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from ..builtin.games import InstanceNoiseParameters, TranslationParameters
from ..errors import AdvnetsError, UsageError
from ..plugins.origins import at_fault
from ..random import Draw
from ..recipe.validated import validated_by
from ..schedule import scheduled
from .configured import Configured
from .role import Role
from .state import find_variables

if TYPE_CHECKING:
    from .context import GameContext
    from .play import Play

log = logging.getLogger(__name__)


class Augmentation(Configured):
    """Define a differentiable map of examples; the base class of augmentations.

    Judges see what it makes of the examples of both sides, in both players' turns, as critics
    do, so that G's gradient and a gradient penalty's run back through it. Metrics, samples,
    exports and `evaluate` are of examples as they are. With several, each takes what the one
    before made.

    Attributes:
        geometric: Whether it moves pixels. A field of the side that is an image on the same grid,
            such as a mask that the judge is told, is then moved along, by the same numbers; so
            these may depend on the draw, the stream and the number of examples, and not on the
            values of ``x``. ``None``: unsaid, and refused where a judge is told such a field.
            One that is made of others overrides :meth:`move_along`.
        requires: The names it needs in D's output, to observe or update.
        reads_signs: Whether C(x) = 0 means something to it, as it then has to by the loss: by one
            of differences alone it does not.
        fields: The fields of sides that it reads there.

    Source: of augmenting both sides, Zhao et al. 2020 (arXiv:2006.10738).
    """

    geometric: bool | None = None
    requires: tuple[str, ...] = ()
    reads_signs: bool = False
    fields: tuple[str, ...] = ()

    def __call__(self, x: tf.Tensor, draw: Draw, stream: str) -> tf.Tensor:
        """Return what becomes of each example by itself.

        Args:
            x: Examples, float32 ``[n, ...]``.
            draw: The random numbers of the round: ``draw.uniform(stream, shape, n)``.
            stream: Names the numbers of this use.

        Returns:
            float32, of the same shape.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no map")

    def move_along(self, field: tf.Tensor, draw: Draw, stream: str) -> tf.Tensor:
        """Return what becomes of an image that a judge is told beside the examples.

        Called where :attr:`geometric` is true; by default the map itself. One that is made of
        others leaves out those that move no pixels, since a mask becomes no brighter.

        Args:
            field: An image for each example, ``[n, height, width, channels]``.
            draw, stream: As the examples were mapped by.
        """
        return self(field, draw, stream)

    def observe(self, play: Play) -> dict[str, tf.Tensor]:
        """Return what is to be logged, by name, each ``[N]``."""
        return {}

    def update(self, play: Play) -> None:
        """Change the augmentation's own state, once a round, where replicas meet."""


class InstanceNoise(Augmentation):
    """Add Gaussian noise to examples, x + σ ε with ε ~ N(0, 1) in every dimension.

    Args:
        deviation: σ, in units of the preprocessed data; a schedule takes it to 0.

    Source: Arjovsky and Bottou 2017 (arXiv:1701.04862), section 3.

    >>> noisy = InstanceNoise(0.5)(tf.zeros([1000, 2]), Draw(seed=1, step=0), "noise")
    >>> round(float(tf.math.reduce_std(noisy)), 1)
    0.5
    """

    geometric = False

    @validated_by(InstanceNoiseParameters)
    def __init__(self, deviation: float | Mapping[str, Any] = 0.1):
        self.deviation = scheduled(deviation)

    def __call__(self, x: tf.Tensor, draw: Draw, stream: str) -> tf.Tensor:
        """Return x + σ ε; see :meth:`Augmentation.__call__`."""
        return x + self.deviation() * draw.normal(stream, x.shape[1:].as_list(), tf.shape(x)[0])


class Mirror(Augmentation):
    """Mirror images left to right, each with probability ½.

    Source: Karras et al. 2020 (arXiv:2006.06676), appendix B.

    >>> x = tf.reshape(tf.range(4.0), [1, 1, 4, 1])
    >>> made = [Mirror()(x, Draw(1, step), "mirror")[0, 0, :, 0].numpy() for step in range(9)]
    >>> sorted({tuple(each.tolist()) for each in made})
    [(0.0, 1.0, 2.0, 3.0), (3.0, 2.0, 1.0, 0.0)]
    """

    geometric = True

    def __call__(self, x: tf.Tensor, draw: Draw, stream: str) -> tf.Tensor:
        """Return x, half of it mirrored; see :meth:`Augmentation.__call__`."""
        check_images(self, x)
        return tf.where(draw.uniform(stream, (1, 1, 1), tf.shape(x)[0]) < 0.5, x[:, :, ::-1], x)


class Translation(Augmentation):
    """Move images by whole pixels, each by its own; what comes in from outside is 0.

    Args:
        share: The most that is moved, of height and width, to the nearest pixel, one at least
            where it is not 0; ⅛ in the paper.

    Source: Zhao et al. 2020 (arXiv:2006.10738), section 4.

    >>> x = tf.ones([100, 8, 8, 1])
    >>> moved = Translation(0.25)(x, Draw(seed=1, step=0), "translation")
    >>> sorted({int(row) for row in tf.reduce_sum(moved[:, :, 4, 0], 1)})  # of 8, 2 at most go
    [6, 7, 8]
    """

    geometric = True

    @validated_by(TranslationParameters)
    def __init__(self, share: float = 0.125):
        self.share = share

    def __call__(self, x: tf.Tensor, draw: Draw, stream: str) -> tf.Tensor:
        """Return x, moved; see :meth:`Augmentation.__call__`."""
        check_images(self, x)
        shifts = draw.uniform(stream, (2,), tf.shape(x)[0])
        for axis in (1, 2):
            size = x.shape[axis]
            most = max(int(self.share * size + 0.5), int(self.share > 0))
            shift = tf.cast(tf.floor(shifts[:, axis - 1] * (2 * most + 1)), tf.int32) - most
            source = tf.range(size)[None] - shift[:, None]
            inside = tf.cast((source >= 0) & (source < size), x.dtype)
            taken = tf.gather(x, tf.clip_by_value(source, 0, size - 1), axis=axis, batch_dims=1)
            x = taken * tf.reshape(inside, [-1, *(size if a == axis else 1 for a in (1, 2)), 1])
        return x


def make_augmentations(owner: Any, entries: Any, context: GameContext | None) -> list[Augmentation]:
    """Return the augmentations that a component is made of.

    Args:
        owner: The component, for the message.
        entries: Augmentations; where there is a context also names, or mappings with parameters.
        context: Of a run, which makes those that are named.

    Raises:
        UsageError: If one is no augmentation.

    >>> make_augmentations(None, [Mirror()], None)
    [Mirror()]
    """
    made = entries
    if context is not None and isinstance(made, Sequence):
        made = [context.make("augmentations", entry) for entry in made]
    if not isinstance(made, Sequence) or not all(isinstance(one, Augmentation) for one in made):
        raise UsageError(
            f"{type(owner).__name__} is made of augmentations, not of {entries!r:.100}",
            hint="give it objects, such as [advnets.game.Mirror()]; recipes name them",
        )
    return list(made)


def check_images(augmentation: Augmentation, x: tf.Tensor) -> None:
    """Refuse examples that are no images ``[n, height, width, channels]``.

    Raises:
        PluginError: With their shape.
    """
    if len(x.shape) != 4:
        raise at_fault(
            augmentation,
            f"{type(augmentation).__name__} augments images, [height, width, channels]; the "
            f"examples are of the shape {x.shape[1:].as_list()}",
            hint="leave it out of `augmentations`, or choose a data set of images",
        )


def judges_examples(role: Role) -> bool:
    """Tell whether what a judge takes first is an example, which augmentations are of."""
    space = next(iter(role.takes.values()))
    return isinstance(space, str) and (space == "example" or space.endswith(".example"))


def augment(
    augmentations: Sequence[Augmentation],
    inputs: Mapping[str, tf.Tensor],
    draw: Draw,
    stream: str,
) -> dict[str, tf.Tensor]:
    """Return what a judge is called with: the first thing augmented, images moved along with it.

    Args:
        augmentations: In the order in which they are applied.
        inputs: What the judge takes, by name.
        draw: The random numbers of the round.
        stream: Names the numbers of this judgement.

    Raises:
        PluginError: If an augmentation returns something of another shape or type, or does not
            say whether it moves pixels where that matters.
    """
    first, *others = inputs
    given = dict(inputs)
    for index, one in enumerate(augmentations):
        own = f"{stream}/augmentation/{index}"
        x = given[first]
        along = [] if one.geometric is False else _images(one, {n: given[n] for n in others}, x)
        if along and one.geometric is None:
            raise at_fault(
                one,
                f"{type(one).__name__} does not say whether it moves pixels, and the judge is told "
                f"{along[0]!r}, an image that would have to be moved along",
                hint="`geometric = True` in its class if it does, else `geometric = False`",
            )
        given[first] = _check(one, one(x, draw, own), x)
        for name in along if one.geometric else []:
            before = given[name]
            given[name] = _check(one, one.move_along(before, draw, own), before)
    return given


def try_augmentations(augmentations: Sequence[Augmentation], inputs: Any) -> None:
    """Refuse augmentations that are none, by what they make of a few made-up examples.

    One that fails by an error of its own is left to the round that is traced, whose message says
    where. What they remember is put back.

    Args:
        augmentations: A game's.
        inputs: What a judge takes: a tensor ``[n, ...]``, or several by name.

    Raises:
        PluginError: If what one makes is of another shape or type, is not finite, differs for the
            same draw or by the other examples of a batch, or has no gradient.
    """
    named = dict(inputs) if isinstance(inputs, Mapping) else {"example": inputs}
    x = next(iter(named.values()))
    held = [variable for one in augmentations for _, variable in find_variables(one)]
    before = [variable.numpy() for variable in held]
    try:
        augment(augmentations, named, Draw(0, 0), "check")
        for one in augmentations:
            _try(one, x)
    except AdvnetsError:
        raise
    except Exception as error:
        log.debug("augmentations were not to be tried on made-up examples: %s", error)
    finally:
        for variable, value in zip(held, before, strict=True):
            variable.assign(value)


def _try(one: Augmentation, x: tf.Tensor) -> None:
    """Refuse what an augmentation makes of made-up examples, all that is wrong at once."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        made = one(x, Draw(0, 0), "check")
    gradient = tape.gradient(made, x)
    again = one(x, Draw(0, 0), "check")
    half = len(x) // 2
    parts = [x[:half], x[half:]]
    apart = [one(part, Draw(0, 0, i, 2), "check") for i, part in enumerate(parts)]
    wrong = []
    if not np.isfinite(made).all():
        wrong.append("returned values that are not finite, of examples from 0 to 1")
    elif not np.array_equal(made, again):
        wrong.append("made something else of the same draw")
    elif not np.allclose(made, tf.concat(apart, 0), rtol=1e-4, atol=1e-5):
        wrong.append("makes something else of an example where the batch holds others, or halves")
    if gradient is None:
        wrong.append("lets no gradient through: G would learn nothing of what D says")
    if wrong:
        raise at_fault(
            one,
            f"{type(one).__name__} {', and '.join(wrong)}",
            hint="an augmentation is a differentiable function of each example by itself, whose "
            "random numbers are those of draw.uniform(stream, shape, n) and draw.normal(…); "
            "`advnets plugins check` tries yours",
        )


def _images(one: Augmentation, fields: Mapping[str, tf.Tensor], x: tf.Tensor) -> list[str]:
    """Return which fields are images on the grid of the examples.

    Raises:
        PluginError: If one is an image of another size, which cannot be moved along.
    """
    if len(x.shape) != 4:
        return []
    along = []
    for name, field in fields.items():
        same = field.shape[1:3] == x.shape[1:3]
        if len(field.shape) == 4 and same:
            along.append(name)
        elif len(field.shape) == 4 or (len(field.shape) == 3 and same):
            moves = "moves pixels" if one.geometric else "does not say whether it moves pixels"
            raise at_fault(
                one,
                f"{type(one).__name__} {moves}, and the judge is told {name!r}, of the shape "
                f"{field.shape[1:].as_list()}, which cannot be moved along with examples of the "
                f"shape {x.shape[1:].as_list()}",
                hint="let it have the height and width of the examples, and channels; or leave the "
                "augmentation out; one that moves no pixels says `geometric = False` in its class",
            )
    return along


def _check(augmentation: Augmentation, made: Any, x: tf.Tensor) -> tf.Tensor:
    shape, dtype = getattr(made, "shape", None), getattr(made, "dtype", None)
    if shape is None or dtype != x.dtype or not x.shape.is_compatible_with(shape):
        found = type(made).__name__
        if shape is not None and dtype is not None:
            found = f"{dtype.name} {list(shape)}"
        raise at_fault(
            augmentation,
            f"{type(augmentation).__name__} returned {found} for {x.dtype.name} {list(x.shape)}",
            hint="an augmentation returns examples of the shape and type that it is given",
        )
    return made
