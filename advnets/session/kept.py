"""Keep in a run's folder what sampling needs, so that it can be done without the data."""

from __future__ import annotations

import hashlib
import io
import logging
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..data import DataSpec, Examples, Field, Source
from ..data.examples import check_examples
from ..data.kept import KeptSource, checked, describe_field, describe_source
from ..errors import DataError, PluginError, RunError
from ..game import AdversarialGame
from ..game.role import stream_of
from ..plugins.tracebacks import describe_error
from ..recipe import Recipe
from ..runs import RunFolder
from ..safe_io import read_bytes
from ..safe_io.atomic import cannot_write, replace_atomically
from ..train.build import streams_of_samples
from ..train.find_data import build_source

log = logging.getLogger(__name__)

FILE = "kept.npz"
"""Of the examples that a run keeps, in its ``samples/``."""
LARGEST = 2**28
"""Bytes of that file, and of what is in it, that are read."""


def keep_for_sampling(folder: RunFolder, game: AdversarialGame, source: Source) -> None:
    """Write what sampling needs into the manifest, and examples where anybody is told anything.

    The file is written once; one that is gone or damaged is written anew when the run resumes.

    Raises:
        RunError: If it cannot be written.
    """
    told = {
        name: None if field is None else describe_field(field)
        for name, field in in_own_range(game, source).items()
    }
    entry = describe_source(source) | {"told": told}
    streams = streams_of_samples(game)
    if game.fields or set(told) - {"latent"} or streams:
        before = folder.manifest.get("sampling") or {}
        entry["kept"] = _keep_examples(folder, source, streams, before.get("kept") or {})
    folder.manifest.update(sampling=entry)


def in_own_range(game: AdversarialGame, source: Source) -> dict[str, Field | None]:
    """Return what a run's samples are made of; examples of streams, and images of the data, in the
    data set's own range.
    """
    own = {name: field for name, field in source.spec.fields.items() if field.kind == "image"}
    named = {name: field for name, field in source.spec.fields.items() if field.names}
    told = dict(game.told)
    for name, field in told.items():
        if (stream := source.streams.get(stream_of(name))) is not None:
            told[name] = _of_stream(stream.spec, name.rpartition(".")[2])
        elif name in own and name not in game.conditions:
            of: Field | DataSpec = own[name] if own[name].low is not None else source.spec
            told[name] = replace(own[name], dtype="float32", low=of.low, high=of.high)
        elif name in named and field is not None and field.classes == named[name].classes:
            told[name] = replace(field, names=named[name].names)
    return told


def _of_stream(spec: DataSpec, name: str) -> Field:
    """Return what is told of a stream, as its data set has it: its examples, or a field."""
    if name == "example":
        return Field(spec.shape, "float32", low=spec.low, high=spec.high, kind=spec.kind)
    field = spec.field(name)
    return field if field.classes is not None else replace(field, dtype="float32")


def _keep_examples(
    folder: RunFolder, source: Source, streams: Iterable[str], before: Mapping[str, Any]
) -> dict[str, Any] | None:
    path = folder.samples / FILE
    if before.get("sha256") and _sha256(folder) == before["sha256"]:
        return dict(before)
    excerpt = source.excerpt()
    if excerpt is None:
        return None
    file = io.BytesIO()
    arrays: dict[str, Any] = {"example": excerpt.examples, **excerpt.fields}
    for name in streams:
        if (own := source.streams[name].excerpt()) is not None:
            arrays |= {f"{name}.{each}": values for each, values in own.fields.items()}
            arrays[f"{name}.example"] = own.examples
    np.savez_compressed(file, **arrays)
    content = file.getvalue()
    entry = {"examples": len(excerpt.examples), "sha256": hashlib.sha256(content).hexdigest()}
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
    with replace_atomically(path) as out:
        out.write(content)
    return entry


def _sha256(folder: RunFolder) -> str | None:
    try:
        return hashlib.sha256(read_bytes(folder.samples / FILE, LARGEST)).hexdigest()
    except (OSError, ValueError):
        return None


def read_kept(folder: RunFolder, missing: str, owner: Source | None = None) -> KeptSource | None:
    """Return what stands for a run's data; ``None`` where the run keeps nothing of them.

    Args:
        folder: The run's folder.
        missing: Why the data are not here.
        owner: The data set, which draws, writes and reads without its data.

    Raises:
        RunError: If the manifest's entry is damaged.
    """
    manifest = folder.manifest.data
    entry, data = manifest.get("sampling"), manifest.get("data") or {}
    if entry is None:
        return None
    with checked(folder):
        kept = _kept_source(folder, entry, data, entry.get("kept"), missing, owner=owner)
        of_streams = data.get("streams") or {}
        kept.streams = {
            name: _kept_source(
                *(folder, own, of_streams.get(name) or {}, entry.get("kept"), missing, name),
                owner=owner and owner.streams.get(name),
            )
            for name, own in (entry.get("streams") or {}).items()
        }
        return kept


def data_or_kept(recipe: Recipe, folder: RunFolder) -> Source:
    """Return a run's data; where they are not here, or are others, what it keeps of them.

    Raises:
        AdvnetsError: If they cannot be had, and the run keeps nothing of them.
    """
    try:
        source = build_source(recipe)
    except (DataError, PluginError) as error:
        alone = read_kept(folder, f"they are not here: {error.message}")
        if alone is None:
            raise
        log.info("the run's data are not read (%s)", alone.missing)
        return alone
    kept = read_kept(folder, "", source)
    streams = {
        name: _or_kept(own, kept and kept.of(name), f"the data of the stream {name!r}")
        for name, own in source.streams.items()
    }
    found = _or_kept(source, kept, "the run's data")
    found.streams = streams
    return found


def _or_kept(source: Source, kept: KeptSource | None, what: str) -> Source:
    """Return data; where they are not here, or are others, what a run keeps of them."""
    try:
        source.available()
        spec, missing = source.spec, "those that are here have another shape, type or range"
    except Exception as error:  # by code of its own, which may ask its files what they hold
        if kept is None and not isinstance(error, DataError):
            raise
        spec, missing = None, f"they are not here: {describe_error(error)}"
    if kept is None:
        return source
    if spec == kept.spec:
        if source.preprocess.name == "gcn":  # examples come back as the run's, whatever is here
            source.preprocess.average = kept.preprocess.average
        return source
    kept.missing = missing
    log.info("%s are not read (%s)", what, missing)
    return kept


def _kept_source(
    folder: RunFolder,
    entry: Mapping[str, Any],
    data: Mapping[str, Any],
    kept: Mapping[str, Any] | None,
    missing: str,
    stream: str = "",
    owner: Source | None = None,
) -> KeptSource:
    name, train = str(data.get("name", "data")), int(data.get("train", 1))
    excerpt = partial(_read_excerpt, folder, kept, f"{stream}." if stream else "")
    return KeptSource(entry, name, train, excerpt, missing, owner)


def _read_excerpt(
    folder: RunFolder, kept: Mapping[str, Any] | None, prefix: str, spec: DataSpec
) -> Examples | None:
    """Return the examples that a run keeps; of a stream, whose name is the prefix, if it does.

    Raises:
        RunError: If the file is not what the manifest says.
    """
    path = folder.samples / FILE
    if kept is None:
        return None
    try:
        content = read_bytes(path, LARGEST)
        digest = hashlib.sha256(content).hexdigest()
        if digest != kept["sha256"]:
            raise ValueError(f"its hash is {digest[:12]}…, not {str(kept['sha256'])[:12]}…")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(info.file_size for info in archive.infolist()) > LARGEST:
                raise ValueError("more is packed into it than a run keeps")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            names = [n.removeprefix(prefix) for n in arrays.files if n.startswith(prefix)]
            if prefix and "example" not in names:
                return None  # no sample is made of it
            found = {n: arrays[f"{prefix}{n}"] for n in names if "." not in n}
            return check_examples(Examples(found.pop("example"), found), spec, str(path))
    except (
        *(OSError, ValueError, KeyError, EOFError, MemoryError),
        *(zipfile.BadZipFile, DataError, NotImplementedError),
    ) as error:
        reason = getattr(error, "message", None) or getattr(error, "strerror", None) or str(error)
        raise RunError(
            f"the examples that the run keeps to sample with cannot be read: {reason}",
            where=str(path),
            hint="bring the file back, or the run's data, which are then read instead",
        ) from error
