"""Data for libraries that play through a DataLoader: it keeps time for them too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader, TensorDataset

from .. import data
from ..cases.game import Game
from ..turns import Turns
from .contestant import unit_range


class TimedLoader:
    """A DataLoader without an end, which counts a round every ``steps`` batches.

    A library's own training loop asks for batches; before each round this asks the driver
    whether there is another one to play.

    Args:
        game: The case.
        turns: The driver's.
    """

    def __init__(self, game: Game, turns: Turns):
        examples = unit_range(data.load(game.data), game.networks)
        if game.networks == "dcgan":
            examples = examples.transpose(0, 3, 1, 2).copy()
        else:
            examples = examples.reshape(len(examples), -1)
        labels = torch.zeros(len(examples), dtype=torch.int64)
        self.loader = DataLoader(
            TensorDataset(torch.from_numpy(examples), labels),
            batch_size=game.batch,
            shuffle=True,
            drop_last=True,
        )
        self.batch_size = game.batch
        self.steps, self.turns = game.steps, turns

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[Any]:
        batches = 0
        while True:
            for batch in self.loader:
                if batches % self.steps == 0:
                    self.turns.rounds(at_most=1)
                batches += 1
                yield batch
