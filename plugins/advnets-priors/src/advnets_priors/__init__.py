"""Add to advnets: distributions of latent points."""
