"""Add to advnets: conditional games: projection, AC-GAN, InfoGAN."""
