"""Build a recipe's game and its rounds on one device, with no run around them."""

from __future__ import annotations

from ..data import Source
from ..data.feed.choose import make_feed
from ..distribute.strategy import make_strategy
from ..recipe import Recipe
from .build import build_game, carried
from .chosen_rows import choose_rows
from .rounds import Rounds


def build_rounds(recipe: Recipe, source: Source) -> Rounds:
    """Build a game and what draws its examples, ready for its first round.

    Args:
        recipe: A validated recipe.
        source: Its data.

    Raises:
        AdvnetsError: If a component fails, or its parts do not fit each other.
    """
    strategy = make_strategy("one_device", 1)
    game = build_game(recipe, source)
    fields = carried(game, source)
    chosen = choose_rows(game, source, recipe.settings.training.batch_size)
    feed = make_feed(
        *(recipe, source, game.updates.batches, strategy, fields, game.streams), order=chosen
    )
    feed.seek(0)
    return Rounds(game, feed, strategy)
