"""The one-line test of a plugin: what it collects, and what its failures say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from advnets.testing import ConformanceError, cases

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
}

GOOD = """
from advnets import Component, Parameters, hookimpl
from pydantic import Field

class Weight(Parameters):
    weight: float = Field(1.0, description="factor")

@hookimpl
def advnets_losses():
    return [Component("scaled_saturating", "{stem}:make", "minimax, scaled", Weight)]

def make(weight):
    from advnets.game import Minimax
    return Minimax(discriminator_weight=weight)
"""


@pytest.fixture
def plugin(tmp_path: Path, request: pytest.FixtureRequest):
    """Writes a plugin's file under a name of its own, and returns its path."""

    def write(text: str) -> str:
        stem = f"plugin_{request.node.name.split('[')[0]}"
        path = tmp_path / f"{stem}.py"
        path.write_text(text.replace("{stem}", stem), encoding="utf-8")
        return str(path)

    yield write
    for name in [name for name in sys.modules if name.startswith("plugin_test_")]:
        del sys.modules[name]


def test_every_component_meets_every_check(plugin) -> None:
    found = cases(plugin(GOOD))
    ids = [case.id for case in found]
    assert len(set(ids)) == len(ids)
    assert re.fullmatch("plugin/plugin_test.*/imports_no_tensorflow", ids[0])
    assert "losses/scaled_saturating/returns_one_value_per_example" in ids
    for case in found[:6]:
        case.run()


def test_an_undescribed_parameter_is_found(plugin) -> None:
    file = plugin(GOOD.replace('Field(1.0, description="factor")', "1.0").replace("minimax, ", ""))
    found = {case.check: case for case in cases(file)}
    with pytest.raises(ConformanceError, match="nothing says what weight is"):
        found["describes_its_parameters"].run()


def test_an_invalid_default_is_found(plugin) -> None:
    file = plugin(GOOD.replace("Field(1.0,", "Field(-1.0, gt=0,"))
    found = {case.check: case for case in cases(file)}
    with pytest.raises(ConformanceError, match="is refused by its own schema"):
        found["has_valid_defaults"].run()


def test_what_a_component_raises_is_told_with_its_place(plugin) -> None:
    """By the component's name, and the line of its own file; not with a traceback of ours."""
    file = plugin(GOOD.replace("discriminator_weight=weight", "no_such=weight"))
    found = {case.check: case for case in cases(file)}
    with pytest.raises(ConformanceError) as caught:
        found["works_compiled"].run()
    text = str(caught.value)
    assert text.startswith("'scaled_saturating' of losses: raised TypeError: ")
    assert text.splitlines()[-1] == f"  at {file}:{GOOD.count(chr(10))}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_importing_tensorflow_in_the_hooks_module_is_found(plugin) -> None:
    first = cases(plugin("import keras\n" + GOOD))[0]
    with pytest.raises(ConformanceError, match="imports TensorFlow or Keras"):
        first.run()


def test_a_broken_plugin_fails_with_its_traceback(plugin) -> None:
    (only,) = cases(plugin("1 / 0"))
    assert only.check == "loads"
    with pytest.raises(ConformanceError, match=r"quarantined: ZeroDivisionError[\s\S]*Traceback"):
        only.run()


def test_an_absent_plugin_fails_with_a_way_out() -> None:
    (only,) = cases("no-such-plugin")
    with pytest.raises(ConformanceError, match=r"no plugin 'no-such-plugin'[\s\S]*pip install -e"):
        only.run()


def test_skipping_needs_a_check_of_that_name(plugin) -> None:
    file = plugin(GOOD)
    reasons = {"losses/scaled_saturating/works_compiled": "uses a py_function"}
    (skipped,) = [case for case in cases(file, skip=reasons) if case.reason]
    assert skipped.check == "works_compiled"
    with pytest.raises(ValueError, match="no check or component is called losses/hinge"):
        cases(file, skip={"losses/hinge/works_compiled": "?"})
    with pytest.raises(ValueError, match="no check or component is called hinge"):
        cases(file, parameters={"hinge": {}})


def test_in_pytest(tmp_path: Path, preloaded: list[str]) -> None:
    """Two lines make a test module; its tests can be chosen by name; fixtures are there."""
    (tmp_path / "tiny.py").write_text(GOOD.replace("{stem}", "tiny"), encoding="utf-8")
    (tmp_path / "test_tiny.py").write_text(
        "from advnets.testing import conformance\n"
        "test_tiny = conformance('tiny.py')\n"
        "def test_registry(advnets_registry):\n"
        "    assert 'minimax' in advnets_registry.names('losses')\n"
        "def test_run(advnets_run):\n"
        "    assert advnets_run('gaussian_1d').manifest['step'] == 10\n",
        encoding="utf-8",
    )
    plugin = [] if _plugin_is_installed() else ["-p", "advnets.testing.plugin"]
    words = "summary or extreme or registry or run"
    done = subprocess.run(
        [*preloaded, "-m", "pytest", "-q", *plugin, "-k", words, "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def _plugin_is_installed() -> bool:
    from importlib.metadata import entry_points

    return any(p.value == "advnets.testing.plugin" for p in entry_points(group="pytest11"))


def test_importing_the_kit_and_its_pytest_plugin_is_cheap() -> None:
    program = (
        "import sys, advnets.testing, advnets.testing.plugin;"
        "sys.exit(any(m in sys.modules for m in ('tensorflow', 'keras', 'numpy')))"
    )
    done = subprocess.run([sys.executable, "-c", program], env=ENVIRONMENT, check=False)
    assert done.returncode == 0
