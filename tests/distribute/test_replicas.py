"""The result does not depend on the number of replicas: 1, 2 and 4 logical devices."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from advnets.plugins import load_plugins

sys.path.insert(0, str(Path(__file__).parent))
from cases import PLUGINS, QUICK, ROUNDS, SLOW, loss_of
from play_cases import play

TOLERANCE = {"rtol": 1e-5, "atol": 1e-6}
"""After five rounds in float32; sums in another order differ by some 1e-7."""

LOSSES = set(load_plugins(environ={}).names("losses"))


def installed(cases: Iterable[str]) -> list[str]:
    return [case for case in cases if loss_of(case) in LOSSES]


@pytest.fixture(scope="module")
def played(
    tmp_path_factory: pytest.TempPathFactory, preloaded: list[str]
) -> Callable[..., dict[str, np.ndarray]]:
    """The states of some cases on so many devices."""
    folder = tmp_path_factory.mktemp("played")

    @cache
    def on(devices: int, cases: tuple[str, ...]) -> dict[str, np.ndarray]:
        if devices == 1:
            return play(tf.distribute.get_strategy(), installed(cases))
        out = folder / f"{devices}-{cases[0]}.npz"
        script = Path(__file__).parent / "play_cases.py"
        done = subprocess.run(
            [*preloaded, script, str(devices), out, *installed(cases)],
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
            check=False,
            timeout=500,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        with np.load(out) as found:
            return dict(found)

    return on


def compare(case: str, cases: Iterable[str], devices: int, played: Callable[..., Any]) -> None:
    if not installed([case]):
        pytest.skip(f"advnets-{PLUGINS[loss_of(case)]} is not installed; `make test` installs it")
    one, several = played(1, tuple(cases)), played(devices, tuple(cases))
    names = [name for name in one if name.startswith(f"{case}/")]
    assert names == [name for name in several if name.startswith(f"{case}/")]
    assert int(one[f"{case}/rounds"]) == ROUNDS
    for name in names:
        np.testing.assert_allclose(several[name], one[name], err_msg=name, **TOLERANCE)


@pytest.mark.parametrize("case", QUICK)
@pytest.mark.parametrize("devices", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_replicas_play_the_game_of_one(case: str, devices: int, played) -> None:
    """With dropout as well, whose masks would be others if both replicas drew the same."""
    compare(case, QUICK, devices, played)


@pytest.mark.slow  # two of them play games with dropout above
def test_four_replicas_play_the_game_of_one(played) -> None:
    compare("dropout", ["dropout"], 4, played)


@pytest.mark.slow
@pytest.mark.parametrize("case", SLOW)
@pytest.mark.parametrize("devices", [2, 4])
def test_whatever_the_game(case: str, devices: int, played) -> None:
    compare(case, SLOW, devices, played)
