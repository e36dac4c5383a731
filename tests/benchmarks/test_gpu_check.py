"""The check of a GPU, in small, on the CPU."""

from __future__ import annotations

import json
import sys

import pytest
from click.testing import CliRunner

from benchmarks import gpu_check
from benchmarks.gpu_check import GAMES, Part, Player, check, lines, main

DIES = """
import json, os, sys
print(json.dumps({"device": "toy", "small": True, "limited": False}), flush=True)
for line in sys.stdin:
    part = json.loads(line)["part"]
    if "xla" in part:
        print("the compiler is broken", file=sys.stderr, flush=True)
        os._exit(3)
    print(json.dumps({"part": part, "ok": True, "process": os.getpid()}), flush=True)
"""


@pytest.fixture(autouse=True)
def logs(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu_check, "LOGS", tmp_path)


def test_the_smallest_part_plays():
    line = check(Part("goodfellow2014", "float32"), small=True)
    assert line.pop("seconds") > 0
    assert line.pop("steps_per_second") > 0
    assert line == {
        "part": "goodfellow2014/float32",
        "precision": "float32",
        "jit": "off",
        "rounds": 8,
        "ok": True,
    }


def test_a_part_that_fails_says_why(monkeypatch):
    monkeypatch.setitem(GAMES, "dcgan", "no_such_recipe")
    line = check(Part("dcgan", "xla"), small=True)
    assert (line["ok"], line["jit"]) == (False, "on")
    assert "no_such_recipe" in line["error"]


def test_a_process_that_dies_fails_one_part_and_hides_no_other():
    player = Player([sys.executable, "-c", DIES], limit=60)
    parts = [Part("dcgan", mode) for mode in ("float32", "bfloat16", "xla", "float32")]
    try:
        found = list(lines(player, parts, GAMES.values()))
    finally:
        player.end()
    assert [line["ok"] for line in found] == [True, True, False, True]
    assert found[2]["error"] == "it ended: the compiler is broken"
    assert {line["device"] for line in found} == {"toy"}
    assert found[0]["process"] == found[1]["process"] != found[3]["process"]


def test_what_there_is_no_time_for_is_skipped_and_fails_nothing():
    (line,) = lines(Player(["never started"], limit=1), [Part("dcgan", "xla")], GAMES.values())
    assert (line["ok"], line["skipped"]) == (None, "no time is left of 1 s")


def test_a_game_that_is_not_shipped_is_one_line():
    parts = [Part("cgan", mode) for mode in gpu_check.MODES]
    (line,) = lines(Player(["never started"], limit=60), parts, ["dcgan_cifar10"])
    assert line == {"part": "cgan", "ok": None, "skipped": "no recipe cgan_digits is shipped"}


@pytest.mark.slow
def test_a_resume_is_equal_to_the_bit():
    result = CliRunner().invoke(main, ["--small", "--only", "goodfellow2014/float32/resumed"])
    assert result.exit_code == 0, result.output
    line = json.loads(result.output)
    assert (line["part"], line["ok"], line["equal"]) == (
        "goodfellow2014/float32/resumed",
        True,
        True,
    )


def test_a_failure_is_the_exit_code(monkeypatch):
    monkeypatch.setattr(gpu_check, "lines", lambda *_: iter([{"ok": None}, {"ok": False}]))
    assert CliRunner().invoke(main, []).exit_code == 1
    assert CliRunner().invoke(main, ["--only", "tpu"]).exit_code == 2
