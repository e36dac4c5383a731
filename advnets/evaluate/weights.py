"""Identify the weights of which scores are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Identify the weights of a game's networks, the generator's above all.

    Attributes:
        step: The generator's step.
        sha256: A hash of its weights.
        averaging: How these are averages of its weights, ``None`` where they are its own; words
            where averages were asked for, and none is kept of it.
        precision: What the samples were computed in.
        of: The same hash and averaging of any network, by its name.
    """

    step: int = 0
    sha256: str = ""
    averaging: Mapping[str, Any] | str | None = None
    precision: str = "float32"
    of: Callable[[str], tuple[str, Mapping[str, Any] | str | None]] | None = None

    def together(self, names: Collection[str]) -> tuple[str, Mapping[str, Any] | str | None]:
        """Return a hash of several networks' weights, and how one of them is averaged, if any.

        Args:
            names: Which; none is the generator.

        >>> found = {"encoder": ("e5", {"decay": 0.9}), "generator": ("a1", "none is kept")}
        >>> hashed, averaging = Weights(of=found.get).together(["generator", "encoder"])
        >>> len(hashed), averaging
        (64, {'decay': 0.9})
        """
        if self.of is None or set(names) <= {"generator"}:
            return self.sha256, self.averaging
        found = [self.of(name) for name in sorted(names)]
        hashes, averagings = zip(*found, strict=True)
        together = hashlib.sha256(" ".join(hashes).encode()).hexdigest()
        kept = [one for one in averagings if isinstance(one, Mapping)]
        return hashes[0] if len(hashes) == 1 else together, (*kept, *averagings)[0]
