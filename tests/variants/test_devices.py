"""Every variant comes out the same on 1, 2 and 4 devices, and by two workers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import advnets
from advnets.plugins import load_plugins

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "distribute"))
from on_points import ALL, FEW, PLUGINS, STREAMS_PLUGIN, TIMED, available, recipe
from states import alike, state

QUICK = (
    "replay",
    "pair",
    "lazily_away",
    "semi_supervised",
    "translation",
    "chosen_rows",
    "my_spectral",
)
"""Between them: state that replicas gather for, several duels, a network with its own optimizer,
batch normalisation of the global batch, averages of two networks, a lazy penalty of all pairs of
the global batch; streams; rows that a condition chooses; a network that wraps another,
with a state that moves when it is called."""
EVERY = [*PLUGINS, STREAMS_PLUGIN]
OTHERS = (
    "conditional@streamed",
    "timed@streamed",
    *(variant for variant in ALL if variant not in QUICK),
)

Played = Callable[[int, Sequence[str]], dict[str, np.ndarray]]


def playable(variants: Sequence[str]) -> list[str]:
    registry = load_plugins(PLUGINS)
    losses = {variant: recipe(variant.partition("@")[0])["loss"] for variant in variants}
    return [variant for variant in variants if available(losses[variant], registry)]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, preloaded: list[str]) -> Played:
    """The states of some variants on so many devices, each by a process of its own."""
    folder = tmp_path_factory.mktemp("played")

    @cache
    def on(devices: int, variants: tuple[str, ...]) -> dict[str, np.ndarray]:
        if devices == 1:
            import tensorflow as tf
            from play_on_devices import play

            return play(tf.distribute.get_strategy(), playable(variants))
        out = folder / f"{devices}-{variants[0]}.npz"
        script = Path(__file__).with_name("play_on_devices.py")
        done = subprocess.run(
            [*preloaded, script, str(devices), out, *playable(variants)],
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        with np.load(out) as found:
            return dict(found)

    return on


def compare(variant: str, variants: Sequence[str], devices: int, played: Played) -> None:
    if not playable([variant]):
        pytest.skip("its loss is of a plugin that is not installed; `make test` installs it")
    one, several = played(1, tuple(variants)), played(devices, tuple(variants))
    names = [name for name in one if name.startswith(f"{variant}/")]
    assert names == [name for name in several if name.startswith(f"{variant}/")]
    assert int(one[f"{variant}/rounds"]) == FEW
    for name in names:
        np.testing.assert_allclose(several[name], one[name], rtol=1e-5, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("variant", QUICK)
def test_two_devices_play_the_game_of_one(variant: str, played: Played) -> None:
    compare(variant, QUICK, 2, played)


@pytest.mark.slow
@pytest.mark.parametrize("variant", QUICK)
def test_four_devices_do_so_too(variant: str, played: Played) -> None:
    compare(variant, QUICK, 4, played)


@pytest.mark.slow
@pytest.mark.parametrize("devices", [2, 4])
@pytest.mark.parametrize("variant", OTHERS)
def test_every_variant_does(variant: str, devices: int, played: Played) -> None:
    compare(variant, OTHERS, devices, played)


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["conditional", "inference", "semi_supervised", *TIMED])
def test_two_workers_play_the_game_of_one(variant: str, tmp_path: Path) -> None:
    """A class that comes with streamed data; an encoder, and averages of two networks; streams;
    schedules, lazy penalties, an augmentation with a state.
    """
    if not playable([variant]):
        pytest.skip("its loss is of a plugin that is not installed; `make test` installs it")
    changed = {"distribution": {"memory_budget": 0.0}}
    file = tmp_path / "recipe.json"
    file.write_text(json.dumps({**recipe(variant), **changed}))
    words = ["launch", "--workers", "2", str(file), "--run-dir", str(tmp_path / "two")]
    done = subprocess.run(
        [sys.executable, "-m", "advnets", *words, *(w for p in EVERY for w in ("--plugin", p))],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 replicas on 2 workers" in done.stdout + done.stderr
    alone = advnets.run({**recipe(variant), **changed}, (), tmp_path / "one", plugins=EVERY)
    alike(state(alone.path, 12), state(tmp_path / "two", 12))
    two = advnets.open_run(tmp_path / "two", plugins=EVERY)
    assert two.manifest["identity"] == alone.manifest["identity"]
