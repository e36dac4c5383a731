"""Add relativistic losses to advnets.

Jolicoeur-Martineau 2018, arXiv:1807.00734: the critic judges not whether an example is
real, but whether it is more realistic than examples of the other side.
"""
