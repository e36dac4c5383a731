"""Name every variable that training can change."""

from __future__ import annotations

import keras
import tensorflow as tf

from .game import AdversarialGame


def state_variables(game: AdversarialGame) -> dict[str, tf.Variable]:
    """Return the variables that training can change: networks, optimizers, loss state, the round;
    the average of G's weights where one is kept, the players' loss scales where they compute
    in float16, and the factors of learning rates that follow a schedule.

    Args:
        game: A compiled game.

    Returns:
        Variables by a name that depends only on how the game was built, such as
        ``generator/0002/kernel``.
    """
    named: dict[str, tf.Variable] = {"rounds": game.rounds.value}
    groups = {
        "generator": game.generator.variables,
        "discriminator": game.discriminator.variables,
        "generator_optimizer": game.generator_optimizer.variables,
        "discriminator_optimizer": game.discriminator_optimizer.variables,
        "loss": game.loss.variables,
    }
    if game.average is not None:
        groups["averaged_generator"] = game.average.network.variables
    for group, variables in groups.items():
        for index, variable in enumerate(variables):
            # Not the whole path: Keras counts the layers of a process into their names.
            own = "" if group.endswith("optimizer") else f"/{variable.name.split(':')[0]}"
            value = variable.value if isinstance(variable, keras.Variable) else variable
            named[f"{group}/{index:04d}{own}"] = value
    for player, scale in game.loss_scales.items():
        named[f"loss_scale/{player}/scale"] = scale.scale
        named[f"loss_scale/{player}/good_steps"] = scale.good_steps
    for player, factor in game.rate_factors.items():
        named[f"learning_rate_factor/{player}"] = factor
    return named
