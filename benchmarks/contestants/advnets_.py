"""advnets: a recipe, played by the engine as ``advnets run`` plays it.

The same objects in the same order as a run: the game inside the strategy's scope, resident data,
compiled rounds with sums of what they log, about half a second of rounds per call. What a run
does between calls (logging, sample grids, checkpoints) is not in the time; the peers do none.
"""

from __future__ import annotations

import math
from typing import Any

from ..cases import dcgan, mnist, ring
from ..cases.game import Adam, Game
from ..places import DATA
from .contestant import Contestant

ROLES = ("generator", "discriminator")


def recipe(game: Game, jit: str = "auto") -> dict[str, Any]:
    """The case as an advnets recipe."""
    told = _networks(game) | {
        "name": game.name.replace("_", "-"),
        "seed": 1,
        "dataset": {
            "name": "npz",
            "path": str(DATA / f"{game.data}.npz"),
            "preprocess": {"maxout": "unit", "mlp": "none", "dcgan": "symmetric"}[game.networks],
        },
        "latent": {"name": game.prior, "size": game.latent},
        "loss": {"name": "wasserstein"}
        if game.loss == "wasserstein"
        else {"name": game.loss, "discriminator_weight": game.discriminator_weight},
        "optimizers": {role: _optimizer(game) for role in ROLES},
        "training": {"steps": 10_000_000, "batch_size": game.batch},
        "distribution": {"jit": jit, "precision": game.precision},
        "updates": game.updates
        if game.updates == "simultaneous"
        else {"name": "alternating", "discriminator_steps": game.steps},
    }
    if game.penalty:
        told["penalties"] = [{"name": "gradient_penalty", "weight": game.penalty}]
    return told


def _networks(game: Game) -> dict[str, Any]:
    if game.networks == "maxout":
        return {
            "generator": {
                "name": "mlp",
                "irange": 0.05,
                "layers": list(mnist.GENERATOR),
                "output": {"activation": "sigmoid", "bias": "marginals"},
            },
            "discriminator": {
                "name": "maxout",
                "irange": 0.005,
                "layers": list(mnist.MAXOUT),
                "pieces": mnist.PIECES,
                "dropout": list(mnist.DROPOUT),
            },
        }
    if game.networks == "mlp":
        return {role: {"name": "mlp", "layers": list(ring.HIDDEN)} for role in ROLES}
    player = {"name": "dcgan", "channels": dcgan.CHANNELS[0], "kernel": dcgan.KERNEL}
    return {role: dict(player) for role in ROLES}


def _optimizer(game: Game) -> dict[str, Any]:
    optimizer = game.optimizer
    if isinstance(optimizer, Adam):
        return {
            "name": "adam",
            "learning_rate": optimizer.learning_rate,
            "beta_1": optimizer.beta_1,
            "beta_2": optimizer.beta_2,
            "epsilon": optimizer.epsilon,
        }
    return {
        "name": "momentum",
        "learning_rate": optimizer.learning_rate,
        "decay": optimizer.decay,
        "minimum_learning_rate": optimizer.minimum,
        "momentum": {
            "start": optimizer.start,
            "final": optimizer.final,
            "epochs": optimizer.epochs,
        },
    }


def build(game: Game, jit: str = "auto", tf32: bool = True) -> Contestant:
    """The game in advnets, with ``distribution.jit`` as given; ``tf32`` matters on GPUs only."""
    return build_recipe(recipe(game, jit), tf32)


def build_recipe(told: dict[str, Any], tf32: bool = True) -> Contestant:
    """The game that a recipe tells of; ``told`` as in :func:`recipe`."""
    import tensorflow as tf

    from advnets._version import __version__
    from advnets.data.feed.choose import make_feed
    from advnets.distribute.strategy import constant_scope, device_type, make_strategy
    from advnets.plugins import load_plugins
    from advnets.recipe import load_recipe
    from advnets.train.build import build_game, carried
    from advnets.train.find_data import find_data
    from advnets.train.jit import decide
    from advnets.train.rounds import Rounds

    tf.config.experimental.enable_tensor_float_32_execution(tf32)
    found = find_data(load_recipe(told, registry=load_plugins()))
    resolved, settings = found.recipe, found.recipe.settings
    strategy = make_strategy(settings.distribution.strategy, settings.training.batch_size)
    with strategy.scope():
        played = build_game(resolved, found.source)
    with constant_scope(strategy):
        steps, fields = played.updates.batches, carried(played, found.source)
        feed = make_feed(resolved, found.source, steps, strategy, fields)
    feed.seek(0)
    rounds = Rounds(played, feed, strategy)
    cost = rounds.cost()
    decision = decide(settings.distribution.jit, rounds.cost, device_type())
    # `auto` lets XLA compile a long run only; what is timed here is a long run's speed.
    compiled = decision.start is not None
    rounds.jit_from = 0 if compiled else None
    last: dict[str, float] = {}

    def play(count: int) -> None:
        last.update({name: total / count for name, total in rounds.play(count).items()})

    sizes = [
        sum(math.prod(w.shape) for w in network.trainable_variables)
        for network in (played.generator, played.discriminator)
    ]
    return Contestant(
        play,
        (sizes[0], sizes[1]),
        lambda: (last["d_loss"], last["g_loss"]),
        version=f"{__version__}, TensorFlow {tf.__version__}",
        jit="on" if compiled else "off",
        decision=str(decision),
        flops=0 if cost is None else cost.total,
    )
