"""Prove that a run is the same run after kills: play it, kill it, compare the bits."""
