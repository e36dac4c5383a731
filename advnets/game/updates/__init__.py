"""The update rules that advnets ships; others arrive as plugins."""
