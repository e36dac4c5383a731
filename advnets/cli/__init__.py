"""The command line: one file per command, each exposing a click command named ``command``.

Nothing here imports TensorFlow at import time; a command that needs it imports it
inside its function.
"""

from __future__ import annotations

from .common import (
    echo,
    import_tensorflow,
    plugin_options,
    print_json,
    print_table,
    registry_of,
)

__all__ = [
    "echo",
    "import_tensorflow",
    "plugin_options",
    "print_json",
    "print_table",
    "registry_of",
]
