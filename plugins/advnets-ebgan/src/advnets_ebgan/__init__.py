"""Add energy-based adversarial networks (EBGAN) to advnets.

Zhao, Mathieu and LeCun 2016, arXiv:1609.03126: the discriminator is an auto-encoder whose
reconstruction error is the energy of an example. It gives real examples low energy, and
generated ones energy up to a margin; the generator seeks low energy.
"""
