"""Write new files and folders: whole or not at all, and never in place of what is there."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from ..errors import UsageError
from ..safe_io.atomic import REMEDIES


def check_place(paths: list[Path]) -> None:
    """Refuse to write where something lies, be it a link that leads nowhere.

    Raises:
        UsageError: With what lies there.
    """
    for path in paths:
        if os.path.lexists(path):
            what = "a link" if path.is_symlink() else "a folder" if path.is_dir() else "a file"
            raise UsageError(
                f"{path} is there already, {what}; nothing is overwritten",
                hint="choose another name, move it away, or go to another folder",
            )


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write new files into a folder, all or none.

    Args:
        folder: Where; it exists.
        files: Their text, by name.

    Raises:
        UsageError: If one of them is there, or cannot be written.
    """
    check_place([folder / name for name in files])
    with contextlib.ExitStack() as undo:
        for name, text in files.items():
            path = folder / name
            try:
                with path.open("x", encoding="utf-8") as file:  # "x": what came since stays, too
                    undo.callback(path.unlink, missing_ok=True)
                    file.write(text)
            except OSError as error:
                raise _explain(path, error) from error
        undo.pop_all()


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write a new folder with files in it: next to its place, then renamed.

    Args:
        folder: Where; the folder around it exists.
        files: Their text, by path in the folder.

    Raises:
        UsageError: If something is there, or if it cannot be written.
    """
    check_place([folder])
    draft = folder.with_name(f".{folder.name}-{os.getpid()}")
    try:
        for name, text in files.items():
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        check_place([folder])
        draft.rename(folder)
    except OSError as error:
        raise _explain(folder, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _explain(path: Path, error: OSError) -> UsageError:
    remedy = REMEDIES.get(error.errno or 0, "see to what lies there")
    return UsageError(
        f"cannot write {path}: {error.strerror or error}",
        hint=f"{remedy}, or go to another folder",
    )
