"""Look at each batch that a game is given by hand, before it is played."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from ..errors import DataError
from .first_look import warn_of_range

if TYPE_CHECKING:
    from .game import AdversarialGame


class Watched:
    """Yield batches after a look at each: numbers that are not finite are refused by name.

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
            DataError: If examples, or fields that the game uses, hold NaN or infinity.
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
            if parts and not self._range_seen and name in ("example", "image"):
                self._range_seen = True
                low = min(float(tf.reduce_min(x)) for x in parts)
                warn_of_range(self._game, (low, max(float(tf.reduce_max(x)) for x in parts)))


def _named(data: Any) -> dict[str, Any]:
    """Return what a batch holds, by name, as :func:`advnets.game.batches.as_batch` takes it."""
    if isinstance(data, Mapping):
        return dict(data)
    if not isinstance(data, tuple | list):
        return {"example": data}
    found = {"example": data[0]}
    fields = data[1] if len(data) > 1 else None
    return found | (dict(fields) if isinstance(fields, Mapping) else {"label": fields})


def _is_floating(values: Any) -> bool:
    dtype = getattr(values, "dtype", None)
    return dtype is not None and tf.as_dtype(dtype).is_floating
