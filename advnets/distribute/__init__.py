"""Join processes and devices into one cluster; nothing here knows what a game is."""
