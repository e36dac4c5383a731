"""Look at each batch that a game is given by hand, before it is played."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from ..data.summary import NARROW
from ..errors import DataError
from .batches import WHITE, examples_in
from .classes import classes_of, refuse_no_classes
from .first_look import warn_of_range

if TYPE_CHECKING:
    from .game import AdversarialGame


log = logging.getLogger(__name__)
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
        self._game, self._range_seen = game, False

    def over(self, batches: Iterable[Any], first: int) -> Iterator[Any]:
        """Yield the batches, whose numbers begin with ``first``.

        Raises:
            DataError: If examples, or fields that the game uses, hold NaN or infinity, or if
                what should be classes are none.
        """
        for number, data in enumerate(batches, first):
            self._look(_named(data), number)
            yield data

    def _look(self, named: Mapping[str, Any], number: int) -> None:
        used = {n: x for n, x in named.items() if n in self._game.fields or n != "label"}
        for name, values in used.items():
            parts = self._game.distribute_strategy.experimental_local_results(values)
            parts = [tf.convert_to_tensor(x) for x in parts if _is_floating(x)]
            bad = sum(int(tf.math.count_nonzero(~tf.math.is_finite(x))) for x in parts)
            if bad:
                held = sum(int(tf.size(x)) for x in parts)
                raise DataError(
                    f"{bad:,} of the {held:,} values of {name!r} in batch {number} (from 0) "
                    "are NaN or infinite",
                    hint="np.argwhere(~np.isfinite(x)) finds them: one makes all weights NaN",
                )
            if name in self._classes:
                for part in self._game.distribute_strategy.experimental_local_results(values):
                    if getattr(part, "dtype", None) is not None:
                        what = f"{name!r} in batch {number} (from 0)"
                        refuse_no_classes(np.asarray(part), *self._classes[name], what)
        if named and not self._range_seen:
            self._range_seen = True
            self._say_range(named[examples_in(named, self._game.fields)])

    @cached_property
    def _classes(self) -> dict[str, tuple[int, str]]:
        """How many classes the fields have that are read of real examples, and who says so."""
        game = self._game
        known = classes_of(game)
        drawn = game.conditions.keys() - {f for one in game.conditions.values() for f in one.fields}
        return {name: known[name] for name in known.keys() - (drawn - game.heard)}

    def _say_range(self, examples: Any) -> None:
        """Say how whole numbers are scaled, or where the generator does not reach the examples."""
        local = self._game.distribute_strategy.experimental_local_results(examples)
        parts = [tf.convert_to_tensor(x) for x in local if isinstance(x, tf.Tensor | np.ndarray)]
        parts = [x for x in parts if tf.size(x)]
        if not parts:
            return
        dtype, bounds = parts[0].dtype.name, self._game.bounds
        ends = [[float(f(tf.cast(x, tf.float32))) for x in parts] for f in _ENDS]
        low, high = min(ends[0]), max(ends[1])
        if parts[0].dtype.is_floating:
            warn_of_range(self._game, (low, high))
        elif dtype in WHITE and bounds is not None:
            white, scale = WHITE[dtype], (bounds[1] - bounds[0]) / WHITE[dtype]
            narrow = ""
            if high - low < NARROW * white:
                seen = [bounds[0] + scale * end for end in (low, high)]
                narrow = (
                    f". Those of the first batch lie in {low:g} to {high:g} only: networks see "
                    f"{seen[0]:.3g} to {seen[1]:.3g}. If {high:g} is white, give "
                    f"x.astype('float32') / {high:g}"
                )
            log.warning(
                "the examples are of the type %s: 0 to %d are brought to %g to %g, the range of "
                "what the generator gives%s",
                *(dtype, white, *bounds, narrow),
            )


def _named(data: Any) -> dict[str, Any]:
    """Return what a batch holds, by name, as :func:`advnets.game.batches.as_batch` takes it."""
    if isinstance(data, Mapping):
        return dict(data)
    if not isinstance(data, tuple | list):
        return {"example": data}
    found = dict(data[0]) if isinstance(data[0], Mapping) else {"example": data[0]}
    fields = data[1] if len(data) > 1 else None
    return found | (dict(fields) if isinstance(fields, Mapping) else {"label": fields})


def _is_floating(values: Any) -> bool:
    dtype = getattr(values, "dtype", None)
    return dtype is not None and tf.as_dtype(dtype).is_floating
