"""Asking D outside of a round."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from advnets.errors import UsageError
from advnets.game import NonSaturating, Role
from advnets.networks import BatchNorm, Dropout
from advnets.observe.inference import ask, by_name, judge, judge_in_play


def played(discriminator: keras.Model, seed: int = 1, *told: str) -> Any:
    """A game with a discriminator that is told that."""
    return SimpleNamespace(
        roles={"discriminator": Role(("example", *told), "logits")},
        discriminator=discriminator,
        loss=NonSaturating(),
        seed=seed,
    )


def test_in_play_d_takes_the_batch_s_statistics_and_keeps_its_own():
    x = keras.Input((1,))
    y = keras.layers.Dropout(0.5, seed=1)(BatchNorm(epsilon=0.0)(x))
    network = keras.Model(x, {"logits": y})
    batch = np.array([[10.0], [50.0]], np.float32)
    before = [variable.numpy() for variable in network.variables]
    said = judge_in_play(played(network), batch)
    # −1 or 1 after normalisation; then dropped, or doubled.
    assert set(np.abs(said["logits"]).round(4).ravel()) <= {0.0, 2.0}
    assert said["probability"].shape == said["logits"].shape
    for variable, was in zip(network.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), was)
    assert float(network(batch, training=False)["logits"][0, 0]) == pytest.approx(10.0)


def test_in_play_each_batch_has_a_mask_of_its_own():
    x = keras.Input((1,))
    network = keras.Model(x, {"logits": Dropout(0.5, "discriminator/dropout_0")(x)})

    def kept(seed: int, value: float) -> np.ndarray:
        batch = np.full((200, 1), value, np.float32)
        return judge_in_play(played(network, seed), batch)["logits"] > 0

    masks = [kept(1, 1.0), kept(1, 2.0), kept(2, 1.0)]
    for mask in masks:
        assert 0.3 < mask.mean() < 0.7
    assert (masks[0] != masks[1]).any()
    assert (masks[0] != masks[2]).any()
    np.testing.assert_array_equal(kept(1, 1.0), masks[0])


def test_in_play_d_is_told_what_it_takes():
    x, y = keras.Input((1,), name="example"), keras.Input((1,), name="label")
    network = keras.Model({"example": x, "label": y}, keras.layers.Add()([x, 10 * y]))
    batch, labels = np.array([[1.0], [2.0]], np.float32), np.array([[3.0], [4.0]], np.float32)
    said = judge_in_play(played(network, 1, "label"), batch, label=labels)
    assert said["logits"].tolist() == [31.0, 42.0]
    with pytest.raises(UsageError, match="takes example, label; it was called with example"):
        judge_in_play(played(network, 1, "label"), batch)


def game() -> Any:
    """A game of which D says x + y, and E doubles x."""

    def network(inputs: Any, training: bool) -> Any:
        assert not training
        return {"logits": inputs["example"] + inputs["label"]}

    networks = {"discriminator": network, "encoder": lambda x, training: 2 * x}
    roles = {
        "discriminator": Role(("example", "label"), "logits"),
        "encoder": Role("example", "latent"),
    }
    return SimpleNamespace(roles=roles, sampling_networks=lambda weights: networks)


def test_a_network_is_asked_by_the_names_of_what_it_takes() -> None:
    x, y = np.array([1.0, 2.0], np.float32), np.array([10.0, 20.0], np.float32)
    assert ask(game(), "encoder", example=x).tolist() == [2.0, 4.0]
    assert ask(game(), "discriminator", label=y, example=x)["logits"].tolist() == [11.0, 22.0]


def test_d_judges_with_what_it_is_told() -> None:
    d = by_name(game(), "discriminator", game().sampling_networks("auto")["discriminator"])
    x, y = np.zeros(2, np.float32), np.array([0.0, np.log(3)], np.float32)
    said = judge(lambda x, **told: d(example=x, **told), NonSaturating(), x, label=y)
    np.testing.assert_allclose(said["probability"], [0.5, 0.75], rtol=1e-6)


def test_a_network_that_lacks_what_it_takes_is_not_asked() -> None:
    with pytest.raises(UsageError, match="takes example, label; it was called with example"):
        ask(game(), "discriminator", example=np.zeros(2))
    with pytest.raises(UsageError, match="no network 'encodr'") as caught:
        ask(game(), "encodr", example=np.zeros(2))
    assert "discriminator, encoder" in caught.value.hint
