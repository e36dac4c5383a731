"""Relativistic losses for advnets.

Jolicoeur-Martineau 2018, arXiv:1807.00734: the critic is asked not whether an example is
real, but whether it is more realistic than examples of the other side.
"""
