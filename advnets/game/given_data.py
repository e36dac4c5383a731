"""Look at each batch that a game is given by hand, before it is played."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from ..data.ranges import Range
from ..data.summary import NARROW
from ..errors import DataError
from .batches import WHITE, examples_in, holds_several, name_parts
from .classes import classes_of, refuse_no_classes
from .first_look import warn_of_range
from .fit_data import rows_of

if TYPE_CHECKING:
    from .game import AdversarialGame


log = logging.getLogger(__name__)
ROWS = 1024
"""Held-out examples that are looked at together."""
APART = 30
"""How many times as wide, or as far, another range is: more than small batches of one differ."""
_ENDS = (tf.reduce_min, tf.reduce_max)


class Watched:
    """Yield batches after a look at each: numbers that are not finite, and labels of classes that
    there are not, are refused by name.

    Sources look at the data of runs when they read them; what ``fit`` is given, an array, a
    ``tf.data.Dataset`` or a generator, is seen here first.

    Args:
        game: Whose batches they are.
    """

    def __init__(self, game: AdversarialGame):
        self._game = game
        self._ranges: dict[tuple[str, bool], Range] = {}
        self._said: set[str] = set()

    def over(self, batches: Iterable[Any], first: int, held_out: bool) -> Iterator[Any]:
        """Yield the batches, whose numbers begin with ``first``, to play with or to judge.

        Raises:
            DataError: If examples, or fields that the game uses, hold NaN or infinity, or if
                what should be classes are none.
        """
        for number, data in enumerate(batches, first):
            self.look(data, f"batch {number} (from 0)", held_out, number == 0)
            yield data

    def look_at_all(self, data: Any) -> None:
        """Look at all of some held-out arrays, examples and labels."""
        for first in range(0, len(tf.nest.flatten(data)[0]), ROWS):
            what = f"the held-out examples from {first:,} on" if first else "the held-out examples"
            self.look(rows_of(data, first, first + ROWS), what, True, not first)

    def look(self, data: Any, where: str, held_out: bool, first: bool = True) -> None:
        """Look at a batch.

        Args:
            data: As ``fit`` takes it.
            where: It is, for messages.
            held_out: Whether nobody is fitted to it.
            first: Whether to look at the range it lies in.
        """
        named, game = name_parts(data), self._game
        if named.get("label") is not None and "label" not in game.fields:
            self._say_once(
                "the labels are left out: no network, condition, loss or penalty of this game "
                "reads 'label'"
            )
        for name, one in named.items():
            if holds_several(one) and name not in (*game.streams, *game.fields):
                self._say_once(
                    f"the stream {name!r} is left out: no encounter, penalty, rule or network of "
                    "this game reads it"
                )
        used = {n: x for n, x in named.items() if n in game.fields or n != "label"}
        own = {n: x for n, x in used.items() if n not in game.streams and not holds_several(x)}
        self._look_at(own, game.fields, "", where, held_out, first)
        for stream, fields in game.streams.items():
            if named.get(stream) is not None:
                own = name_parts(named[stream])
                read = {n: x for n, x in own.items() if n in fields or n != "label"}
                place = f"the stream {stream!r} of {where}"
                self._look_at(read, fields, stream, place, held_out, first)

    def _look_at(
        self,
        named: Mapping[str, Any],
        fields: tuple[str, ...],
        stream: str,
        where: str,
        held_out: bool,
        first: bool,
    ) -> None:
        """Look at what is read of a batch, or of that of a stream."""
        for name, values in named.items():
            parts = self._game.distribute_strategy.experimental_local_results(values)
            parts = [tf.convert_to_tensor(x) for x in parts if _is_floating(x)]
            bad = sum(int(tf.math.count_nonzero(~tf.math.is_finite(x))) for x in parts)
            if bad:
                held = sum(int(tf.size(x)) for x in parts)
                raise DataError(
                    f"{bad:,} of the {held:,} values of {name!r} in {where} are NaN or infinite",
                    hint="np.argwhere(~np.isfinite(x)) finds them: one makes all weights NaN",
                )
            known = self._classes
            classes = known.get(f"{stream}.{name}" if stream else name, known.get(name))
            if classes is not None:
                for part in self._game.distribute_strategy.experimental_local_results(values):
                    if getattr(part, "dtype", None) is not None:
                        refuse_no_classes(np.asarray(part), *classes, f"{name!r} in {where}")
        if named and first:
            what = f"the examples of the stream {stream!r}" if stream else "the examples"
            examples = named[examples_in(named, fields, what=what)]
            self._look_at_range(examples, held_out, stream, what)

    def _say_once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            log.warning("%s", text)

    @cached_property
    def _classes(self) -> dict[str, tuple[int, str]]:
        """How many classes the fields have that are read of real examples, and who says so."""
        game = self._game
        known = classes_of(game)
        drawn = game.conditions.keys() - {f for one in game.conditions.values() for f in one.fields}
        return {name: known[name] for name in known.keys() - (drawn - game.heard)}

    def _look_at_range(self, examples: Any, held_out: bool, stream: str, what: str) -> None:
        """Say how whole numbers are scaled, where the generator does not reach the examples, and
        where held-out ones are in another range than those that the game is fitted to.
        """
        local = self._game.distribute_strategy.experimental_local_results(examples)
        parts = [tf.convert_to_tensor(x) for x in local if isinstance(x, tf.Tensor | np.ndarray)]
        parts = [x for x in parts if tf.size(x)]
        if not parts:
            return
        dtype, bounds = parts[0].dtype, self._game.bounds_of(stream)
        ends = [[float(f(tf.cast(x, tf.float32))) for x in parts] for f in _ENDS]
        low, high = min(ends[0]), max(ends[1])
        if dtype.name in WHITE and bounds is not None:
            scale = (bounds[1] - bounds[0]) / WHITE[dtype.name]
            seen = (bounds[0] + scale * low, bounds[0] + scale * high)
            self._say_scale(dtype.name, (low, high), seen, bounds, what)
        else:
            seen = (low, high)
        known, other = (self._ranges.get((stream, held)) for held in (held_out, not held_out))
        if known is not None and not _apart(known, seen):
            return
        self._ranges[stream, held_out] = seen
        if other is not None and _apart(other, seen):
            here, there = (seen, other) if held_out else (other, seen)
            log.warning(
                "the held-out examples%s lie in %g to %g, and those that the game is fitted to in "
                "%g to %g: losses of the ones say nothing of the others",
                *(what.removeprefix("the examples"), *here, *there),
            )
        elif dtype.is_floating and (other is None or not _within(seen, other)):
            warn_of_range(self._game, seen, f"{stream}.example" if stream else "example")

    def _say_scale(self, dtype: str, ends: Range, seen: Range, bounds: Range, what: str) -> None:
        if f"{what} {dtype}" in self._said:
            return
        self._said.add(f"{what} {dtype}")
        (low, high), narrow = ends, ""
        if high - low < NARROW * WHITE[dtype]:
            narrow = (
                f". Those of the first batch lie in {low:g} to {high:g} only: networks see "
                f"{seen[0]:.3g} to {seen[1]:.3g}. If {high:g} is white, give "
                f"x.astype('float32') / {high:g}"
            )
        log.warning(
            "%s are of the type %s: 0 to %d are brought to %g to %g, the range of "
            "what the generator gives%s",
            *(what, dtype, WHITE[dtype], *bounds, narrow),
        )


def _apart(one: Range, other: Range) -> bool:
    """Tell whether two intervals are of another scale, or far from each other.

    >>> _apart((0, 1), (0, 255)), _apart((0, 1), (-1, 1)), _apart((0, 1), (100, 101))
    (True, False, True)
    """
    narrow, wide = sorted(high - low for low, high in (one, other))
    if not narrow:  # a constant has no scale
        return False
    return wide > APART * narrow or abs(sum(one) - sum(other)) / 2 > APART * wide


def _within(one: Range, other: Range) -> bool:
    return other[0] <= one[0] <= one[1] <= other[1]


def _is_floating(values: Any) -> bool:
    dtype = getattr(values, "dtype", None)
    return dtype is not None and tf.as_dtype(dtype).is_floating
