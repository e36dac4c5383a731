"""Write new files and folders: whole or not at all, and never in place of what is there."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
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
    paths = [folder / name for name in files]
    check_place(paths)
    written: list[Path] = []
    try:
        for path, text in zip(paths, files.values(), strict=True):
            with path.open("x", encoding="utf-8") as file:  # "x": nor what came in the meantime
                written.append(path)
                file.write(text)
    except BaseException as error:
        for path in written:
            with contextlib.suppress(OSError):
                path.unlink()
        raise (_explain(path, error) if isinstance(error, OSError) else error) from error


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write a new folder with files in it: next to its place, then renamed.

    Args:
        folder: Where; the folder around it exists.
        files: Their text, by path in the folder.

    Raises:
        UsageError: If something is there, or if it cannot be written.
    """
    check_place([folder])
    draft = None
    try:
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        for name, text in files.items():
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        draft.chmod(0o777 & ~_umask())
        check_place([folder])
        draft.rename(folder)
    except OSError as error:
        raise _explain(folder, error) from error
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)


def _explain(path: Path, error: OSError) -> UsageError:
    remedy = REMEDIES.get(error.errno or 0, "see to what lies there")
    return UsageError(
        f"cannot write {path.name}: {error.strerror or error}",
        where=str(path.parent.absolute()),
        hint=f"{remedy}, or go to another folder",
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
