"""``advnets components``: what recipes can name, with parameters and owners."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from click.testing import CliRunner, Result
from pydantic import ConfigDict, Field

from advnets import Component, Parameters
from advnets.cli.main import cli
from advnets.cli.parameters import parameter_lines
from advnets.plugins import load_plugins
from advnets.plugins.components import KINDS

PLUGIN = """
from pydantic import Field
from advnets import Component, Parameters, hookimpl

class Margin(Parameters):
    margin: float = Field(10.0, gt=0, description="m, in units of energy")
    path: str = Field(description="where")

@hookimpl
def advnets_losses():
    return [Component("energy", "m:a", "energies with a margin", Margin)]
"""


def components(*words: str) -> Result:
    return CliRunner().invoke(cli, ["components", *words])


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "plugin_of_components.py"
    path.write_text(PLUGIN)
    yield str(path)
    sys.modules.pop("plugin_of_components", None)


def test_what_else_a_game_must_have() -> None:
    text = components("penalties").stdout
    assert "  needs D to give logits\n  in Python: from advnets.game import R1\n    gamma:" in text
    assert "  needs D to give class_logits\n" in text  # what a parameter names
    assert "  needs images\n" in components("augmentations").stdout
    listed = {e["name"]: e for e in json.loads(components("augmentations", "--json").stdout)}
    assert listed["mirror"]["axes"] == 3
    assert "axes" not in listed["instance_noise"]
    losses = {e["name"]: e for e in json.loads(components("losses", "--json").stdout)}
    assert losses["minimax"]["requires"] == ["logits"]


def test_everything() -> None:
    lines = components().stdout.splitlines()
    registry = load_plugins(environ={})
    names = [(kind, name) for kind in KINDS for name in registry.names(kind)]
    assert [tuple(line.split()[:2]) for line in lines[1:]] == names


def test_one_kind_with_parameters(plugin: str) -> None:
    text = components("losses", "--plugin", plugin).stdout
    assert "losses: what each player minimises" in text
    assert "energy  from plugin_of_components (" in text
    assert "  energies with a margin\n" in text
    assert "    margin: number > 0; default 10.0\n        m, in units of energy\n" in text
    assert "    path: text; required\n" in text
    assert "minimax  from advnets (built in)" in text


def test_a_kind_in_the_singular() -> None:
    assert components("loss").stdout == components("losses").stdout


def test_json(plugin: str) -> None:
    found = json.loads(components("losses", "--json", "--plugin", plugin).stdout)
    (energy,) = [entry for entry in found if entry["name"] == "energy"]
    assert energy["kind"] == "losses"
    assert energy["plugin"] == "plugin_of_components"
    assert energy["parameters"]["properties"]["margin"]["exclusiveMinimum"] == 0
    everything = json.loads(components("--json").stdout)
    assert {entry["kind"] for entry in everything} >= {"losses", "priors", "commands"}
    assert all("roles" in e for e in everything if e["kind"] == "architectures")


def test_an_unknown_kind() -> None:
    result = components("loses")
    assert result.exit_code == 2
    assert "'loses' is not a kind of component" in result.stderr
    assert "did you mean 'losses'?" in result.stderr


class Inner(Parameters):
    gcn: float = Field(gt=0)


class All(Parameters):
    count: int = Field(8, ge=1, le=64)
    flag: bool = True
    mode: Literal["a", "b"] | Inner = "a"
    layers: tuple[int, ...] = ()
    maybe: float | None = None
    made: list[int] = Field(default_factory=lambda: [1])
    text: str = Field("x", min_length=1)


def test_types_in_words() -> None:
    lines = parameter_lines(Component("all", "m:a", parameters=All))
    assert [line[:3] for line in lines] == [
        ("count", "integer ≥ 1, ≤ 64", "8"),
        ("flag", "true | false", "true"),
        ("mode", "a | b | {gcn: number > 0}", '"a"'),
        ("layers", "[integer, ...]", "[]"),
        ("maybe", "number | null", "null"),
        ("made", "[integer, ...]", "[1]"),
        ("text", "text of at least 1 characters", '"x"'),
    ]


class Exotic(Parameters):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    path: type = int


def test_a_type_that_json_schema_cannot_express() -> None:
    (line,) = parameter_lines(Component("exotic", "m:a", parameters=Exotic))
    assert line[:2] == ("path", "any")


def test_every_built_in_parameter_says_what_it_is() -> None:
    registry = load_plugins(environ={})
    silent = [
        f"{kind}.{component.name}.{line.name}"
        for kind in KINDS
        for component in registry.components(kind)
        if registry.owner(kind, component.name).source == "built in"
        for line in parameter_lines(component)
        if not line.description
    ]
    assert silent == []
