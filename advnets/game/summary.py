"""Say in words what a game is: who plays whom, for what, by which rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import tensorflow as tf

from .wiring import input_fields

if TYPE_CHECKING:
    from .game import AdversarialGame


def tell(game: AdversarialGame) -> Iterator[tuple[str, str]]:
    """Yield what is played, by headings: each network, then each component."""
    for name, network in game.networks.items():
        role = game.roles[name]
        fields = input_fields(network, role)
        takes = ", ".join(
            f"{key} {fields[key].shape if key in fields else '?'}" for key in role.takes
        )
        gives = ", ".join(role.gives or ("?",))
        moves = f"moves with the {role.player}" if role.player else "never moves"
        yield (
            name,
            f"{takes} → {gives}, {network.count_params():,} weights"
            + ("" if name == role.player else f"; {moves}"),
        )
    yield "loss", repr(game.loss)
    if game.penalties:
        yield "penalties", ", ".join(map(repr, game.rota.listed))
    if game.augmentations:
        yield "augmentations", ", ".join(map(repr, game.augmentations))
    yield "updates", repr(game.updates)
    yield "encounter", repr(game.encounter)
    for name, read in game.streams.items():
        yield f"stream {name}", ", ".join(("examples", *read))
    if game.prior is not None:
        yield "latent", repr(game.prior)
    for name, condition in game.conditions.items():
        yield f"condition {name}", repr(condition)
    for name, average in game.averages.items():
        yield f"average of the {name}", repr(average)
    if game.compiled:
        for name, optimizer in game.optimizers.items():
            yield f"optimizer of the {name}", type(optimizer).__name__
    rounds = tf.get_static_value(tf.convert_to_tensor(game.rounds))  # None in a graph
    if rounds is not None:
        yield "rounds played", f"{int(rounds):,}"
