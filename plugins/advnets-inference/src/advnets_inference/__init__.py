"""Add to advnets: inference and inpainting: BiGAN, inverting G, all conditionals."""
