"""Write the first version of a plugin, for its author to change: a file, or a distribution."""

from __future__ import annotations

from .names import KIND_OF, check_free, check_name, find_kind, name_distribution
from .render import render_distribution, render_file
from .write import check_place, write_files, write_folder

__all__ = [
    "KIND_OF",
    "check_free",
    "check_name",
    "check_place",
    "find_kind",
    "name_distribution",
    "render_distribution",
    "render_file",
    "write_files",
    "write_folder",
]
