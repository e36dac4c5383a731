"""Speed of advnets against its peers, side by side in one run: ``make bench``.

Nothing here imports advnets or TensorFlow at the top: peers run from environments of their own.
"""
