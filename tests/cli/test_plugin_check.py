"""``advnets plugins check`` finds what cannot be built, and says where; ``--play`` what fails."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from advnets.cli.main import cli
from advnets.plugins.components import KINDS
from advnets.plugins.lookup import find_plugins
from advnets.plugins.registry import PluginRecord, Registry
from advnets.testing.check import checks_for
from advnets.testing.inspection import missing_parameters
from advnets.testing.suite import cases_of

BROKEN = Path(__file__).parent / "broken"
PACKAGES = Path(__file__).parents[2] / "plugins"


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    for name in [name for name in sys.modules if name.startswith(("broken_", "checked_"))]:
        del sys.modules[name]


def check(*words: str) -> Result:
    return CliRunner().invoke(cli, ["plugins", "check", *words])


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What is said of each component of the broken plugin, by its kind and name."""
    folder = tmp_path_factory.mktemp("broken")
    shutil.copytree(BROKEN, folder, dirs_exist_ok=True)
    (folder / "broken_syntax.py").write_text("def loss(:\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        result = check(str(folder / "broken_components.py"), "--json")
    assert result.exit_code == 2
    (report,) = json.loads(result.stdout)
    assert report["status"] == "ok"
    return {f"{each['kind']}/{each['name']}": each for each in report["components"]}


HOOKS, TARGETS = "broken_components.py:", "broken_targets.py:"
WRONG = {
    "losses/minimax": ("the name is taken: it is registered by advnets", HOOKS),
    "losses/too_much": ("unexpected keyword argument 'extra'", TARGETS),
    "losses/wide": ("is refused by its own schema", HOOKS),
    "losses/failing": ("RuntimeError: no luck", HOOKS),
    "losses/no_syntax": ("SyntaxError", "broken_syntax.py:1"),
    "losses/no_module": ("No module named 'broken_nowhere'", HOOKS),
    "losses/no_attribute": ("has no attribute 'nothing_of_the_kind'", HOOKS),
    "losses/undeclared": ("says requires=('energy',); what it makes has ['logits']", TARGETS),
    "losses/a_class": ("it makes the class Minimax, not an advnets.game.Loss", TARGETS),
    "losses/exits": ("raised SystemExit: 3", TARGETS),
    "losses/unlike_example": ("expected a number, got the text 'x'", HOOKS),
    "losses/example_is_list": ("its example has parameters=[1]", HOOKS),
    "losses/example_field": ("the field 'label' by 3, not by a Field", TARGETS),
    "losses/example_encounter": ("cannot import broken_nowhere:Meeting", TARGETS),
    "penalties/no_network": ("says networks=('encoder',); what it makes has []", TARGETS),
    "penalties/no_penalty": ("it makes NoneType, not an advnets.game.Penalty", TARGETS),
    "architectures/a_layer": ("it makes Dense for the generator, not a keras.Model", TARGETS),
    "architectures/no_context": ("takes 0 positional arguments", TARGETS),
    "architectures/net_raises": ("no attribute 'no_such_thing'", TARGETS),
    "priors/of_nobody": ("'nobody' is not among the registered priors", TARGETS),
    "conditions/no_field": ("its field is None; an advnets.data.Field was expected", TARGETS),
    "encounters/no_role": ("its roles have 'generator': 'latent'", TARGETS),
    "encounters/no_player": ("moves with generator or discriminator, not 'nobody'", TARGETS),
    "encounters/no_stream": ("says streams=('other',); what it makes has []", TARGETS),
    "augmentations/no_map": ("not an advnets.game.Augmentation", TARGETS),
    "updates/no_rule": ("not an advnets.game.UpdateRule", TARGETS),
    "optimizers/optimizer_class": ("the class SGD, not a keras.optimizers.Optimizer", TARGETS),
    "optimizers/no_rate_context": ("takes 0 positional arguments", TARGETS),
    "metrics/not_called": ("too many positional arguments", TARGETS),
    "features/not_made": ("too many positional arguments", TARGETS),
    "callbacks/argument": ("missing 1 required positional argument: 'path'", TARGETS),
    "callbacks/not_in_runs": ("TerminateOnNaN, which has no place in a run", TARGETS),
    "callbacks/changes": ("changes the game, and its component does not say so", TARGETS),
    "callbacks/remembers": ("holds the variable 'seen'", TARGETS),
    "datasets/no_spec": ("its spec is (1,), not an advnets.data.DataSpec", TARGETS),
    "datasets/no_split": ("its splits are ('training',)", TARGETS),
    "datasets/fails_to_look": ("ZeroDivisionError: division by zero", TARGETS),
    "datasets/no_preprocess": ("unexpected keyword argument 'preprocess'", TARGETS),
    "recipes/names_nobody": ("'nobodys_data' is not among the registered datasets", HOOKS),
    "recipes/not_packed": ("list the file in setup.cfg's package_data", HOOKS),
    "recipes/no_package": ("there is no package broken_nowhere", HOOKS),
    "sweeps/of_no_recipe": ("nobodys_recipe", HOOKS),
    "commands/imports_nothing": ("imports broken_nowhere when it is called", TARGETS),
    "commands/a_function": ("is a function, not a click.Command", HOOKS),
}
"""What is wrong with each component, and in which file it says so."""
RIGHT = ["losses/right", "priors/a_point", "priors/of_a_point", "datasets/a_line"]


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_built_is_found(found: dict[str, Any], name: str) -> None:
    message, place = WRONG[name]
    text = "\n".join(found[name]["problems"])
    assert message in text
    assert re.search(rf"^  at /\S*{place}", text, re.MULTILINE)


def test_what_can_be_built_raises_no_alarm(found: dict[str, Any]) -> None:
    """Those that another one of the same file is named by are among them."""
    assert [name for name, each in found.items() if not each["problems"]] == [
        name for name in found if name in [*RIGHT, "priors/unsaid"]
    ]
    assert found["priors/unsaid"]["missing"] == ["size"]
    assert {kind for kind, _, _ in (name.partition("/") for name in found)} == set(KINDS)


def shipped() -> list[tuple[Registry, PluginRecord]]:
    """All plugins of this repository: those that are part of advnets, and its distributions."""
    registry, records = find_plugins("advnets")
    own = [one for one in registry.plugins if one.source.startswith("advnets-")]
    assert {one.source.partition(" ")[0] for one in own} == {p.name for p in PACKAGES.iterdir()}
    return [(registry, record) for record in (*records, *own)]


def test_nothing_that_ships_is_left_out() -> None:
    """Each can be built of its defaults or its example, and is asked every check of its kind."""
    seen = set()
    for registry, record in shipped():
        asked = [(case.kind, case.name, case.check) for case in cases_of(record, registry)]
        for kind, components in record.components.items():
            seen.add(kind)
            for component in components:
                assert missing_parameters(component) == [], component.name
                checks = [check.__name__ for check in checks_for(kind)]
                own = [check for k, name, check in asked if (k, name) == (kind, component.name)]
                assert own == checks
    assert seen == set(KINDS)


@pytest.mark.slow
@pytest.mark.parametrize("group", [record.name for _, record in shipped()])
def test_what_ships_can_be_built(group: str) -> None:
    result = check(group)
    assert result.exit_code == 0, result.stdout
    assert "not built" not in result.stdout


PLAYED = """
from pydantic import Field
from advnets import Component, Parameters, hookimpl

class Sized(Parameters):
    size: int = Field(2, ge=1, description="of a point")

@hookimpl
def advnets_priors():
    right = Component("right", "advnets.game:Gaussian", "a prior", Sized)
    return [right, Component("wide", "checked_play:wide", "a prior"), unsaid()]

def unsaid():
    class Unsaid(Parameters):
        size: int = Field(ge=1, description="of a point")
    return Component("unsaid", "advnets.game:Gaussian", "a prior", Unsaid)

def wide():
    from advnets.game import Gaussian
    class Wide(Gaussian):
        def sample(self, draw, stream, examples):
            print("drawn")
            return draw.normal(stream, (7,), examples)
    return Wide(3)
"""


def test_play_says_what_passed_and_what_did_not(tmp_path: Path) -> None:
    """Without pytest; what a component prints is no part of the answer."""
    file = tmp_path / "checked_play.py"
    file.write_text(PLAYED, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "pytest", None)
        result = check(str(file), "--play", "--json")
    assert result.exit_code == 2
    (report,) = json.loads(result.stdout)
    told = {each["name"]: each for each in report["components"]}
    assert told["checked_play"]["passed"] == 1  # no TensorFlow in its hooks
    assert told["right"]["passed"] == 9
    assert told["right"]["failed"] == {}
    failed = told["wide"]["failed"]["draws_latent_points"]
    assert "shape (5, 7); float32 of shape (5, 3) was expected" in failed
    assert told["unsaid"]["missing"] == ["size"]
    assert report["bad"] == 2
