"""Register what advnets ships, through the same hooks as anybody's plugin.

One module per group of kinds; each holds parameter schemas and hook implementations
and imports no TensorFlow.
"""
