"""Estimate distances between distributions, and the errors of the estimates."""
