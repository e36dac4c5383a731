"""Plugins fail, in every way and place: a message names the plugin and the line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from measured import lost

from advnets import Component, PluginError, RunError, open_run
from advnets.cli.main import cli
from advnets.monitor.report.health import game_findings

PLUGIN = Path(__file__).parent / "faulty.py"
PLACE = re.compile(rf"{re.escape(str(PLUGIN))}:(\d+)")
NAMED = f"plugin faulty ({PLUGIN})"


def line_of(outcome) -> str:
    """The line of the plugin that a message names."""
    number = int(PLACE.search(outcome.said)[1])
    return PLUGIN.read_text().splitlines()[number - 1].strip()


BUILDING = {
    "latent": "latent={name: faulty, where: build}",
    "generator": "generator={name: faulty, where: build}",
    "discriminator": "discriminator={name: faulty, where: build}",
    "loss": "loss={name: faulty, where: build}",
    "penalty": "penalties=[{name: faulty, where: build}]",
    "updates": "updates={name: faulty, where: build}",
    "optimizer": "optimizers.generator={name: faulty, where: build}",
    "dataset": "dataset={name: faulty, where: build}",
}


@pytest.mark.parametrize("how", ["raise", "exit", "return"])
@pytest.mark.parametrize("entry", BUILDING.values(), ids=BUILDING)
def test_a_component_cannot_be_built(play, measured, entry, how):
    failed = play(entry.replace("}", f", how: {how}}}"))
    assert failed.code == 2
    assert "component 'faulty'" in failed.said
    assert NAMED in failed.said
    if how == "return":
        assert re.search(r"returned int, not a \w+", failed.said)
        assert line_of(failed).startswith("def ")
    else:
        reason = "ValueError: no luck" if how == "raise" else "SystemExit: 0"
        assert reason in failed.said
        assert line_of(failed) == (
            'raise ValueError("no luck")' if how == "raise" else "sys.exit(0)"
        )
    measured("component_cannot_be_built", None, lost(failed.manifest)[0], failed.seconds)


SETTING_UP = {
    "a loss raises": ("loss={name: faulty, where: trace}", "ValueError: no luck", "raise"),
    "a loss exits": ("loss={name: faulty, where: trace, how: exit}", "SystemExit: 0", "sys.exit"),
    "a loss returns a scalar": (
        "loss={name: faulty, where: shape}",
        "generator returned shape (); one value per example",
        "def generator",
    ),
    "a loss returns nothing": (
        "loss={name: faulty, where: nothing}",
        "generator returned NoneType",
        "def generator",
    ),
    "a penalty raises": ("penalties=[faulty]", "ValueError: no luck", "raise"),
    "a penalty returns a number": (
        "penalties=[{name: faulty, how: return}]",
        "Failing returned shape ()",
        "def __call__",
    ),
    "a layer raises": ("generator={name: faulty, where: call}", "ValueError: no luck", "raise"),
    "a network makes another shape": (
        "generator={name: faulty, where: shape}",
        "gives the shape (2,); (1,) is expected",
        None,
    ),
    "a data set cannot say whether it is there": (
        "dataset={name: faulty, where: available}",
        "ValueError: no luck",
        "raise",
    ),
    "a data set cannot be read": ("dataset=faulty", "ValueError: no luck", "raise"),
}


@pytest.mark.parametrize(
    ("entry", "reason", "line"),
    SETTING_UP.values(),
    ids=SETTING_UP,
)
def test_before_the_first_round(play, measured, entry, reason, line):
    failed = play(entry)
    assert failed.code == 2
    assert reason in failed.said
    assert NAMED in failed.said
    if line is not None:
        assert line_of(failed).startswith(line)
    measured("before_the_first_round", None, lost(failed.manifest)[0], failed.seconds)


def test_a_loss_fails_in_the_course_of_a_run(play, measured):
    failed = play("loss={name: faulty, where: round, step: 13}")
    assert failed.code == 1
    # TensorFlow does not know the line, but whose operation it was.
    assert "in Broken.generator/" in failed.said
    assert "no luck" in failed.said
    assert f"'faulty' of {NAMED}" in failed.said
    assert "the last checkpoint is of step 10" in failed.said
    assert failed.manifest["status"] == "failed"
    assert failed.manifest["step"] == 10
    assert [path.name for path in failed.folder.checkpoints.iterdir()] == ["step-00000010"]
    measured.booked("loss_fails_in_a_round", False, failed.manifest)


def test_a_loss_returns_nan(play, measured):
    failed = play("loss={name: faulty, where: nan}", "health.policy=stop")
    assert failed.code == 1
    assert "g_loss" in failed.said
    assert "not finite" in failed.said
    assert f"'faulty' of {NAMED}" in failed.said
    measured.booked("loss_returns_nan", False, failed.manifest)


def test_observers_that_fail_are_switched_off(play, undisturbed, measured):
    """Three callbacks, each in another method, and a metric that is asked for three times."""
    methods = ("on_train_batch_begin", "on_train_batch_end", "on_train_end")
    callbacks = ", ".join(f"{{name: faulty, where: {method}}}" for method in methods)
    done = play(f"monitoring.callbacks=[{callbacks}]", "evaluation={every: 10, metrics: [faulty]}")
    assert done.code == 0
    for who in (*(f"callback Failing, in {method}," for method in methods), "metric 'faulty'"):
        assert done.said.count(f"warning: {who} of {NAMED} failed at {PLUGIN}:") == 1
    assert line_of(done) == 'raise ValueError("no luck")'
    assert done.manifest["state_sha256"] == undisturbed
    entries = {entry["who"].partition(" of ")[0]: entry for entry in done.manifest["switched_off"]}
    assert [entry["step"] for entry in entries.values()] == [10, 12, 12, 30]
    assert "ValueError: no luck" in entries["metric 'faulty'"]["error"]
    told = [finding for finding in game_findings(done.manifest) if finding.subject == "observers"]
    assert [finding.level for finding in told] == ["note"] * 4
    measured.booked("observers_fail", True, done.manifest)


def test_a_callback_that_changes_the_game_ends_the_run(play, undisturbed, measured, monkeypatch):
    entry = "monitoring.callbacks=[{name: changing, where: on_train_batch_end, how: change}]"
    failed = play(entry)
    assert failed.code == 1
    assert f"{NAMED} failed: ValueError: no luck; the last checkpoint is of step 10" in failed.said
    assert failed.manifest["status"] == "failed"
    monkeypatch.setenv("MENDED", "1")
    again = play(entry)
    assert again.code == 0
    assert again.manifest["state_sha256"] == undisturbed
    measured("callback_fails", True, *again.cost_of(failed))


def test_a_metric_fails_when_it_is_asked_for(play, measured):
    done = play("training.steps=1", "evaluation={every: 0, metrics: [faulty]}")
    assert done.code == 0
    run = open_run(done.folder.path, plugins=[str(PLUGIN)])
    began = time.perf_counter()
    with pytest.raises(RunError, match="failed: ValueError: no luck") as raised:
        run.evaluate(["faulty"])
    seconds = time.perf_counter() - began
    assert raised.value.where.startswith(f"{PLUGIN}:")
    measured("metric_fails", None, lost(run.manifest)[0], seconds)


HANGING = """
import time
from advnets import Component, hookimpl
{at_import}

@hookimpl
def advnets_losses():
    {in_hook}
    return [Component("mine", "hanging_{name}:target", "")]

{in_target}
"""
FOREVER = "while True: time.sleep(0.1)"
STUBBORN = """
while True:
    try:
        time.sleep(0.1)
    except BaseException:
        pass
"""


def hanging(path: Path, name: str, **parts: str) -> Path:
    parts = {"at_import": "", "in_hook": "pass", "in_target": "target = None", **parts}
    path = path / f"hanging_{name}.py"
    path.write_text(HANGING.format(name=name, **parts))
    return path


@pytest.mark.parametrize("part", ["at_import", "in_hook"])
def test_a_plugin_hangs(tmp_path, monkeypatch, measured, part):
    monkeypatch.setenv("ADVNETS_IMPORT_SECONDS", "0.2")
    plugin = hanging(tmp_path, part, **{part: FOREVER})
    began = time.perf_counter()
    listed = CliRunner().invoke(cli, ["plugins", "list", "--plugin", str(plugin)])
    seconds = time.perf_counter() - began
    assert listed.exit_code == 0  # whatever does not need it goes on
    more = "ADVNETS_IMPORT_SECONDS=300 would allow it more"
    assert f"did not end after 0.2 s; {more} ({plugin}:" in listed.stdout
    assert "ADVNETS_IMPORT_SECONDS" in listed.stdout
    line = int(re.search(rf"\({re.escape(str(plugin))}:(\d+)\)", listed.stdout)[1])
    assert FOREVER in plugin.read_text().splitlines()[line - 1]
    words = ["validate", "digits", "loss=mine", "--plugin", str(plugin)]
    refused = CliRunner().invoke(cli, words)
    assert refused.exit_code == 2
    assert "did not end after 0.2 s" in refused.stderr
    assert "Traceback" not in refused.stderr
    measured("hanging_plugin", None, 0, seconds)


def test_the_module_of_a_target_hangs(tmp_path, monkeypatch, measured):
    monkeypatch.setenv("ADVNETS_IMPORT_SECONDS", "0.05")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "hanging_target.py").write_text(f"import time\n{FOREVER}\n")
    began = time.perf_counter()
    with pytest.raises(PluginError, match="did not end after 0.25 s") as raised:
        Component("mine", "hanging_target:target").load()
    seconds = time.perf_counter() - began
    assert raised.value.where == f"{tmp_path / 'hanging_target.py'}:2"
    measured("hanging_target", None, 0, seconds)


def advnets(*words: object, **environment: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """A command in a process of its own, and how many seconds it took."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "advnets", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )
    return done, time.perf_counter() - began


def test_a_plugin_hangs_and_does_not_let_go(tmp_path, measured):
    plugin = hanging(tmp_path, "stubborn", at_import=STUBBORN)
    words = ("components", "losses", "--plugin", plugin)
    done, seconds = advnets(*words, ADVNETS_IMPORT_SECONDS="0.5")
    assert done.returncode == 2
    said = rf"error: {re.escape(str(plugin))}:\d+: .*did not end .*, nor when it was interrupted"
    assert re.search(said, done.stderr)
    measured("stubborn_plugin", None, 0, seconds)


def test_a_plugin_prints_where_results_are(tmp_path, measured):
    plugin = hanging(tmp_path, "prints", at_import="print('hello')", in_hook="print('there')")
    done, seconds = advnets("components", "losses", "--json", "--plugin", plugin)
    assert "mine" in str(json.loads(done.stdout))
    assert "hello\nthere\n" in done.stderr
    measured("printing_plugin", None, 0, seconds)


def test_a_hook_is_misspelt_and_not_marked_as_one(tmp_path, measured):
    plugin = tmp_path / "nearly_hooks.py"
    plugin.write_text(
        textwrap.dedent(
            """
            from advnets import Component, hookimpl

            @hookimpl
            def advnets_losses():
                return [Component("mine", "nearly_hooks:x")]

            def advnets_penalty():
                return []
            """
        )
    )
    done, seconds = advnets("components", "losses", "--plugin", plugin)
    assert done.returncode == 0
    assert "mine" in done.stdout
    expected = f"advnets_penalty ({plugin}:8) is not a hook of advnets; did you mean advnets_penal"
    assert expected in done.stderr
    measured("nearly_a_hook", None, 0, seconds)
