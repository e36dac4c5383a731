"""Committed states of a game: named, hashed, written beside and renamed into place."""

from .state import state_sha256, state_variables, weights_sha256
from .store import CheckpointStore, Commit

__all__ = ["CheckpointStore", "Commit", "state_sha256", "state_variables", "weights_sha256"]
