"""A loss whose weight rises, and an augmentation whose probability follows D: values, and places
where they are kept.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator

import advnets

sys.path.insert(0, str(Path(__file__).parent))
from on_points import PLUGINS, ROUNDS, recipe

LINES = {"monitoring.log_every": 1, "monitoring.tensorboard": True, "distribution.jit": "off"}
PLAIN = {**recipe("timed")["discriminator"], "batch_norm": "none", "synchronized": False}


def weight(number: int) -> float:
    """What the recipe's schedule is in a round: from 0, in round 1, to 0.5 in round 5."""
    return 0.5 * min(max(number - 1, 0), 4) / 4


def played(folder: Path, **changed: Any) -> advnets.Run:
    return advnets.run(
        {**recipe("timed"), "discriminator": PLAIN}, {**LINES, **changed}, folder, plugins=PLUGINS
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> advnets.Run:
    return played(tmp_path_factory.mktemp("timed") / "run")


def probability(run: advnets.Run) -> float:
    return float(run.game.augmentations[0].p)


def test_the_weight_is_the_schedules_in_each_round(whole: advnets.Run) -> None:
    seen = [line["weight"] for line in whole.metrics]
    assert seen == pytest.approx([weight(number) for number in range(ROUNDS)])


def test_the_probability_goes_by_a_twentieth_and_is_logged_and_kept(whole: advnets.Run) -> None:
    """What a round logs is what it began with: D's opinion then moves it up or down."""
    seen = [line["turned_p"] for line in whole.metrics]
    steps = np.diff([*seen, probability(whole)])
    assert seen[0] == 0.25
    np.testing.assert_allclose(np.abs(steps), 0.05, atol=1e-6)
    earlier = advnets.open_run(whole.path, plugins=PLUGINS, checkpoint=6)
    assert probability(earlier) == pytest.approx(seen[6])
    events = EventAccumulator(str(whole.path / "tensorboard"), size_guidance={"tensors": 0})
    events.Reload()
    tags = events.Tags()["tensors"]
    for name in ("turned_p", "weight"):
        assert any(name in tag for tag in tags), tags


@pytest.mark.slow
def test_interrupted_moved_and_resumed_it_is_the_same(whole: advnets.Run, tmp_path: Path) -> None:
    first = played(tmp_path / "here", **{"training.steps": 7})
    p = probability(first)
    shutil.move(tmp_path / "here", tmp_path / "there")
    assert probability(advnets.open_run(tmp_path / "there", plugins=PLUGINS)) == p
    resumed = played(tmp_path / "there")
    assert resumed.commit.state_sha256 == whole.commit.state_sha256
    lines = [[line["weight"], line["turned_p"]] for line in resumed.metrics]
    assert lines == [[line["weight"], line["turned_p"]] for line in whole.metrics]
