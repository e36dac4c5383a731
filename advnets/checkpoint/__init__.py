"""Committed states of a game: named, hashed, written beside and renamed into place."""

from .background import BackgroundWriter
from .index import flush
from .state import snapshot, state_sha256, state_variables, weights_sha256
from .store import CheckpointStore, Commit

__all__ = [
    "BackgroundWriter",
    "CheckpointStore",
    "Commit",
    "flush",
    "snapshot",
    "state_sha256",
    "state_variables",
    "weights_sha256",
]
