"""What does not fit is named with the component, its plugin and the file, by whatever door."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from advnets.errors import AdvnetsError, PluginError, UsageError
from advnets.game import AdversarialGame, Uniform
from advnets.networks import NetworkContext
from advnets.plugins import load_plugins
from advnets.plugins.attribution import attribute_errors
from advnets.plugins.origins import Origin, accuse, origin_of, remember_origin
from advnets.recipe import load_recipe
from advnets.train.build import build_game
from advnets.train.find_data import find_data

PLUGIN = Path(__file__).with_name("unfit.py")
SPEC = importlib.util.spec_from_file_location("unfit_by_hand", PLUGIN)
assert SPEC is not None
assert SPEC.loader is not None
unfit: Any = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(unfit)

SGD = {"name": "sgd", "learning_rate": 0.1}
RECIPE: dict[str, Any] = {
    "dataset": {"name": "ring", "examples": 16, "held_out": 4},
    "latent": {"name": "gaussian", "size": 3},
    "generator": {"name": "mlp", "layers": []},
    "discriminator": {"name": "mlp", "layers": []},
    "loss": "non_saturating",
    "optimizers": {"generator": SGD, "discriminator": SGD},
    "training": {"steps": 1, "batch_size": 4},
}
ROWS = "a row for each example"
OF_BOTH = {
    "a list": "returns a list of 1, and a tensor was expected",
    "two": "returns a tuple of 2, and a tensor was expected",
    "none": "returns None, and a tensor was expected",
    "text": "returns 'real', and a tensor was expected",
    "nan": "gives nan for each of 16 made-up examples",
    "first alone": f"for 8 examples; {ROWS}",
    "twice": f"for 8 examples; {ROWS}",
    "a scalar": f"for 8 examples; {ROWS}",
    "whole numbers": "returns int32, which has no gradient",
}
OF_D = {
    "ten": "gives 10 logits for each example",
    "no logits": "needs logits from the discriminator, .*, which returns score",
    "logits are none": "returns 'logits' as None",
    "a word of other rows": r"returns 'features' as a tensor of the shape \(1, 1\)",
}
OF_G = {
    "another shape": "of the shape .*; the generator has|gives the shape",
    "a mapping": "returns a mapping of example; example was expected",
}
CASES = [
    *(("discriminator", how, said) for how, said in {**OF_BOTH, **OF_D}.items()),
    *(("generator", how, said) for how, said in {**OF_BOTH, **OF_G}.items()),
]
OF_RECIPES = {
    "discriminator": ("a list", "nan", "twice", "ten", "no logits"),
    "generator": ("none", "whole numbers", "another shape"),
}


@pytest.fixture(scope="module")
def registry():
    return load_plugins([PLUGIN])


def play(registry, changes: dict[str, Any]) -> None:
    """Build a recipe's game, and play a round of it, as a run does."""
    recipe = load_recipe({**RECIPE, **changes}, registry=registry)
    with attribute_errors(registry):
        game = build_game(recipe, find_data(recipe).source)
        game.train_step(np.zeros([4, 2], "float32"))


@pytest.mark.parametrize(
    ("network", "how", "said"), [case for case in CASES if case[1] in OF_RECIPES[case[0]]]
)
def test_a_network_of_a_recipe(registry, network: str, how: str, said: str) -> None:
    name = f"unfit_{network[0]}"
    with pytest.raises(PluginError, match=said) as found:
        play(registry, {network: {"name": name, "how": how}})
    line = unfit.make.__code__.co_firstlineno
    assert found.value.where == f"{PLUGIN}:{line}"
    assert f"(component '{name}', unfit:make) (plugin unfit ({PLUGIN}))" in found.value.message


def fit(networks: dict[str, Any]) -> None:
    game = AdversarialGame(**networks, prior=Uniform(3))
    game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    game.fit(np.zeros([8, 2], "float32"), batch_size=4, verbose=0)


@pytest.mark.parametrize(("network", "how", "said"), CASES)
def test_a_network_by_hand(network: str, how: str, said: str) -> None:
    """Its class has a file, and the error names it; what comes from Keras alone has none."""
    networks: dict[str, Any] = {
        "generator": keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]),
        "discriminator": keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]),
    }
    shapes: Any = {"generator": ((3,), (2,)), "discriminator": ((2,), ())}[network]
    networks[network] = unfit.make(NetworkContext(network, *shapes), how)
    with pytest.raises(AdvnetsError, match=said) as found:
        fit(networks)
    where = found.value.where or ""
    assert where.startswith(f"{PLUGIN}:")


def test_what_fits_plays(registry) -> None:
    fit = {name: {"name": f"unfit_{name[0]}", "how": "fits"} for name in OF_RECIPES}
    play(registry, fit)


@pytest.mark.parametrize(
    ("changes", "said", "function"),
    [
        (
            {"loss": {"name": "unfit_loss", "how": "features"}},
            "Unfit needs features from the discriminator, 'mlp', which returns logits",
            unfit.make_loss,
        ),
        (
            {"latent": {"name": "unfit_prior", "how": "short"}},
            r"the prior, a Unfit, drew \[.*2\]; its shape says \[n, 3\]",
            unfit.make_prior,
        ),
    ],
    ids=["loss", "prior"],
)
def test_other_parts(registry, changes: dict[str, Any], said: str, function: Any) -> None:
    with pytest.raises(PluginError, match=said) as found:
        play(registry, changes)
    assert found.value.where == f"{PLUGIN}:{function.__code__.co_firstlineno}"
    assert f"(plugin unfit ({PLUGIN}))" in found.value.message


def test_what_a_loss_returns(registry) -> None:
    with pytest.raises(PluginError, match=r"Unfit.*returned shape \(\)") as found:
        play(registry, {"loss": {"name": "unfit_loss", "how": "a mean"}})
    assert (found.value.where or "").startswith(f"{PLUGIN}:")
    assert f"(plugin unfit ({PLUGIN}))" in found.value.message


def test_what_ships_is_named_by_its_place(registry) -> None:
    recipe = load_recipe(RECIPE, registry=registry)
    game = build_game(recipe, find_data(recipe).source)
    error = UsageError("no luck")
    assert accuse(error, game.discriminator) is error
    assert error.where == "discriminator"


def test_an_origin_ends_with_what_was_made() -> None:
    class Made:
        pass

    made = Made()
    remember_origin(made, Origin("mine", "my_file:make", "my_file.py:3", "loss"))
    assert origin_of(made) is not None
    key = id(made)
    del made
    from advnets.plugins import origins

    assert key not in origins._origins


def test_an_error_that_names_its_place_keeps_it() -> None:
    error = PluginError("no luck", where="there.py:1")
    assert accuse(error, object()) is error
    assert error.where == "there.py:1"
