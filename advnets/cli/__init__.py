"""The command line: one file per command, each exposing a click command named ``command``.

Nothing here imports TensorFlow at import time; a command that needs it imports it
inside its function.
"""
