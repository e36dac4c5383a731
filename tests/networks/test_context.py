from __future__ import annotations

import pytest

from advnets.errors import DataError
from advnets.networks import NetworkContext


def test_seeds_differ_by_layer_role_and_run_and_by_nothing_else() -> None:
    def seed(run: int, role: str, layer: str) -> int:
        return NetworkContext(role, (2,), (), seed=run).seed_for(layer)  # type: ignore[arg-type]

    seeds = [
        seed(run, role, layer)
        for run in (0, 1)
        for role in ("generator", "discriminator")
        for layer in ("hidden_0", "hidden_1", "output")
    ]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= s < 2**31 for s in seeds)
    assert seed(1, "generator", "output") == NetworkContext(
        "generator", (7,), (3,), seed=1
    ).seed_for("output")


def test_without_data_there_is_no_mean() -> None:
    with pytest.raises(DataError, match="no data set"):
        NetworkContext("generator", (2,), (3,)).marginals()
