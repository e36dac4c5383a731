"""Runs in half precision: what overflows is skipped and left out, what only overflows ends."""

import numpy as np
import pytest
import tensorflow as tf

import advnets
from advnets.data.feed.resident import ResidentData
from advnets.errors import RunError
from advnets.observe.window import Window
from advnets.recipe import load_recipe
from advnets.train.build import build_game
from advnets.train.find_data import build_source
from advnets.train.rounds import Rounds

pytestmark = pytest.mark.usefixtures("without_reports")

FLOAT16 = {"distribution": {"precision": "mixed_float16"}}


def test_precision_belongs_to_the_identity(small):
    def identity(precision):
        return load_recipe(small(distribution={"precision": precision})).identity()

    assert len({identity(p) for p in ("float32", "mixed_bfloat16", "mixed_float16")}) == 3


def test_skipped_rounds_are_counted_and_left_out_of_the_means(small):
    recipe = load_recipe(small(**FLOAT16))
    source = build_source(recipe)
    game = build_game(recipe, source)
    game.norms_every = 1
    rounds = Rounds(game, ResidentData(source, recipe.seed, 50), tf.distribute.get_strategy())
    game.loss_scales["discriminator"].scale.assign(2.0**32)
    window = Window()
    window.add(rounds.play(20), 20)
    skipped = window.sums["d_skipped"]
    assert 0 < skipped < 20
    assert window.sums["g_skipped"] == 0
    assert window.not_finite() == ()
    means = window.means()
    assert means["d_skipped"] == skipped / 20
    assert 0.1 < means["d_real"] < 0.9
    assert means["d_gradient_norm"] > 0
    assert float(game.loss_scales["discriminator"].scale) == 2.0 ** (32 - skipped)
    assert int(game.discriminator_optimizer.iterations.numpy()) == 20 - skipped


def test_a_run_that_only_overflows_ends(small, tmp_path, monkeypatch):
    monkeypatch.setattr("advnets.game.players.all_finite", lambda gradients: tf.constant(False))
    with pytest.raises(RunError, match="discriminator's gradients overflow float16") as caught:
        advnets.run(small(**FLOAT16), run_dir=tmp_path / "run")
    assert "diverged, after 3 rollbacks: by round 20" in str(caught.value)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_what_comes_out_of_a_run_is_float32(small, tmp_path, precision):
    recipe = small(distribution={"precision": precision}, training={"steps": 4, "batch_size": 50})
    run = advnets.run(recipe, run_dir=tmp_path / "run")
    samples, _ = run.sample(3)
    assert samples.dtype == np.float32
    assert run.generator.output.dtype == "float32"
    assert {weight.dtype for weight in run.generator.weights} == {"float32"}
    (first,) = run.metrics
    assert ("d_loss_scale" in first) == (precision == "mixed_float16")
    assert 0 < first["d_loss"] < 5
