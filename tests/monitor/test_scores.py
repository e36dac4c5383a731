"""What is measured after a run goes where its own scores are."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator

from advnets.errors import RunError
from advnets.evaluate import Score
from advnets.monitor.report.afterwards import add_afterwards
from advnets.monitor.report.charts import score_charts
from advnets.monitor.scores import line_of
from advnets.monitor.tensorboard import EventLog
from advnets.recipe import load_recipe
from advnets.runs import RunFolder


@pytest.fixture
def keep(folder, recipe):
    def work(*scores, recipe=recipe, step=40, averaged=False):
        add_afterwards(folder, recipe, scores, step, averaged)

    return work


def score(value=225.0, step=40, metric="parzen", **protocol):
    return Score(metric, value, 2.0, {"step": step, "averaging": None, **protocol})


def lines(folder):
    return [(r["step"], r["scores"]) for r in folder.metrics.read() if "scores" in r]


def points(folder, tag):
    accumulator = EventAccumulator(str(folder.tensorboard), size_guidance={"tensors": 0})
    accumulator.Reload()
    return [event.step for event in accumulator.Tensors(tag)]


def test_after_a_run_they_join_its_own(folder, record, keep, warnings):
    events = EventLog(folder.tensorboard, 0)
    for line in (record(50), line_of(50, [score(100.0, 50)])):
        folder.metrics.append(line)
        events.record(line)
    events.close()
    keep(score(step=20), score(3.0, 20, seed=2), step=20)
    keep(score())
    scores = [(step, scores["parzen"]) for step, scores in lines(folder)]
    assert scores == [(50, 100.0), (20, 225.0), (20, 3.0), (40, 225.0)]  # each seed has a line
    assert sorted(points(folder, "scores/parzen")) == [20, 20, 40, 50]
    assert points(folder, "losses/discriminator") == [50]
    assert [s["protocol"]["step"] for s in folder.manifest["scores"]] == [20, 20, 40]
    assert "parzen" in (folder.path / "report.html").read_text()
    assert warnings == []


def test_the_same_again_is_no_news(folder, keep):
    keep(score())
    keep(score())
    assert lines(folder) == [(40, {"parzen": 225.0, "parzen_error": 2.0})]
    keep(score(226.0))  # the same protocol, and yet another number
    assert [scores["parzen"] for _, scores in lines(folder)] == [225.0, 226.0]
    assert [s["value"] for s in folder.manifest["scores"]] == [226.0]


@pytest.mark.parametrize(
    ("weights", "own", "average"),
    [
        ("both", "parzen_current", "parzen"),
        ("auto", "parzen_current", "parzen"),
        ("current", "parzen", "parzen_averaged"),
    ],
)
def test_names_are_those_that_the_run_itself_gives(folder, keep, weights, own, average):
    changes = {"averaging.decay": 0.9, "evaluation.weights": weights}
    recipe = load_recipe("digits", {"training.steps": 100, **changes})
    keep(score(1.0), recipe=recipe)
    keep(score(2.0), recipe=recipe, averaged=True)
    found = [next(iter(scores.items())) for _, scores in lines(folder)]
    assert found == [(own, 1.0), (average, 2.0)]


def test_a_metric_may_call_itself_an_error(folder, keep):
    keep(score(0.5, metric="theory_discriminator_error"))
    assert points(folder, "scores/theory_discriminator_error") == [40]


def test_a_score_that_says_nothing_of_itself(folder, keep):
    keep(Score("bare", 3.0))
    assert lines(folder) == [(40, {"bare": 3.0})]


def test_what_the_manifest_alone_has_is_added_later(folder, keep):
    folder.manifest.update(scores=[score().to_dict()])
    keep(score())
    assert lines(folder) == [(40, {"parzen": 225.0, "parzen_error": 2.0})]
    assert len(folder.manifest["scores"]) == 1


def test_a_folder_that_cannot_be_locked_is_told_as_such(folder, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("advnets.runs.lock.filelock.FileLock.acquire", refuse)
    with pytest.raises(RunError, match="Permission denied"):
        folder.lock().if_free().__enter__()


def test_without_tensorboard(folder, keep):
    recipe = load_recipe("digits", {"training.steps": 100, "monitoring.tensorboard": False})
    keep(score(), recipe=recipe)
    assert len(lines(folder)) == 1
    assert not folder.tensorboard.exists()


HOLD = """
import sys
from pathlib import Path
from advnets.runs.lock import RunLock
with RunLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_run_that_is_going_on_keeps_its_files_to_itself(folder, keep, warnings):
    command = [sys.executable, "-c", HOLD, str(folder.path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        keep(score())
        holder.communicate("\n")
    assert "in progress" in warnings[0]
    assert len(folder.manifest["scores"]) == 1
    assert lines(folder) == []


def test_what_a_killed_run_has_left_is_still_told_to_the_next(folder, keep):
    lock = folder.lock()
    with lock:
        (folder.path / "kept").write_bytes((folder.path / ".lock.json").read_bytes())
    (folder.path / "kept").rename(folder.path / ".lock.json")
    keep(score())
    assert lines(folder)
    with folder.lock() as again:
        assert json.loads(json.dumps(again.left))["pid"] > 0


def test_a_folder_is_free_again(folder):
    with folder.lock().if_free() as idle:
        assert idle
        with RunFolder(folder.path).lock().if_free() as other:
            assert not other
    with folder.lock():
        pass


def test_the_report_draws_a_line_for_each_kind_of_weights(folder):
    found = [
        score(step=step, averaging=kind) for step in (10, 20) for kind in (None, {"decay": 0.9})
    ]
    [chart] = score_charts([one.to_dict() for one in found])
    assert [(line.label, list(line.x)) for line in chart.lines] == [
        ("averaged weights", [10, 20]),
        ("own weights", [10, 20]),
    ]
    [chart] = score_charts([one.to_dict() for one in found[::2]])
    assert [line.label for line in chart.lines] == ["parzen"]
    assert score_charts([one.to_dict() for one in found[:2]]) == []
