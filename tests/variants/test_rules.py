"""Any encounter with any update rule, loss and further network: who moves, and who does not."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import advnets

sys.path.insert(0, str(Path(__file__).parent))
from fitted import RULES, made, play
from on_points import ALL, EXAMPLES, ROUNDS

LOSSES: dict[str, dict[str, Any]] = {
    "relativistic": {"loss": "relativistic", "penalties": [{"name": "r1", "gamma": 1.0}]},
    "relativistic_average": {"loss": "relativistic_average", "penalties": ["gradient_penalty"]},
    "wasserstein": {"loss": "wasserstein", "penalties": ["gradient_penalty"]},
}
"""What makes G read real sides, differentiates D twice, and compares with means."""
ENCOUNTERS = ("conditional", "inference", "aggregated", "two_judges", "replay", "pair")


def check_it_plays(variant: str, rule: str, rounds: int, eagerly: bool, **changed: Any) -> None:
    """Each player moves as often as the rule says, all of its networks, and no other."""
    game, source = made(variant, **RULES[rule], **changed)
    before = {name: network.get_weights() for name, network in game.networks.items()}
    logs = play(game, source, rounds, eagerly)
    assert int(game.rounds.numpy()) == rounds
    for name in ("d_loss", "g_loss"):
        assert math.isfinite(logs[name])
    moves = {"generator": rounds, "discriminator": rounds * game.updates.batches}
    for name, optimizer in game.optimizers.items():
        player = name if name in moves else game.roles[name].player
        assert int(optimizer.iterations.numpy()) == moves[player], name
    for name, weights in before.items():
        after = game.networks[name].get_weights()
        same = [np.array_equal(*pair) for pair in zip(weights, after, strict=True)]
        # A constant that is added to C alone is nothing to a loss of differences.
        assert all(same) if game.roles[name].player is None else not all(same[:-1]), name
    for name, average in game.averages.items():
        current = game.networks[name].get_weights()
        kept = average.network.get_weights()
        assert not all(np.array_equal(*pair) for pair in zip(kept, current, strict=True)), name
    if variant in EXAMPLES:
        assert game.generate(5)[0].shape == (5, 2)
    else:
        with pytest.raises(advnets.UsageError, match="makes no examples"):
            game.generate(5)


# Every variant by one rule that it is not played by elsewhere, every rule by a third of them.
IN_SHORT = [
    (variant, ("k2", "simultaneous")[index % 2] if index % 3 else "alternating")
    for index, variant in enumerate(ALL)
]


@pytest.mark.parametrize(("variant", "rule"), IN_SHORT)
def test_a_rule_moves_every_variant(variant: str, rule: str) -> None:
    check_it_plays(variant, rule, rounds=2, eagerly=True)


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("variant", ALL)
def test_every_rule_moves_every_variant_where_rounds_are_compiled(variant: str, rule: str) -> None:
    check_it_plays(variant, rule, ROUNDS, eagerly=False)


PAIRS = [(variant, list(LOSSES)[index % 3]) for index, variant in enumerate(ENCOUNTERS)]


@pytest.mark.parametrize(
    ("variant", "loss"),
    [
        pytest.param(variant, loss, marks=[] if (variant, loss) in PAIRS else pytest.mark.slow)
        for variant in ENCOUNTERS
        for loss in LOSSES
    ],
)
def test_every_loss_goes_with_every_encounter(variant: str, loss: str) -> None:
    rule = "alternating" if loss == "relativistic" else "simultaneous"
    if variant == "inference" and loss == "wasserstein":
        with pytest.raises(advnets.PluginError, match="does not depend on the encoder"):
            check_it_plays(variant, rule, 2, True, **LOSSES[loss])
        return
    changed = {**LOSSES[loss]}
    if variant == "aggregated":  # G moves by its reconstruction alone
        changed["penalties"] = ["reconstruction", *changed["penalties"]]
    check_it_plays(variant, rule, 2, True, **changed)
