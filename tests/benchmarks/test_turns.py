"""The worker's protocol: what it is asked, what it plays, what it answers."""

from __future__ import annotations

import contextlib
import io
import json

import pytest

from benchmarks.turns import Finished, Turns


class Clock:
    """Time passes only when rounds are played."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def play(commands: list[dict], round_seconds: float) -> tuple[list[dict], list[int]]:
    clock, answers, calls = Clock(), [], []
    text = io.StringIO("".join(json.dumps(command) + "\n" for command in commands))
    turns = Turns(text, answers.append, clock=clock)
    with contextlib.suppress(Finished):
        while True:
            calls.append(turns.rounds())
            clock.now += calls[-1] * round_seconds
    return answers, calls


def test_a_turn_lasts_as_long_as_asked_and_is_answered_with_its_rounds():
    answers, calls = play([{"seconds": 3.0}, {"seconds": 3.0}, {"quit": True}], 0.01)
    for answer in answers:
        assert answer["rounds"] == pytest.approx(300, abs=1)
        assert answer["seconds"] == pytest.approx(3.0, abs=0.02)
    assert sum(calls) == sum(answer["rounds"] for answer in answers)


def test_calls_take_half_a_second_once_the_speed_is_known():
    _, calls = play([{"seconds": 1.0}, {"seconds": 3.0}, {"quit": True}], 0.01)
    assert calls[0] == 1
    assert max(calls) in (49, 50)


def test_a_slow_contestant_plays_at_least_one_round():
    answers, _ = play([{"seconds": 1e-9}, {"seconds": 1.0}, {"quit": True}], 7.0)
    assert [answer["rounds"] for answer in answers] == [1, 1]
    assert answers[1]["seconds"] == 7.0


def test_the_end_of_the_input_ends_the_worker():
    assert play([{"seconds": 1.0}], 0.5)[0] == [{"rounds": 2, "seconds": 1.0}]
