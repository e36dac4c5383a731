"""Add losses beyond minimax to advnets: one module each, named after its loss."""
