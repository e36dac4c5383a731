"""What goes on from a checkpoint is what would have been, bit by bit, whatever is played."""

from __future__ import annotations

import shutil
import time

import pytest
from games import GAMES, MLP, PLUGIN, game
from measured import lost

import advnets
from advnets.errors import RunError
from advnets.train import jit
from advnets.verify.same_run import differences

pytestmark = pytest.mark.usefixtures("without_reports")

SHORT = {
    "training.steps": 30,
    "checkpoints.every": 13,
    "checkpoints.keep": 9,
    "monitoring.log_every": 7,
    "monitoring.image_every": 0,
}
"""The checkpoints of rounds 13 and 26 hold open averages: neither is a multiple of 7."""

VARIANTS = {
    "a loss with state, simultaneous": ("loss_with_state_best", {"updates": "simultaneous"}),
    "batch norm, k = 2, streamed, bfloat16": (
        "batch_norm_streamed",
        {"distribution.precision": "mixed_bfloat16"},
    ),
    "a second derivative, k = 5": ("wgan_gp_ring", {}),
    "XLA from round 20 on": ("gaussian_1d", {}),
    "only deterministic operations": ("dropout_maxout", {"distribution.determinism": True}),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_run_that_goes_on_is_the_run_that_did(variant, tmp_path, monkeypatch):
    name, overrides = VARIANTS[variant]
    overrides = {**SHORT, **overrides}
    if GAMES[name].get("evaluation"):
        overrides |= {"evaluation.every": 10}
    if variant.startswith("XLA"):
        # 20 lies between the two checkpoints: one session crosses it, the other as well.
        monkeypatch.setattr(jit, "FIRST_ROUND", 20)
    recipe, plugins = game(name), [str(PLUGIN)]
    whole = advnets.run(recipe, overrides, run_dir=tmp_path / "whole", plugins=plugins)
    parts = tmp_path / "parts"
    shutil.copytree(whole.path, parts)
    for checkpoint in (parts / "checkpoints").iterdir():
        if checkpoint.name > "step-00000013":
            shutil.rmtree(checkpoint)
    advnets.run(recipe, overrides, run_dir=parts, plugins=plugins)
    assert differences(whole.path, parts) == []
    assert whole.manifest["sessions"]["count"] == 1
    assert advnets.open_run(parts, plugins=plugins).manifest["sessions"]["count"] == 2
    if variant.startswith("XLA"):
        assert whole.manifest["jit"]["start"] == 20
    if "state" in variant:
        _the_best_is_known(whole, parts, plugins)


def _the_best_is_known(whole, parts, plugins):
    scores = {s["protocol"]["step"]: s["value"] for s in whole.manifest["scores"]}
    assert sorted(scores) == [10, 20, 30]
    best = max(scores, key=scores.get)
    for path in (whole.path, parts):
        opened = advnets.open_run(path, plugins=plugins, checkpoint="best")
        assert opened.commit.step == best
        (again,) = opened.evaluate()
        assert again.value == pytest.approx(scores[best], rel=1e-5)


TIMED = """
import tensorflow as tf
from advnets import Component, hookimpl
from advnets.game import NonSaturating

class Timed(NonSaturating):
    def discriminator(self, real, fake):
        return super().discriminator(real, fake) + 0.0 * tf.cast(tf.timestamp(), tf.float32)

@hookimpl
def advnets_losses():
    return [Component("timed", __name__ + ":Timed")]
"""


def test_an_operation_that_cannot_repeat_is_named(tmp_path, measured):
    """TensorFlow's refusals differ by device; the clock is refused on all of them."""
    plugin = tmp_path / "timed_plugin.py"
    plugin.write_text(TIMED)
    recipe = {**game("gaussian_1d"), "loss": "timed", "generator": MLP, "discriminator": MLP}
    strict = {**SHORT, "distribution.determinism": True}
    began = time.perf_counter()
    with pytest.raises(RunError, match="determinism is true, but .*imestamp.* cannot repeat"):
        advnets.run(recipe, strict, run_dir=tmp_path / "run", plugins=[str(plugin)])
    seconds = time.perf_counter() - began
    manifest = advnets.open_run(tmp_path / "run", plugins=[str(plugin)]).manifest
    measured("not_deterministic", None, lost(manifest)[0], seconds)
    # And the next run in this process may do as it likes.
    import tensorflow as tf

    assert float(tf.timestamp()) > 0
