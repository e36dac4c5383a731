"""The penalties that advnets ships; others arrive as plugins."""
