"""Save a network's weights in a plain ``.npz`` file, and start a network from such a file."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from itertools import count
from pathlib import Path

import keras
import numpy as np
from keras.src.utils.naming import to_snake_case  # by which it names layers

from ..data.sources.npy_arrays import Archive
from ..errors import DataError, UsageError
from ..safe_io import is_there
from ..safe_io.atomic import replace_atomically
from ..safe_io.wording import some

UNNAMED = re.compile(r"[Vv]ariable(_\d+)?")
"""What variables are called that nobody gave a name."""
HIDDEN = re.compile(r"^hidden_(\d+)")


def save_weights(model: keras.Model, path: str | Path) -> str:
    """Write every weight of ``model`` to ``path``, under its Keras path (``hidden_0/kernel``).

    The file holds arrays and nothing else: reading it runs no code. It appears whole or
    not at all.

    Args:
        model: A network.
        path: The file to write, conventionally ``….npz``.

    Returns:
        The file's SHA-256, in hexadecimal digits.

    Raises:
        RunError: If the disk is full or the folder cannot be written to.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replace_atomically(path) as file:
        np.savez(file, **{name: each.numpy() for name, each in named_weights(model).items()})
    return file_sha256(path)


def named_weights(model: keras.Model) -> dict[str, keras.Variable]:
    """Return a network's weights by their Keras paths, in its order.

    Keras counts the layers of a process into the names of those that were given none; here they
    are counted in the network, whose own name is left out, so that one that is built alike has
    the same names.

    >>> def build():
    ...     return keras.Sequential([keras.Input((1,)), keras.layers.Dense(2),
    ...                              keras.layers.Dense(1, name="output", use_bias=False)])
    >>> _ = build()
    >>> list(named_weights(build()))
    ['dense/kernel', 'dense/bias', 'output/kernel']
    """
    counted: Counter[str] = Counter()
    renamed: dict[str, str] = {}
    layers = list(model._flatten_layers())
    names = {layer.name for layer in layers}
    for layer in layers:
        kind = to_snake_case(type(layer).__name__)
        if f"{kind}_0" in names:
            continue  # Keras begins with no number: somebody gave these names
        if layer.name not in renamed and re.fullmatch(rf"{re.escape(kind)}(_\d+)?", layer.name):
            renamed[layer.name] = f"{kind}_{counted[kind]}" if counted[kind] else kind
            counted[kind] += 1
    found: dict[str, keras.Variable] = {}
    above = f"{model.name}/"  # a Sequential's, and what one wrote a class for; no other network's
    own = len(above) if all(str(each.path).startswith(above) for each in model.weights) else 0
    for weight in model.weights:
        *places, name = str(weight.path)[own:].split("/")
        places = [renamed.get(each, each) for each in places]
        plain = "/".join([*places, "variable" if UNNAMED.fullmatch(name) else name])
        alike = (f"{plain}_{i}" for i in count(1))
        found[plain if plain not in found else next(n for n in alike if n not in found)] = weight
    return found


def file_sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_last_layers(model: keras.Model, path: str | Path, sha256: str | None = None) -> None:
    """Start the last layers of an ``mlp`` from the weights of a smaller one.

    A file of k hidden layers and an output layer fills the last k hidden layers and the
    output layer of ``model``, which has n ≥ k hidden layers: ``hidden_i`` of the file
    becomes ``hidden_{i+n−k}``. What comes before keeps its own start.

    Args:
        model: A model built by :func:`advnets.networks.mlp.mlp`.
        path: A file by :func:`save_weights`.
        sha256: What the file's SHA-256 must be; any if ``None``.

    Raises:
        UsageError: If the file is missing, is another one, is damaged, or does not fit.
    """
    archive = _open(Path(path), sha256)
    arrays = archive.headers
    own = {weight.path: weight for weight in model.weights}
    shift = _count_hidden_layers(own) - _count_hidden_layers(arrays)
    names = {_shift_index(name, shift): name for name in arrays}
    expected = {name for name in own if (index := _index(name)) is None or index >= shift}
    if shift < 0 or set(names) != expected:
        raise UsageError(
            f"the layers in {path} are not the last ones of this {model.name}: it holds "
            f"{some(sorted(arrays), 20) or 'nothing'}",
            hint="list the hidden layers of the network that the file comes from, in their "
            "order, after the new ones",
        )
    for name, saved in names.items():
        shape = arrays[saved].shape
        if tuple(own[name].shape) != shape:
            raise UsageError(
                f"{path}: the weights for {name} have shape {shape}; this {model.name} "
                f"needs {tuple(own[name].shape)}",
                hint="the units of the last layers must be those of the network in the file, "
                "and the last new layer must have as many units as that one's latent has "
                "dimensions",
            )
    read = {name: _read(archive, saved) for name, saved in names.items()}
    for name, array in read.items():
        own[name].assign(array)


def _open(path: Path, sha256: str | None) -> Archive:
    """Open the file; its arrays are read once their shapes are those of the network."""
    if not is_there(path) or not path.is_file():
        raise UsageError(
            f"the file of pretrained weights {path} does not exist",
            hint="write it from the earlier run: advnets export RUN --format npz --out FILE",
        )
    if sha256 is not None and file_sha256(path) != sha256:
        raise UsageError(
            f"{path} is not the file that the recipe names: its SHA-256 is "
            f"{file_sha256(path)}, not {sha256}",
            hint="put the original file back, or start another run",
        )
    try:
        archive = Archive(path)
        objects = [name for name, header in archive.headers.items() if header.dtype.hasobject]
        if objects:
            raise DataError(f"{some(sorted(objects), 20)} holds Python objects, which are not read")
        return archive
    except DataError as error:
        raise UsageError(
            f"{path} is not a sound .npz file of weights: {error.message}", hint=error.hint
        ) from error


def _read(archive: Archive, name: str) -> np.ndarray:
    if archive.headers[name].dtype.kind == "f":
        try:
            array = archive.read(name)
        except Exception as error:  # a torn file: zlib, zipfile and NumPy each have their own
            raise UsageError(
                f"{archive.path} is not a sound .npz file of weights: {name}: {error}"
            ) from error
        if np.isfinite(array).all():
            return array
    raise UsageError(f"{archive.path}: {name} holds something else than finite numbers")


def _index(name: str) -> int | None:
    """Return the hidden layer that a weight belongs to, or ``None`` for the output layer's."""
    match = HIDDEN.match(name)
    return int(match[1]) if match else None


def _count_hidden_layers(names: Iterable[str]) -> int:
    return max((index + 1 for name in names if (index := _index(name)) is not None), default=0)


def _shift_index(name: str, shift: int) -> str:
    return HIDDEN.sub(lambda match: f"hidden_{int(match[1]) + shift}", name)
