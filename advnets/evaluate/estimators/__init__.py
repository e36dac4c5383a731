"""Estimates, their errors, and the distances that metrics are made of."""
