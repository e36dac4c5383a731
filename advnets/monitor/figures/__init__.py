"""Draw the figures of Goodfellow et al. (2014) from runs."""
