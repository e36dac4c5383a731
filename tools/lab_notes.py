"""Read and write the header of a recipe, its lab note: ``# Label     text``, continued below."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("recipes", "plugins/*/src/*/recipes")
WIDTH = 99
ENTRY = re.compile(r"^# (?P<label>[A-Z][\w ]{0,8}?) {1,9}(?P<text>\S.*)$")
COLUMN = "# " + " " * 10


def recipe_files() -> dict[str, Path]:
    """Return the file of each recipe that ships, by its name."""
    files = sorted(file for folder in FOLDERS for file in ROOT.glob(f"{folder}/*.yaml"))
    return {file.stem: file for file in files}


def read_note(text: str) -> dict[str, str]:
    """Return the entries of a header by label, what is continued joined by blanks.

    >>> read_note("# A ring.\\n#\\n# Paper     somebody\\n#           2014.\\n# Shows     r1\\n")
    {'Paper': 'somebody 2014.', 'Shows': 'r1'}
    """
    found: dict[str, str] = {}
    label = ""
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        entry = ENTRY.match(line)
        if line.startswith(COLUMN) and label:
            found[label] += " " + line[len(COLUMN) :].strip()
        elif entry and line[2 : len(COLUMN)].strip() == entry["label"]:
            label = entry["label"]
            found[label] = entry["text"].strip()
        else:
            label = ""
    return found


def write_entry(text: str, label: str, value: str) -> str:
    """Return a recipe's text with one entry of its header replaced, or added at its end.

    >>> text = "# A ring.\\n#\\n# Measured  not yet.\\n\\nname: ring\\n"
    >>> print(write_entry(text, "Measured", "8 modes."))
    # A ring.
    #
    # Measured  8 modes.
    <BLANKLINE>
    name: ring
    <BLANKLINE>
    """
    lines = text.splitlines()
    end = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    first = f"# {label:<10}"
    begin = next((i for i in range(end) if lines[i].startswith(first)), end)
    after = begin
    while after < end and (after == begin or lines[after].startswith(COLUMN)):
        after += 1
    wrapped = textwrap.wrap(
        value, WIDTH, initial_indent=first, subsequent_indent=COLUMN, break_on_hyphens=False
    )
    return "\n".join([*lines[:begin], *wrapped, *lines[after:]]) + "\n"
