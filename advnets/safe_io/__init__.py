"""What came from somebody else: read within bounds, shown without its control characters."""

from __future__ import annotations

from .json_text import parse_json, read_json
from .links import outside
from .printable import printable, printable_json
from .reading import NotAFile, TooLarge, is_there, open_file, read_bytes

__all__ = [
    "NotAFile",
    "TooLarge",
    "is_there",
    "open_file",
    "outside",
    "parse_json",
    "printable",
    "printable_json",
    "read_bytes",
    "read_json",
]
