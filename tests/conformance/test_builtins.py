"""What ships with advnets passes the checks that it asks of plugins."""

from __future__ import annotations

import inspect
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from advnets.plugins import DEFAULT_PLUGINS, load_plugins
from advnets.plugins.components import KINDS
from advnets.testing import cases, conformance
from advnets.testing.check import checks_for

PLUGINS = [f"builtin-{module.rpartition('.')[2]}" for module in DEFAULT_PLUGINS]
TEMPORARY = tempfile.TemporaryDirectory()  # removed when the tests end
FOLDER = Path(TEMPORARY.name)
PACKAGES = Path(__file__).parents[2] / "plugins"

PARAMETERS: dict[str, dict[str, Any]] = {
    "priors/uniform": {"size": 3},
    "priors/gaussian": {"shape": [2, 3], "size": None},
    "mlp": {"layers": [6, {"units": 5, "activation": "tanh"}], "dropout": [0.0, 0.2, 0.5]},
    "maxout": {"dropout": [0.2, 0.5, 0.5], "max_col_norm": 1.9},
    "conv_maxout": {"dropout": [0.2, 0.5, 0.5]},
    "digits": {"size": 12},
    "folder": {"path": str(FOLDER / "images"), "size": 6},
    "npz": {"path": str(FOLDER / "arrays.npz")},
}
"""What a component is checked with, where its example does not suffice."""


@pytest.fixture(scope="module", autouse=True)
def files() -> None:
    """What the data sets read that read files."""
    draw = np.random.default_rng(0)
    for index in range(40):
        file = FOLDER / f"images/{'ab'[index % 2]}/{index:02}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 256, (9, 7, 3), "uint8")).save(file)
    np.savez(FOLDER / "arrays.npz", train=draw.random((60, 2), "float32"))


test_builtins = conformance(*PLUGINS, parameters=PARAMETERS)


def test_no_component_is_left_out() -> None:
    registry = load_plugins(environ={})
    registered = {
        (kind, component.name)
        for record in registry.plugins
        if record.source == "built in"
        for kind, components in record.components.items()
        for component in components
    }
    checked = {(case.kind, case.name) for case in cases(*PLUGINS) if case.kind != "plugin"}
    assert checked == registered
    assert {kind for kind, _ in registered} >= set(KINDS) - {"callbacks", "sweeps"}


def test_no_plugin_that_ships_is_left_out() -> None:
    """Each has a test of conformance, which collects every one of its components."""
    shipped = {file.parents[1]: file for file in PACKAGES.glob("*/tests/test_conformance.py")}
    assert set(shipped) == set(PACKAGES.glob("advnets-*"))
    registry = load_plugins(environ={})
    for folder, file in shipped.items():
        (record,) = [each for each in registry.plugins if each.source.startswith(folder.name)]
        assert f'conformance("{record.name}"' in file.read_text(encoding="utf-8")
        registered = {
            (kind, component.name)
            for kind, components in record.components.items()
            for component in components
        }
        checked = {(case.kind, case.name) for case in cases(record.name) if case.kind != "plugin"}
        assert checked == registered


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_checks_that_say_what_they_check(kind: str) -> None:
    checks = checks_for(kind)
    assert len(checks) >= 4
    assert all(inspect.getdoc(check) for check in checks)
