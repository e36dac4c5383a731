"""The figures of Goodfellow et al. (2014), drawn from runs."""
