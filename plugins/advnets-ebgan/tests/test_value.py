"""V(D, G), worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from advnets_ebgan.value import ebgan_value

from advnets.data import Field
from advnets.errors import DataError
from advnets.evaluate import Data, MetricContext, Players


def context(real, fake, **more):
    """D gives every example itself as energy."""
    return MetricContext(
        samples=lambda n, seed, first=0: np.array(fake, np.float32)[first:n, None],
        data=Data(load=lambda split: np.array(real, np.float32)[:, None], splits=("test",)),
        players=Players(**{"judge_in_play": lambda x: {"energy": x[:, 0]}} | more),
    )


def test_by_hand():
    value, real, fake = ebgan_value(context([1, 3], [2, 7]), margin=4, samples=2)
    assert (value.metric, real.metric, fake.metric) == ("ebgan_value", "energy_real", "energy_fake")
    # (1 + 3)/2 + ([4 - 2] + [4 - 7 → 0])/2
    assert (value.value, real.value, fake.value) == (3.0, 2.0, 4.5)
    # both means of two values 2 apart: errors 1 and 1
    assert value.error == pytest.approx(np.sqrt(2))
    assert real.error == pytest.approx(1.0)
    assert value.protocol["margin"] == 4
    assert "better" not in value.protocol


def test_intervals_hold_the_true_values():
    """In 95 % of 200 draws: 184 to 196, but for a chance of 1 in 50."""
    held = dict.fromkeys(("ebgan_value", "energy_real", "energy_fake"), 0)
    # E x = 2; E [4 − y]⁺ = 4 − 3 (1 − e^(−4/3)) and E y = 3, of exponential distributions.
    true = (2 + 4 - 3 * (1 - np.exp(-4 / 3)), 2.0, 3.0)
    for seed in range(200):
        draw = np.random.default_rng(seed)
        drawn = context(draw.exponential(2.0, 150), draw.exponential(3.0, 150))
        for score, value in zip(ebgan_value(drawn, margin=4, samples=150), true, strict=True):
            low, high = score.protocol["interval"]
            held[score.metric] += low <= value <= high
    assert all(180 <= times <= 197 for times in held.values()), held


@pytest.mark.parametrize("gamma", [0.0, 2.5, 10.0])
def test_at_the_equilibrium_it_is_the_margin(gamma):
    """E = γ everywhere, for any γ in [0, m]."""
    (value, *_) = ebgan_value(context([gamma] * 5, [gamma] * 5), margin=10, samples=5)
    assert (value.value, value.error) == (10.0, 0.0)


def test_d_is_told_the_labels_of_the_split():
    """E(x | y) = x + y; samples are drawn of the labels 0, 1, 0 and are their labels' tenfold."""
    labels = np.array([0, 1])
    told = MetricContext(
        samples=lambda n, seed, first=0, given=None: (
            10.0 * np.asarray(given["label"], np.float32)[first:n, None]
        ),
        data=Data(
            load=lambda split: np.array([[1.0], [3.0]], np.float32),
            splits=("test",),
            field=lambda split, name: {"label": labels}[name],
        ),
        told={"latent": Field((1,), "float32"), "label": Field((), "int64", classes=2)},
        players=Players(
            judge_in_play=lambda x, label: {"energy": x[:, 0] + label},
            discriminator_told=("label",),
        ),
    )
    value, real, fake = ebgan_value(told, margin=2, samples=3, batch=2)
    assert real.value == (1 + 4) / 2
    assert fake.value == pytest.approx((0 + 11 + 0) / 3)
    assert value.value == pytest.approx(2.5 + (2 + 0 + 2) / 3)
    assert value.protocol["told"] == ["label"]


def test_another_margin_than_the_losses_is_refused():
    wrong = context([1, 1], [1, 1], loss=SimpleNamespace(margin=4.0))
    weighted = context([1, 1], [1, 1], loss=SimpleNamespace(loss=SimpleNamespace(margin=4.0)))
    for each in (wrong, weighted):
        with pytest.raises(DataError, match="margin is 4; the metric was given 10"):
            ebgan_value(each, margin=10, samples=2)
    assert ebgan_value(weighted, samples=2)[0].protocol["margin"] == 4
    (value, *_) = ebgan_value(wrong, samples=2)
    assert value.protocol["margin"] == 4
    with pytest.raises(DataError, match="no margin, and none was given"):
        ebgan_value(context([1], [1]), samples=2)


def test_a_discriminator_without_energy_is_refused():
    for more in ({"judge_in_play": None}, {"judge_in_play": lambda x: {"logits": x[:, 0]}}):
        with pytest.raises(DataError, match="no energy"):
            ebgan_value(context([1], [1], **more), margin=1, samples=2)


def test_batches_are_of_one_side_and_of_about_the_size_asked_for():
    seen = []

    def judge(x):
        seen.append((len(x), set(x[:, 0].tolist())))
        return {"energy": x[:, 0]}

    ebgan_value(context([1] * 25, [2] * 20, judge_in_play=judge), margin=4, samples=20, batch=10)
    assert seen == [(13, {1.0}), (12, {1.0}), (10, {2.0}), (10, {2.0})]
