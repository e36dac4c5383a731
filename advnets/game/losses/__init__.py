"""The losses that advnets ships; others arrive as plugins."""
