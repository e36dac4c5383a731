"""What a checkpoint's index must be before anything that it says is followed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST_FILES = 10_000
KEYS = ("step", "state_sha256", "variables", "files", "extras")


def shape_fault(index: Mapping[str, Any]) -> str | None:
    """Return what is wrong with an index; ``None`` if it is one.

    The files that it names lie in the checkpoint's own folder: a name with a folder in it
    would have others read, and their hashes told.

    >>> shape_fault({"files": {"../../x": {}}, "step": 1, "state_sha256": "", "variables": {},
    ...              "extras": {}})
    "it names '../../x', which is no file in the checkpoint's folder"
    """
    missing = [key for key in KEYS if key not in index]
    if missing:
        return f"it lacks {', '.join(missing)}"
    if not _is_count(index["step"]):
        return "its step is no whole number from 0"
    if not isinstance(index["state_sha256"], str):
        return "its state_sha256 is no text"
    return (
        _files_fault(index["files"])
        or _variables_fault(index["variables"])
        or _extras_fault(index["extras"])
    )


def _files_fault(files: Any) -> str | None:
    if not isinstance(files, dict) or not 0 < len(files) <= MOST_FILES:
        return "its files are no mapping of names"
    for name, described in files.items():
        if name in ("", ".", "..") or any(part in name for part in ("/", "\\", "\0")):
            return f"it names {name[:100]!r}, which is no file in the checkpoint's folder"
        if not isinstance(described, dict) or not _is_count(described.get("bytes")):
            return f"it does not tell the size of {name[:100]!r}"
    return None


def _variables_fault(variables: Any) -> str | None:
    if not isinstance(variables, dict):
        return "its variables are no mapping of names"
    for name, kept in variables.items():
        if not (
            isinstance(kept, list)
            and len(kept) == 2
            and isinstance(kept[0], str)
            and isinstance(kept[1], list)
            and all(map(_is_count, kept[1]))
        ):
            return f"it does not tell the type and the shape of {name[:100]!r}"
    return None


def _extras_fault(extras: Any) -> str | None:
    """Find what is wrong with what is kept next to the variables: seconds, a window's sums."""
    if not isinstance(extras, dict):
        return "its extras are no mapping"
    times, window = extras.get("time", {}), extras.get("window", {"rounds": 0, "sums": {}})
    if not _are_numbers(times):
        return "its times are no seconds"
    if not (
        isinstance(window, dict)
        and {"rounds", "sums"} <= set(window) <= {"rounds", "sums", "seen"}
        and _is_count(window["rounds"])
        and _are_numbers(window["sums"])
        and _are_numbers(window.get("seen", {}))
    ):
        return "its window is no sums over rounds"
    best = extras.get("best")
    if best is not None and not (
        isinstance(best, dict)
        and set(best) <= {"metric", "mode", "step", "value"}
        and isinstance(best.get("step"), int | None)
        and isinstance(best.get("value"), int | float | None)
    ):
        return "its best is no score of a step"
    return None


def _are_numbers(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(x, int | float) and not isinstance(x, bool) for x in value.values()
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
