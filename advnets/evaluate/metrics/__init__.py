"""Compute the metrics that ship, each with its protocol."""
