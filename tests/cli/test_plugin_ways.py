"""``advnets plugins check --ways`` says in which ways each component of a plugin can be played."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from advnets.cli.main import cli
from advnets.testing.ways import WAYS

PLUGIN = """
import advnets

@advnets.hookimpl
def advnets_losses():
    return [advnets.Component("{name}", "advnets.game:Minimax")]

@advnets.hookimpl
def advnets_metrics():
    return [advnets.Component("a_metric", "advnets.evaluate.metrics.fid:fid")]
"""
ANSWERING = """
import json, sys
told = {"fit": ("refused", "not by hand"), "xla": (sys.argv[1], "not near")}
for line in sys.stdin:
    asked = json.loads(line)
    assert asked["kind"] == "losses" and asked["plugins"] == [sys.argv[2]], asked
    outcome, why = told.get(asked["way"], ("yes", ""))
    print(json.dumps({"outcome": outcome, "why": why, "seconds": 0.1}), flush=True)
"""
"""Stands for what plays the games; its argument is what comes of one under XLA."""


def check(
    monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, outcome: str, *words: str
) -> Result:
    file = folder / f"{name}.py"
    file.write_text(PLUGIN.format(name=name), encoding="utf-8")
    told = ["-c", ANSWERING, outcome, str(file)]
    monkeypatch.setattr("advnets.testing.ways.command", lambda group: told)
    return CliRunner().invoke(cli, ["plugins", "check", str(file), "--ways", *words])


def test_it_is_printed_way_by_way_and_as_a_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = check(monkeypatch, tmp_path, "sound_in_all", "yes")
    assert result.exit_code == 0, result.output
    assert "  losses sound_in_all, k steps: yes\n" in result.stdout
    assert "  losses sound_in_all, fit: refused: not by hand\n" in result.stdout
    heading, row = result.stdout.rstrip().splitlines()[-2:]
    assert heading.split()[:3] == ["COMPONENT", "K", "STEPS"]
    assert row.split() == ["sound_in_all", *["yes"] * (len(WAYS) - 2), "refused", "yes"]


def test_what_failed_is_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result = check(monkeypatch, tmp_path, "failing_in_one", "failed", "--json")
    assert result.exit_code == 2
    assert "1 component of 'failing_in_one' has problems" in result.stderr
    (report,) = json.loads(result.stdout)
    played: dict[str, Any] = {each["name"]: each.get("ways") for each in report["components"]}
    assert played["a_metric"] is None
    assert list(played["failing_in_one"]) == list(WAYS)
    assert played["failing_in_one"]["xla"] == "failed: not near"
    assert played["failing_in_one"]["fit"] == "refused: not by hand"
