"""Nothing of Keras is forgotten: methods, callbacks and options are walked, not listed."""

import inspect
import re

import keras
import numpy as np
import pytest
from keras_lines import lines, works

from advnets.game import AdversarialGame

optimizers = keras.optimizers

INHERITED = {
    # what a model is made of
    *("layers", "get_layer", "count_params", "path", "supports_masking", "compute_mask"),
    *("variables", "trainable_variables", "non_trainable_variables"),
    *("weights", "trainable_weights", "non_trainable_weights"),
    *("metrics", "metrics_variables", "get_metrics_result", "losses"),  # a game has none
    *("input", "output", "input_spec"),  # of graphs only
    *("dtype", "input_dtype", "compute_dtype", "variable_dtype", "dtype_policy"),
    "quantization_mode",
    # what Keras calls, and nobody else
    *("build", "build_from_config", "get_build_config", "rematerialized_call", "predict_step"),
    *("distribute_strategy", "distribute_reduction_method"),
    "add_variable",  # is add_weight
}
"""What a game has as any Keras model has it."""
CALLED_BY_KERAS = {
    *("call", "train_step", "test_step"),
    *("make_train_function", "make_test_function", "make_predict_function", "reset_metrics"),
    *("get_compile_config", "compile_from_config", "save_own_variables", "load_own_variables"),
}
"""What a game has of its own, of which its users see what the table's lines say."""
NOT_METHODS = {"loss"}
"""What Keras has by this name is something else: a game's loss is a part of it."""


def in_the_table(section=""):
    """The names that the features of the table's lines hold in backticks."""
    found = [line.feature for line in lines() if section in ("", line.section)]
    return set(re.findall(r"\w+", " ".join(re.findall(r"`[^`]+`", " ".join(found)))))


def public(thing):
    return {name for name in dir(thing) if not name.startswith("_")}


def test_every_method_and_property_of_a_model():
    told = in_the_table()
    missing = public(keras.Model) - told - INHERITED - CALLED_BY_KERAS - NOT_METHODS
    assert not missing, f"docs/keras.md says nothing of {sorted(missing)}"


def test_what_is_inherited_is():
    for name in INHERITED:
        own, of_keras = (
            inspect.getattr_static(one, name) for one in (AdversarialGame, keras.Model)
        )
        assert own is of_keras, name
    for name in CALLED_BY_KERAS:
        own, of_keras = (
            inspect.getattr_static(one, name) for one in (AdversarialGame, keras.Model)
        )
        assert own is not of_keras, name


def test_every_callback():
    classes = [one for one in vars(keras.callbacks).values() if isinstance(one, type)]
    assert keras.callbacks.EarlyStopping in classes
    missing = {one.__name__ for one in classes} - in_the_table() - {"Callback"}
    assert not missing, f"docs/keras.md says nothing of {sorted(missing)}"


def common_options():
    """What every optimizer takes: ``keras.optimizers.Optimizer`` itself says ``**kwargs``."""
    base = next(one for one in optimizers.SGD.__mro__ if one.__name__ == "BaseOptimizer")
    found = set(inspect.signature(base.__init__).parameters)
    assert {"clipnorm", "use_ema", "weight_decay"} <= found
    return found


def every_optimizer():
    wrappers = {"LossScaleOptimizer", "MultiOptimizer", "OptimizerMap", "Optimizer"}
    for name, one in vars(optimizers).items():
        if isinstance(one, type) and name not in wrappers:
            yield one


def test_every_optimizer_and_every_option_of_all():
    names = {one.__name__ for one in vars(optimizers).values() if isinstance(one, type)}
    tested = {one.__name__ for one in every_optimizer()} | {"Optimizer", "OptimizerMap"}
    assert not names - tested - in_the_table("optimizers")
    told = in_the_table("optimizers") | {"self", "kwargs", "name", "ema_momentum"}
    assert not common_options() - told


def own_options():
    """Optimizers with each option that is on or off turned over, and with momentum."""
    common = common_options()
    for one in every_optimizer():
        for name, option in inspect.signature(one.__init__).parameters.items():
            if name not in common and isinstance(option.default, bool):
                yield pytest.param(one, {name: not option.default}, id=f"{one.__name__}, {name}")
            elif name == "momentum":
                yield pytest.param(one, {name: 0.9}, id=f"{one.__name__}, {name}")


@works(
    "optimizers",
    "options of one optimizer: `momentum`, `nesterov`, `amsgrad`, `centered`, …",
    "Variables move as in a loop of one's own.",
)
@pytest.mark.parametrize(("kind", "options"), list(own_options()))
def test_every_option_of_one(make_game, assert_moves_as_by_itself, kind, options):
    assert_moves_as_by_itself(make_game, lambda: kind(0.05, **options), moves=2)


@works(
    "methods",
    "`layers`, `weights`, `trainable_variables`, `count_params`, …",
    "Those of all networks, averaged ones included, and the round.",
)
def test_what_a_game_is_made_of(make_game):
    game = make_game()
    assert game.layers == [game.generator, game.discriminator]
    assert game.get_layer(index=1) is game.discriminator
    players = game.generator.count_params() + game.discriminator.count_params()
    assert game.count_params() == players + 1
    assert len(game.trainable_variables) == 8
    assert sum(np.size(each) for each in game.get_weights()) == players + 1
