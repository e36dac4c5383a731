"""In which ways components can be played: what is promised, refused, and broken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from advnets.testing.ways import KINDS, WAYS, Item, measure

PLUGIN = str(Path(__file__).with_name("ways_plugin.py"))


@pytest.fixture(scope="module")
def outcome() -> Callable[[str, str, str], tuple[str, str]]:
    """What comes of a component of the plugin in a way, played in this process."""
    from advnets.testing.play_ways import TrialGame, outcome_of

    games: dict[tuple[str, str], TrialGame] = {}

    def play(kind: str, name: str, way: str) -> tuple[str, str]:
        if (kind, name) not in games:
            games[kind, name] = TrialGame(kind, name, {}, {}, [PLUGIN])
        game = games[kind, name]
        return outcome_of(getattr(game, way), game.plain)

    return play


Outcomes = Callable[[str, str, str], tuple[str, str]]


@pytest.mark.parametrize("way", ["streamed", "simultaneous"])
def test_a_sound_component_plays(outcome: Outcomes, way: str) -> None:
    assert outcome("conditions", "first", way) == ("yes", "")


def test_what_advnets_refuses_is_refused_in_its_words(outcome: Outcomes) -> None:
    said, why = outcome("conditions", "first", "fit")
    assert said == "refused"
    assert why.startswith("the condition 'label', a First, says which examples are read")


@pytest.mark.slow
def test_what_xla_cannot_compile_is_refused(outcome: Outcomes) -> None:
    said, why = outcome("penalties", "worded", "xla")
    assert said == "refused"
    assert why.startswith("XLA cannot compile these rounds: ")
    assert len(why) <= 240
    assert outcome("penalties", "worded", "streamed") == ("yes", "")


@pytest.mark.parametrize(
    ("kind", "name", "why"),
    [
        ("losses", "counting", "as it is: a round changes the number '_calls' of loss, 0 → 1"),
        ("penalties", "noisy", "as it is: a round draws random numbers by RandomStandardNormal"),
        ("penalties", "hiding", "as it is: a round assigns the variable 'Variable'"),
    ],
)
def test_what_is_broken_has_failed_whatever_the_way(
    outcome: Outcomes, kind: str, name: str, why: str
) -> None:
    for way in ("resume", "fit"):
        said, told = outcome(kind, name, way)
        assert (said, told[: len(why)]) == ("failed", why)


def test_what_comes_out_otherwise_has_failed(outcome: Outcomes) -> None:
    """By hand: numbers that differ by more than is allowed, are missing, or are not finite."""
    import numpy as np

    from advnets.testing import ConformanceError
    from advnets.testing.played import compare

    one = {"weights": np.array([1.0, -2.0]), "rounds": np.array(5)}
    compare(one, {"weights": np.array([1.0, -2.00001]), "rounds": np.array(5)}, "it")
    for other in ([1.0, -2.0001], [1.0, np.nan]):
        with pytest.raises(ConformanceError, match="it differs: weights by "):
            compare(one, {"weights": np.array(other), "rounds": np.array(5)}, "it")
    with pytest.raises(ConformanceError, match="it has rounds where the other game has not"):
        compare(one, {"weights": np.array([1.0, -2.0])}, "it")


def test_a_process_that_dies_or_hangs_takes_no_other_game_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The processes are stand-ins here: of Python alone, without TensorFlow."""
    script = (
        "import json, os, sys, time\n"
        "for line in sys.stdin:\n"
        "    name = json.loads(line)['name']\n"
        "    if name == 'dying': print('no luck', file=sys.stderr); os._exit(7)\n"
        "    if name == 'hanging': time.sleep(60)\n"
        "    answer = {'outcome': 'yes', 'why': '', 'seconds': 0.1}\n"
        "    print(json.dumps(answer), flush=True)\n"
    )
    monkeypatch.setattr("advnets.testing.ways.command", lambda group: ["-c", script])
    names = ("sound", "dying", "another", "hanging", "last")
    asked = [(Item("losses", name), "fit") for name in names]
    found = {item.name: str(outcome) for item, _, outcome in measure(asked, seconds=3)}
    assert found == {
        "sound": "yes",
        "dying": "failed: its process ended with exit code 7: no luck",
        "another": "yes",
        "hanging": "failed: no answer within 3 s",
        "last": "yes",
    }


def test_ways_and_kinds_are_those_of_the_games() -> None:
    from advnets.testing.games import PLAYED
    from advnets.testing.play_ways import TrialGame

    assert KINDS == PLAYED
    assert all(callable(getattr(TrialGame, way)) for way in WAYS)


@pytest.mark.slow
def test_a_mean_over_a_replicas_share_is_found_by_two_replicas() -> None:
    asked = [
        (Item("losses", "of_its_share", plugins=(PLUGIN,)), "replicas"),
        (Item("losses", "minimax"), "replicas"),
        (Item("losses", "dying", plugins=(PLUGIN,)), "replicas"),
        (Item("losses", "non_saturating"), "replicas"),
    ]
    found = {item.name: outcome for item, _, outcome in measure(asked)}
    assert found["of_its_share"].outcome == "failed"
    assert found["of_its_share"].why.startswith("the game of two replicas differs: ")
    assert found["dying"].why.startswith("its process ended with exit code 7")
    assert found["minimax"].outcome == found["non_saturating"].outcome == "yes"
