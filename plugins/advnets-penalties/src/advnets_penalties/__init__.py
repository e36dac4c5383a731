"""Add to advnets: penalties and normalisers."""
