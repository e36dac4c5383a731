"""Hold the version, and nothing else: what needs only that imports only this."""

__version__ = "0.1.0"
