"""Call what a data set draws, writes and reads by itself; what goes wrong there is its fault."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import AdvnetsError, PluginError, UsageError
from ..plugins.tracebacks import describe_error, find_source, is_out_of_memory
from ..safe_io.atomic import find_refusal, replace_whole
from ..safe_io.wording import shorten
from .given import Told
from .source import Source
from .sources.image_file import read_field


def draw(source: Source, x: np.ndarray) -> Any:
    """Return the data set's own picture of examples; ``None`` where the core draws them.

    Args:
        source: The data set, or what a run keeps of it.
        x: ``[n, *shape]`` in the data set's own range.

    Returns:
        uint8 ``[height, width, 1 or 3]``, or ``[n, height, width, 1 or 3]``; a Pillow image; a
        Matplotlib figure.

    Raises:
        PluginError: If it fails, or is no picture.
    """
    with _by(source, "draw its examples"):
        picture = source.picture(x, source.spec)
    if picture is None or hasattr(picture, "savefig") or hasattr(picture, "convert"):
        return picture
    found = f"{type(picture).__name__}"
    if isinstance(picture, np.ndarray):
        found = f"{picture.dtype} of shape {picture.shape}"
        pixels = picture[..., None] if picture.ndim == 2 else picture
        each = pixels.ndim == 4 and len(pixels) == len(x)
        coloured = pixels.ndim in (3, 4) and pixels.shape[-1] in (1, 3) and 0 not in pixels.shape
        if pixels.dtype == np.uint8 and coloured and (each or pixels.ndim == 3):
            return pixels
    raise PluginError(
        f"{_name(source)}.picture returned {found}",
        hint="uint8 [height, width, 3] of all examples, uint8 [n, height, width, 3] of each, a "
        "Pillow image, or a Matplotlib figure; None leaves it to the core",
        module=_module(source),
    )


def endings_of(source: Source) -> tuple[str, ...]:
    """Return in what the files end that a data set writes.

    Raises:
        PluginError: If it says something else.
    """
    found = source.endings
    if isinstance(found, tuple) and all(
        isinstance(one, str) and one[:1] == "." and one == one.lower() for one in found
    ):
        return found
    raise PluginError(
        f"{_name(source)}.endings is {found!r:.60}; lower-case endings were expected",
        hint='endings = (".csv",)',
        module=_module(source),
    )


def write(source: Source, samples: np.ndarray, path: Path) -> None:
    """Have the data set write samples to a file, which is there once it is whole.

    Args:
        source: The data set, or what a run keeps of it.
        samples: ``[n, *shape]`` in the data set's own range.
        path: The file.

    Raises:
        PluginError: If it fails, or writes nothing there.
        RunError: If the disk is full or the folder cannot be written to.
    """
    with replace_whole(path) as draft, _by(source, f"write {path.suffix}"):
        source.write(samples, draft, source.spec)
        if not draft.exists():
            raise PluginError(
                f"{_name(source)}.write wrote nothing",
                hint="write to the path that it is given",
                module=_module(source),
            )


def read_words(
    given: Mapping[str, Any], told: Told, source: Callable[[], Source]
) -> dict[str, Any]:
    """Return what is given, with words read that are no classes' names: files, folders.

    Args:
        given: By name.
        told: What samples are made of.
        source: Returns the data set, or what a run keeps of it; called where there is a word.

    Raises:
        DataError: If there is something, and it cannot be read.
        PluginError: If the data set fails to read one.
        UsageError: If what it read is no value of the field.
    """
    found = dict(given) if isinstance(given, Mapping) else given
    for name, value in found.items() if isinstance(found, dict) else ():
        field, words = told.get(name), [value] if isinstance(value, str) else value
        if field is None or not isinstance(words, list | tuple) or not words:
            continue
        if not all(isinstance(word, str) and word not in field.names for word in words):
            continue
        read = []
        for word in words:
            with _by(source(), f"read {name}={shorten(word, 60)}"):
                one = source().read_given(name, word, field)
                if one is None and field.kind == "image":
                    one = read_field(word, field)
            if one is None:
                break
            array = np.asarray(one)
            several = array.ndim == len(field.shape) + 1
            if array.dtype.kind not in "iufb" or array.shape[several:] != field.shape:
                raise UsageError(
                    f"{name}={shorten(word, 60)} is {array.dtype} of shape {array.shape}; one "
                    f"{name} is of shape {field.shape}"
                )
            read.append(array if several else array[None])
        else:
            values = np.concatenate(read)
            found[name] = values if len(values) > 1 or not isinstance(value, str) else values[0]
    return found


@contextlib.contextmanager
def _by(source: Source, what: str) -> Iterator[None]:
    """Say of an error that it is the data set's."""
    try:
        yield
    except AdvnetsError:
        raise
    except Exception as error:
        if is_out_of_memory(error) or find_refusal(error):
            raise
        raise PluginError(
            f"the data set {source.name!r} cannot {what}: {describe_error(error)}",
            where=find_source(type(getattr(source, "owner", None) or source)),
            hint="run again with --traceback to see the way there",
            module=_module(source),
        ) from error


def _name(source: Source) -> str:
    return type(getattr(source, "owner", None) or source).__name__


def _module(source: Source) -> str:
    return type(getattr(source, "owner", None) or source).__module__
