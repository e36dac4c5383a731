"""A run's report, made from its folder alone."""
