"""Find the pictures in a folder, which of its sub-folders are splits, and what is left out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...errors import DataError
from ...safe_io.wording import some
from ..spec import Split
from ..splits import USUAL, find_domains, group_by_split, split_called
from .image_file import SUFFIXES
from .tables import refuse_tables

Subfolders = Literal["splits", "classes"]
"""What sub-folders are that are called like splits."""
NO_PICTURES = "files that are no pictures by their names"
LINKED = "linked folders, which are not followed"
HIDDEN = "hidden files and folders"
CLOSED = "folders that cannot be opened"
EMPTY = "folders without pictures"
OUTSIDE = "pictures outside of the splits' folders"


@dataclass(frozen=True)
class Layout:
    """Say where the pictures of a folder lie.

    Attributes:
        pictures: Of each split that has a folder of its own, its pictures, relative to the
            whole folder; all pictures as ``train`` where none has.
        folders: The names of the splits' folders, by split.
        left_out: Why something is not read → the names of what is not.
    """

    pictures: Mapping[Split, Sequence[Path]]
    folders: Mapping[Split, str]
    left_out: Mapping[str, Sequence[str]]

    def class_of(self, picture: Path) -> str | None:
        """Return the first sub-folder, below the split's own, that a picture lies in, if any."""
        below = picture.parts[1:] if self.folders else picture.parts
        return below[0] if len(below) > 1 else None


def find_layout(root: Path, subfolders: Subfolders | None = None) -> Layout:
    """Look through a folder and its sub-folders, by names alone.

    Args:
        root: The folder.
        subfolders: What sub-folders called like splits are; by default, what is plain.

    Raises:
        DataError: If it is not plain: a ``train`` among others may be a class of that name, and
            ``trainA`` next to ``trainB`` a domain; or if there is no picture.
    """
    pictures, left_out = _walk(root)
    if not pictures:
        there = [f"{why}: {len(names):,}" for why, names in left_out.items() if why != EMPTY]
        others = left_out.get(NO_PICTURES, [])
        hint = f"images are files that end in {', '.join(SUFFIXES)}"
        if any(name.endswith((".npy", ".npz")) for name in others):
            hint = "dataset.name=npz reads arrays"
        elif LINKED in left_out:
            hint = "put the folders themselves there; links to single pictures are followed"
        else:
            refuse_tables(root, others)
        raise DataError(
            f"{root} has no images" + (f", but {'; '.join(there)}" if there else ""), hint=hint
        )
    names = sorted({picture.parts[0] for picture in pictures if len(picture.parts) > 1})
    empty = [name for name in _folders(root) if name not in names]
    folders: dict[Split, str] = {}
    if subfolders is None:
        _refuse_domains(root, names)
    if subfolders != "classes" and (group_by_split(names) or subfolders == "splits"):
        folders = _splits(root, names, empty, subfolders)
    elif subfolders is None:
        _refuse_splits_below(root, pictures)
    if not folders:
        return Layout({"train": pictures}, {}, left_out)
    found = {
        split: [picture for picture in pictures if picture.parts[0] == name]
        for split, name in folders.items()
    }
    if empty := [name for name in left_out.pop(EMPTY, []) if name not in folders.values()]:
        left_out[EMPTY] = empty  # of the splits', each is said by itself
    own = set(folders.values())
    outside = [p.as_posix() for p in pictures if len(p.parts) == 1 or p.parts[0] not in own]
    return Layout(found, folders, left_out | ({OUTSIDE: outside} if outside else {}))


def _splits(
    root: Path, names: Sequence[str], empty: Sequence[str], subfolders: Subfolders | None
) -> dict[Split, str]:
    """Choose the splits' folders among those with pictures, and those without any."""
    called = group_by_split(names)
    for split, several in called.items():
        if len(several) > 1:
            raise DataError(
                f"{root}: {some(several, 4)} are all called like the {split} split",
                hint="put them together, or rename one; dataset.subfolders=classes if they are "
                "classes",
            )
    if "train" not in called:
        like = some([name for several in called.values() for name in several], 4)
        found = f"{like} called like a split, but " if like else ""
        raise DataError(
            f"{root}: there is {found}no {' or '.join(USUAL['train'])} with pictures next to it",
            hint="call the folder of the training pictures train; dataset.subfolders=classes if "
            "sub-folders are classes",
        )
    others = [name for name in names if split_called(name) is None]
    if others and len(called) == 1 and subfolders is None:
        raise DataError(
            f"{root}: the sub-folder {called['train'][0]!r} may be the training split, or a class "
            f"like {some(others, 4)}",
            hint="dataset.subfolders=classes if it is a class; dataset.subfolders=splits if the "
            "others are to be left out",
        )
    without = group_by_split(empty)
    return {split: several[0] for split, several in (without | called).items()}


def _refuse_domains(root: Path, names: Iterable[str]) -> None:
    """Refuse the folders of several domains, which would be mixed up as classes of one."""
    domains = find_domains(names)
    if domains:
        called = sorted(name for several in domains.values() for name in several)
        one = next((name for name in called if name.lower().startswith("train")), called[0])
        raise DataError(
            f"{root}: {some(called, 4)} are called like splits of one domain or several",
            hint=f"dataset.path={root / one} reads one of them; dataset.subfolders=classes if "
            "they are classes",
        )


def _refuse_splits_below(root: Path, pictures: Iterable[Path]) -> None:
    """Refuse classes that are divided into splits, or splits one folder further down."""
    below: dict[str, set[str]] = {}
    for picture in pictures:
        if len(picture.parts) > 2:
            below.setdefault(picture.parts[0], set()).add(picture.parts[1])
    for top, names in below.items():
        _refuse_domains(root / top, names)
    divided = [top for top, inner in below.items() if len(group_by_split(inner)) > 1]
    if not divided:
        return
    inner = some([f"{divided[0]}/{name}" for name in sorted(below[divided[0]])], 4)
    raise DataError(
        f"{root}: sub-folders called like splits lie below others: {inner}",
        hint=f"dataset.path={root / divided[0]}, if that is the data set; splits stand first "
        "(train/cat, test/cat); or dataset.subfolders=classes, to take all for training",
    )


def _folders(root: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(root) if entry.is_dir())
    except OSError:
        return []


def _walk(root: Path) -> tuple[list[Path], dict[str, list[str]]]:
    """Return the pictures below a folder, relative to it, and what is none or out of reach."""
    pictures: list[Path] = []
    left_out: dict[str, list[str]] = {}
    opened: set[Path] = set()

    def leave(why: str, path: str | os.PathLike[str]) -> None:
        left_out.setdefault(why, []).append(Path(path).relative_to(root).as_posix())

    def closed(error: OSError) -> None:
        if Path(error.filename or root) != root:
            leave(CLOSED, error.filename)

    def look(top: Path) -> None:
        for folder, folders, names in os.walk(top, onerror=closed):
            followed = []
            for name in sorted(folders):
                path = Path(folder, name)
                if name.startswith("."):
                    leave(HIDDEN, path)
                elif not path.is_symlink():
                    followed.append(name)
                elif path.parent == root and split_called(name) is not None:
                    look(path)
                else:
                    leave(LINKED, path)
            folders[:] = followed
            opened.add(Path(folder).relative_to(root))
            for name in sorted(names):
                path = Path(folder, name)
                if name.startswith("."):
                    leave(HIDDEN, path)
                elif name.lower().endswith(SUFFIXES):
                    pictures.append(path.relative_to(root))
                else:
                    leave(NO_PICTURES, path)

    def note_empty(folders: Iterable[Path]) -> None:
        """Note the topmost of those that were opened in which no picture lies, however deep."""
        full = {parent for picture in pictures for parent in picture.parents}
        for folder in sorted(folders):
            if folder not in full and folder.parent in full:
                left_out.setdefault(EMPTY, []).append(folder.as_posix())

    look(root)
    note_empty(opened)
    return pictures, left_out
