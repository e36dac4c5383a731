"""Make a run's report from its folder alone."""
