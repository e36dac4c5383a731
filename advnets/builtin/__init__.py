"""What advnets ships, registered through the same hooks as a stranger's plugin.

One module per group of kinds; each holds parameter schemas and hook implementations
and imports no TensorFlow.
"""
