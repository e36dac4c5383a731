"""Who takes part, in which environment, and in which cases not, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .cases import GAMES

OURS = "advnets"
EAGER = "PyTorch eager"
COMPILED = "PyTorch compile"
FIT = "Keras fit"
BARE = "bare loop"
BARE_XLA = "bare loop, XLA"
TF_GAN = "TF-GAN"
ALONE = "products alone"
GEMM = "large GEMM"

NO_XLA = "XLA's convolutions on a CPU take seconds a round; one is timed in advnets, jit on"
NO_SIMULTANEOUS = "has no simultaneous updates in which both gradients see the old parameters"
NO_BFLOAT16 = "has no mixed bfloat16 on a CPU"
NO_PENALTY = {
    "torchgan": "its gradient penalty moves D a second time: another algorithm",
    "torch-mimicry": "its gradient penalty takes images of three channels only",
}


@dataclass(frozen=True)
class Entry:
    """A contestant.

    Attributes:
        label: In the tables.
        module: Of :mod:`benchmarks.contestants`.
        environment: ``advnets``, ``torch`` or ``tfgan``.
        options: Passed on to it.
        absent: Why it does not play, by case.
        once: Cases in which it plays one turn only, being too slow.
        limit: Whether it plays no game, but shows what the machine can do.
    """

    label: str
    module: str
    environment: str
    options: Mapping[str, Any] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    once: tuple[str, ...] = ()
    limit: bool = False


def _library(label: str, module: str) -> Entry:
    return Entry(
        label,
        module,
        "torch",
        absent={
            "mnist_simultaneous": NO_SIMULTANEOUS,
            "dcgan_bfloat16": NO_BFLOAT16,
            "wgan_gp": NO_PENALTY[label],
        },
    )


ENTRIES = [
    Entry(OURS, "advnets_", "advnets"),
    Entry(
        "advnets, jit on",
        "advnets_",
        "advnets",
        {"jit": "on"},
        absent={"dcgan_bfloat16": NO_XLA},
        once=("dcgan",),
    ),
    Entry("advnets, jit off", "advnets_", "advnets", {"jit": "off"}),
    Entry(BARE, "bare_loop", "advnets"),
    Entry(
        BARE_XLA,
        "bare_loop",
        "advnets",
        {"jit": True},
        absent={"dcgan": NO_XLA, "dcgan_bfloat16": NO_XLA},
    ),
    Entry(FIT, "keras_fit", "advnets"),
    Entry(EAGER, "pytorch", "torch"),
    Entry(COMPILED, "pytorch", "torch", {"compiled": True}),
    Entry(
        TF_GAN,
        "tf_gan",
        "tfgan",
        absent={"mnist_simultaneous": NO_SIMULTANEOUS, "dcgan_bfloat16": NO_BFLOAT16},
    ),
    _library("torchgan", "torchgan_"),
    _library("torch-mimicry", "mimicry_"),
    Entry(ALONE, "limits_tf", "advnets", {"what": "products"}, limit=True),
    Entry(GEMM, "limits_tf", "advnets", {"what": "gemm"}, limit=True),
]
"""All contestants, in the order of the tables."""

REFERENCES = {
    "mnist_simultaneous": [("mnist", OURS)],
    "dcgan_bfloat16": [("dcgan", OURS), ("dcgan", EAGER)],
}
"""Contestants of other cases that take turns with a case's own, to be compared with them."""


def by_label(label: str) -> Entry:
    """The contestant called so."""
    return next(entry for entry in ENTRIES if entry.label == label)


def players(game: str, labels: list[str] | None = None) -> list[Entry]:
    """Who takes part in a case.

    >>> [e.label for e in players("dcgan_bfloat16", ["advnets", "TF-GAN"])]
    ['advnets']
    """
    assert game in GAMES
    return [
        entry
        for entry in ENTRIES
        if game not in entry.absent and (labels is None or entry.label in labels)
    ]
