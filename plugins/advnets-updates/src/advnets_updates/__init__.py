"""Add update rules to advnets that damp the rotation of the minimax game."""
