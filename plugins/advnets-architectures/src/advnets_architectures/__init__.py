"""Add to advnets: architectures, layers and wrappers of networks."""
