"""Read weights that somebody wrote into a file: arrays by name, within bounds, and no code."""

from __future__ import annotations

import contextlib
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import h5py
import keras
import numpy as np
from keras.src.saving import saving_lib  # what a file holds of a model has no public name

from ..data.sources.npy_arrays import MOST_MEMBERS, Archive
from ..errors import DataError, UsageError
from ..safe_io import open_file
from .weights import named_weights

IN_KERAS = "model.weights.h5"
"""Of the member of a ``.keras`` file that holds the weights; nothing else of it is read."""
DEEPEST = 32
"""Groups within groups, and dimensions of an array."""
FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
"""Compression that HDF5 itself undoes; others are code that it would look for."""
OTHERS = ("optimizer", "metrics", "_layer_checkpoint_dependencies", "loss_tracker")
"""Beginnings of names in a file of a compiled model that are none of the network's weights."""


class WeightFile(ABC):
    """Hold named arrays in an open file, whose shapes are known before any is read.

    Attributes:
        shapes: The shape of each, by name.
    """

    shapes: dict[str, tuple[int, ...]]

    @abstractmethod
    def read(self, name: str) -> np.ndarray:
        """Return an array; raises whatever goes wrong."""

    @abstractmethod
    def names_in(self, network: keras.Model) -> dict[str, keras.Variable]:
        """Return a network's weights by the names that such a file has for them."""


class _Npz(WeightFile):
    def __init__(self, path: Path):
        self._archive = Archive(path)
        self.shapes = {name: header.shape for name, header in self._archive.headers.items()}
        for name, header in self._archive.headers.items():
            _check_kind(name, header.dtype)

    def read(self, name: str) -> np.ndarray:
        return self._archive.read(name)

    def names_in(self, network: keras.Model) -> dict[str, keras.Variable]:
        return named_weights(network)


class _H5(WeightFile):
    """Read HDF5 as Keras writes it: numbers in the file itself, no links, nothing virtual."""

    def __init__(self, file: h5py.File):
        self._arrays: dict[str, h5py.Dataset] = {}
        self._groups = 0
        self._collect(file, "", 0)
        self.shapes = {name: tuple(array.shape) for name, array in self._arrays.items()}

    def _collect(self, group: h5py.Group, path: str, depth: int) -> None:
        if depth > DEEPEST:
            raise ValueError(f"{path} lies more than {DEEPEST} groups deep")
        if len(group) > MOST_MEMBERS:
            raise ValueError(f"it has {len(group):,} entries in {path or '/'}")
        for key in group:
            name = f"{path}/{key}" if path else str(key)
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise ValueError(f"{name} is a link, which is not followed")
            if len(self._arrays) >= MOST_MEMBERS:
                raise ValueError(f"it has more than {MOST_MEMBERS:,} arrays")
            thing = group[key]
            if isinstance(thing, h5py.Group):
                self._groups += 1
                if self._groups > 4 * MOST_MEMBERS:
                    raise ValueError(f"it has more than {4 * MOST_MEMBERS:,} groups")
                self._collect(thing, name, depth + 1)
            elif isinstance(thing, h5py.Dataset) and not name.startswith(OTHERS):
                _check_dataset(name, thing)
                self._arrays[name] = thing

    def read(self, name: str) -> np.ndarray:
        return np.asarray(self._arrays[name][()])

    def names_in(self, network: keras.Model) -> dict[str, keras.Variable]:
        names = KerasNames()
        saving_lib._save_state(network, names, None, "", set())
        own = {id(each) for each in network.weights}
        return {name: each for name, each in names.found.items() if id(each) in own}


class KerasNames(saving_lib.H5IOStore):  # type: ignore[misc]  # Keras asks for one
    """Collect the names under which Keras would write variables, without writing any."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}

    def __bool__(self) -> bool:
        return True

    def make(self, path: str, metadata: Any = None) -> KerasNames:
        self._place = f"{path}/vars" if path else "vars"
        return self

    def __setitem__(self, key: str, value: Any) -> None:
        self.found[f"{self._place}/{key}"] = value


@contextlib.contextmanager
def open_weights(path: Path) -> Iterator[WeightFile]:
    """Open a file of weights: ``.npz``, ``.weights.h5`` or ``.keras``.

    Raises:
        UsageError: If it cannot be read, or holds anything but plain numbers.
    """
    with contextlib.ExitStack() as held:
        try:
            opened = _open(path, held)
        except DataError as error:
            raise UsageError(f"{path} is no sound file of weights: {error.message}") from error
        except Exception as error:  # HDF5, zipfile and NumPy each have their own
            reason = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
            raise UsageError(
                f"{path} is no sound file of weights: {reason}",
                hint="model.save_weights('x.weights.h5') and `advnets export --format npz` write "
                "such",
            ) from error
        yield opened


def _open(path: Path, held: contextlib.ExitStack) -> WeightFile:
    if path.name.endswith(".npz"):
        return _Npz(path)
    file: IO[bytes] = held.enter_context(open_file(path))
    if path.name.endswith(".keras"):
        archive = held.enter_context(zipfile.ZipFile(file))
        member = archive.getinfo(IN_KERAS)
        if member.compress_type != zipfile.ZIP_STORED:  # as Keras writes it: nothing to unpack
            raise ValueError(f"{IN_KERAS} in it is compressed")
        file = held.enter_context(archive.open(member))
    return _H5(held.enter_context(h5py.File(file, "r")))


def _check_kind(name: str, dtype: np.dtype[Any]) -> None:
    if dtype.kind not in "fiub":
        raise ValueError(f"{name} holds something else than numbers ({dtype})")


def _check_dataset(name: str, array: h5py.Dataset) -> None:
    _check_kind(name, array.dtype)
    if array.is_virtual or array.external:
        raise ValueError(f"the numbers of {name} lie in another file")
    if len(array.shape or ()) > DEEPEST:
        raise ValueError(f"{name} has {len(array.shape)} dimensions")
    made = array.id.get_create_plist()
    used = {made.get_filter(i)[0] for i in range(made.get_nfilters())}
    if not used <= FILTERS:
        raise ValueError(f"{name} is compressed in a way that is not read")


def put_weights(
    network: keras.Model,
    own: Mapping[str, keras.Variable],
    found: Mapping[str, tuple[int, ...]],
    read: Callable[[str], np.ndarray],
    *,
    keep: bool,
    source: str,
) -> dict[str, int]:
    """Give a network the weights that are found for it, by name; all of them, or none.

    Args:
        network: The network, named in messages.
        own: Its weights, by the names that ``found`` has for them.
        found: The shapes of those that there are.
        read: Returns one of them by its name.
        keep: Whether those that have no partner of their name and shape keep their values.
        source: Where they come from, for messages.

    Returns:
        How many were ``taken``, how many of the network's ``kept``, how many found ``left``.

    Raises:
        UsageError: If one has no partner and ``keep`` is not set, if none has, or if what is
            found is no finite number; the network stays as it was.
    """
    partners = [name for name in own if found.get(name) == tuple(own[name].shape)]
    reshaped = [
        f"{name} {found[name]}, here {tuple(own[name].shape)}"
        for name in own
        if name in found and name not in partners
    ]
    lacking = [name for name in own if name not in found]
    left = [name for name in found if name not in own]
    wrong = (
        ("the network has no", left),
        ("there is no", lacking),
        ("another shape has", reshaped),
    )
    listed = "; ".join(f"{what} {_some(names)}" for what, names in wrong if names)
    if not partners or (listed and not keep):
        raise UsageError(
            f"the weights in {source} are not those of a network like this {network.name}: "
            + (listed or "there are none"),
            hint="build the network as that one was"
            + (
                "; start.missing=keep takes those that fit, and leaves the rest as they are drawn"
                if partners
                else ""
            ),
        )
    values = {name: _sound(read, name, own[name], source) for name in partners}
    for name, value in values.items():
        own[name].assign(value)
    kept = len(lacking) + len(reshaped)
    return {"taken": len(partners), "kept": kept, "left": len(left)}


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if names[5:] else "")


def _sound(
    read: Callable[[str], np.ndarray], name: str, variable: keras.Variable, source: str
) -> np.ndarray:
    try:
        value = np.asarray(read(name))
    except Exception as error:  # a torn file: zlib, zipfile, HDF5 and NumPy each have their own
        raise UsageError(f"{source} is no sound file of weights: {name}: {error}") from error
    wanted = variable.value.dtype
    if (not wanted.is_floating and value.dtype.kind == "f") or not np.isfinite(value).all():
        raise UsageError(f"{source}: {name} holds something else than finite numbers")
    return value.astype(wanted.as_numpy_dtype)
