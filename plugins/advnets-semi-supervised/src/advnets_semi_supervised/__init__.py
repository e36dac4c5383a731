"""Add to advnets: semi-supervised games."""
