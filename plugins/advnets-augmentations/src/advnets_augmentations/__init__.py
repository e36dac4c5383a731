"""Add to advnets: augmentations, ADA among them."""
