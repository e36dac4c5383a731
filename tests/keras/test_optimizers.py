"""Every optimizer of Keras and every option of one moves both players, or is refused by name."""

import keras
import numpy as np
import pytest
from keras_lines import refused, works

optimizers = keras.optimizers
HALVING = optimizers.schedules.ExponentialDecay(0.5, 1, 0.5)
WRAPPERS = {"Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"}
EVERY = sorted(
    name
    for name, one in vars(optimizers).items()
    if isinstance(one, type) and issubclass(one, optimizers.Optimizer) and name not in WRAPPERS
)
PLAYERS = ("generator", "discriminator")


@works(
    "optimizers",
    "every optimizer of `keras.optimizers`",
    "By name or as an object, one for each player: variables move as in a loop of one's own.",
)
@pytest.mark.parametrize("name", EVERY)
def test_every_optimizer(make_game, assert_moves_as_by_itself, name):
    assert_moves_as_by_itself(make_game, lambda: getattr(optimizers, name)(0.05))


@works(
    "optimizers",
    "`clipnorm`, `clipvalue`, `global_clipnorm`, `weight_decay`, "
    "`gradient_accumulation_steps`, `ema_overwrite_frequency`, `LearningRateSchedule`",
    "What is clipped is the gradient of the global batch; schedules count the player's own moves.",
)
@pytest.mark.parametrize(
    "options",
    [
        {"clipnorm": 0.1},
        {"clipvalue": 0.1},
        {"global_clipnorm": 0.1},
        {"weight_decay": 0.1},
        {"gradient_accumulation_steps": 2},
        {"use_ema": True, "ema_overwrite_frequency": 2},
        {"learning_rate": HALVING},
    ],
    ids=", ".join,
)
def test_every_option(make_game, assert_moves_as_by_itself, options):
    make = lambda: optimizers.SGD(**{"learning_rate": 0.1, **options})  # noqa: E731
    assert_moves_as_by_itself(make_game, make)


@works("optimizers", "`MultiOptimizer`", "Each of its optimizers moves its own variables.")
@pytest.mark.parametrize("by", ["pattern", "function"])
def test_several_optimizers(make_game, assert_moves_as_by_itself, by):
    def make():
        if by == "function":
            return optimizers.MultiOptimizer(lambda variable: optimizers.Adam(0.05))
        kinds = {".*kernel": optimizers.Adam(HALVING)}
        return optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.SGD(0.1), kinds))

    assert_moves_as_by_itself(make_game, make)


def test_moves_by_hand(make_game, gradients_of):
    """SGD moves by −lr·g; Adam's first move has the length lr, whatever the gradient."""
    for make, length in ((optimizers.SGD, None), (optimizers.Adam, 0.25)):
        game = make_game()
        game.compile(make(0.25), make(0.25))
        for player in PLAYERS:
            variables = getattr(game, player).trainable_variables
            before = [v.numpy() for v in variables]
            gradients = gradients_of(game, player, 0)
            game.apply(player, gradients)
            for old, new, gradient in zip(before, variables, gradients, strict=True):
                step = 0.25 * (np.sign(gradient) if length else gradient.numpy())
                np.testing.assert_allclose(new, old - step, atol=1e-3 if length else 1e-6)


@works(
    "optimizers",
    "`use_ema`",
    "When `fit` ends, weights become the averages that the optimizer kept of them, as in Keras.",
)
def test_averages_of_an_optimizer(make_game, points):
    """With momentum 0 the average is the weight of the last move; with 1, that of the first."""
    game, apart = make_game(), make_game()
    game.compile(optimizers.SGD(0.1, use_ema=True, ema_momentum=1.0), optimizers.SGD(0.1))
    game.fit(points, batch_size=5, epochs=2, shuffle=False, verbose=0)
    apart.train_step(points[:5])
    for one, other in zip(
        game.generator.trainable_variables, apart.generator.trainable_variables, strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@refused(
    "optimizers",
    "`LossScaleOptimizer`",
    "It would divide gradients by a scale that nobody multiplied them by: under mixed precision a "
    "game scales each player's loss itself.",
    match="LossScaleOptimizer divides gradients",
)
def test_loss_scale_optimizer(make_game):
    make_game().compile(optimizers.LossScaleOptimizer(optimizers.SGD(0.1)), "sgd")


@refused("optimizers", "`loss_scale_factor`", "The same.", match="loss_scale_factor divides")
def test_loss_scale_factor(make_game):
    make_game().compile("sgd", optimizers.SGD(0.1, loss_scale_factor=8.0))


@refused(
    "optimizers",
    "`learning_rate=` a function",
    "A compiled round would call it once for all; a schedule is a function of the moves.",
    match="a function, which a compiled round would call once",
)
def test_a_function_as_rate(make_game):
    make_game().compile(optimizers.SGD(lambda: 0.1), "sgd")


@refused(
    "optimizers",
    "one optimizer for both players",
    "Its moments are those of one network.",
    match="share one optimizer",
)
def test_a_shared_optimizer(make_game):
    one = optimizers.Adam(0.1)
    shared = optimizers.MultiOptimizer(optimizers.OptimizerMap(one))
    with pytest.raises(Exception, match="share one optimizer"):
        make_game().compile(one, one)
    make_game().compile(one, shared)


@refused(
    "optimizers",
    "an optimizer that moved another network before",
    "Its moments are of other variables.",
    match="was built for other variables",
)
def test_a_used_optimizer(make_game):
    used = optimizers.Adam(0.1)
    make_game().compile(used, "sgd")
    make_game().compile(used, "sgd")


def test_compiling_again_keeps_what_a_schedule_was_scaled_by(make_game):
    game = make_game()
    game.compile(optimizers.SGD(HALVING), optimizers.SGD(0.5))
    game.slow_down(0.5)
    game.compile(*game.optimizers.values())
    assert [float(each.learning_rate) for each in game.optimizer.optimizers] == [0.25, 0.25]
