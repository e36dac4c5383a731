"""Committed states of a game: named, hashed, written next to the others and renamed into place."""

from .background import BackgroundWriter
from .hashing import snapshot, state_sha256, weights_sha256
from .index import flush
from .store import CheckpointStore, Commit

__all__ = [
    "BackgroundWriter",
    "CheckpointStore",
    "Commit",
    "flush",
    "snapshot",
    "state_sha256",
    "weights_sha256",
]
