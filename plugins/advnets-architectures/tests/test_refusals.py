"""What a recipe cannot ask of these architectures is refused, in a sentence, before a round."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from advnets_architectures.spectral import spectral
from advnets_architectures.spectral_norm import SpectralNorm

from advnets import RecipeError, UsageError
from advnets.networks import NetworkContext
from advnets.recipe import load_recipe
from advnets.train.build import build_game
from advnets.train.find_data import build_source

RECIPE: dict[str, Any] = {
    "name": "small",
    "dataset": "digits",
    "latent": {"name": "gaussian", "size": 4},
    "generator": {"name": "mlp", "layers": [8]},
    "discriminator": {"name": "mlp", "layers": [8]},
    "loss": "non_saturating",
    "optimizers": {"generator": "adam", "discriminator": "adam"},
    "training": {"steps": 2, "batch_size": 8},
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"discriminator": {"name": "spectral", "iterations": 0}}, "iterations"),
        ({"discriminator": {"name": "spectral", "network": "nlp"}}, "'nlp' is not among"),
        ({"discriminator": {"name": "pac", "m": 0}}, "m: expected"),
        ({"discriminator": {"name": "pac", "m": 65}}, "m: expected"),
        ({"generator": {"name": "pac"}}, "'pac' cannot play the generator"),
        ({"generator": {"name": "spectral", "network": "pac"}}, "'pac' cannot play"),
    ],
)
def test_by_the_recipe(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        load_recipe({**RECIPE, **changes})


def test_a_network_without_kernels() -> None:
    x = keras.Input((2,))
    empty = keras.Model(x, keras.ops.sum(x, axis=1))
    context = NetworkContext("discriminator", (2,))
    with pytest.raises(UsageError, match="the discriminator cannot be normalised: it has no kern"):
        spectral(context, network=empty)
    one = keras.Model(x, keras.layers.EinsumDense("ab,b->a", ())(x))
    assert spectral(context, network=one).output_shape == (None,)


def test_a_network_that_is_normalised_already() -> None:
    twice = {"name": "spectral", "network": {"name": "spectral", "network": "mlp"}}
    recipe = load_recipe({**RECIPE, "discriminator": twice})
    with pytest.raises(UsageError, match="the discriminator is normalised twice"):
        build_game(recipe, build_source(recipe))
    context = NetworkContext("discriminator", (2,))
    inner = keras.Sequential([keras.Input((2,)), SpectralNorm(keras.layers.Dense(1))])
    with pytest.raises(UsageError, match="the discriminator is normalised twice"):
        spectral(context, network=inner)


def test_a_pack_has_no_class() -> None:
    mlp = {"name": "mlp", "layers": [8], "heads": {"class_logits": 10}}
    network = {"name": "pac", "m": 2, "network": mlp}
    recipe = load_recipe({**RECIPE, "discriminator": network})
    with pytest.raises(UsageError, match="packs of 2 examples, and is asked for class_logits"):
        build_game(recipe, build_source(recipe))
