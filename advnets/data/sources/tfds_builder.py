"""Find and prepare a TensorFlow Datasets builder, with errors that name the remedy."""

from __future__ import annotations

import difflib
import errno
import hashlib
import io
import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from ...builtin.datasets import TFDS_IDENTIFIER
from ...errors import DataError
from ...safe_io.wording import shorten
from ..probe import DataUnavailable, find_unreachable
from .tfds_features import refuse_foreign_classes

IDENTIFIER = re.compile(TFDS_IDENTIFIER)
"""``name``, ``name/config``, each with ``:version`` or without. No namespaces: those
would be looked up on the network."""

NO_ROOM = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR)
"""Ways in which a folder can refuse to be written to."""


def data_directory(data_dir: str | os.PathLike[str] | None = None) -> str:
    """Return TFDS's folder: as given, or ``TFDS_DATA_DIR``, or ~/tensorflow_datasets."""
    chosen = data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    return os.path.expanduser(os.fspath(chosen))


def find_builder(identifier: str, data_dir: str | os.PathLike[str] | None = None) -> Any:
    """Return the builder of a TFDS data set. Uses neither the network nor TensorFlow.

    Args:
        identifier: ``mnist``, ``emnist/letters``, ``mnist:3.0.1``.
        data_dir: See :func:`data_directory`.

    Returns:
        A ``tfds.core.DatasetBuilder``.

    Raises:
        DataError: If there is no such data set (with the nearest names), or if TFDS can't
            construct it.
    """
    if not IDENTIFIER.fullmatch(identifier):
        raise DataError(
            f"{identifier!r} is no TFDS data set's id",
            hint="an id looks like mnist, emnist/letters or mnist:3.0.1",
        )
    folder = data_directory(data_dir)
    if "://" in folder or "\0" in folder:
        raise DataError(f"{shorten(repr(folder), 100)} is no folder on this machine")
    refuse_foreign_classes(Path(folder) / re.split("[/:]", identifier)[0])
    import tensorflow_datasets as tfds

    try:
        return tfds.builder(identifier, data_dir=folder)
    except tfds.core.DatasetNotFoundError:
        name = re.split("[/:]", identifier)[0]
        names = tfds.list_builders(with_community_datasets=False)
        near = difflib.get_close_matches(name, names, n=3)
        raise DataError(
            f"TFDS knows no data set {name!r}",
            hint=f"did you mean {' or '.join(map(repr, near))}?"
            if near
            else "its catalogue is at https://www.tensorflow.org/datasets/catalog/overview",
        ) from None
    except Exception as error:
        known = ", ".join(tfds.builder_cls(re.split("[/:]", identifier)[0]).builder_configs)
        raise DataError(
            f"TFDS cannot construct {identifier!r}: {_gist(error)}",
            hint=f"its configurations are {known}" if known else None,
        ) from error


def refuse_unprepared(builder: Any, folder: str | os.PathLike[str]) -> None:
    """Refuse a folder named by a recipe in which the data set is not prepared yet.

    A recipe may come from anybody: what it names is read, and never written to.

    Raises:
        DataUnavailable: With the command that prepares it there.
    """
    if not is_prepared(builder):
        raise DataUnavailable(
            f"{_title(builder)} is not prepared in the data_dir that the recipe names "
            f"({builder.data_path})",
            hint=f"`advnets data prepare {_word(builder)} --data-dir "
            f"{shlex.quote(os.fspath(folder))}` prepares it there",
        )


def list_prepared(data_dir: str | os.PathLike[str] | None = None) -> list[str]:
    """List what is prepared in a folder of TFDS: ``name:version`` or ``name/config:version``.

    Read from the folders' names, without importing TFDS.
    """
    root = Path(data_directory(data_dir))
    found = [*root.glob("*/*/dataset_info.json"), *root.glob("*/*/*/dataset_info.json")]
    parts = [path.parent.relative_to(root).parts for path in found]
    return sorted(
        f"{'/'.join(p[:-1])}:{p[-1]}" for p in parts if re.fullmatch(r"\d+\.\d+\.\d+", p[-1])
    )


def may_be_prepared(identifier: str, data_dir: str | os.PathLike[str] | None = None) -> bool:
    """Tell, by the folders' names and without importing TFDS, whether anything is prepared of a
    data set: perhaps of another version or configuration.
    """
    name = re.split("[/:]", identifier)[0]
    return any(re.split("[/:]", each)[0] == name for each in list_prepared(data_dir))


def is_prepared(builder: Any) -> bool:
    """Tell whether the data set is prepared on disk."""
    # Checked first, because TFDS warns about a folder that isn't there.
    return (Path(builder.data_path) / "dataset_info.json").exists() and builder.is_prepared()


def check_available(builder: Any) -> None:
    """Find out within seconds whether the data set can be had.

    Raises:
        DataUnavailable: If it is neither prepared nor downloadable.
    """
    if is_prepared(builder):
        return
    if instructions := builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
        raise DataUnavailable(
            f"{_title(builder)} is not on disk, and has to be downloaded by hand: "
            + " ".join(instructions.split()),
            hint=f"then run `{_command(builder)}`",
        )
    if reasons := find_unreachable(_infos(builder)):
        raise DataUnavailable(
            f"{_title(builder)} is not on disk (in {builder.data_path}) and cannot be "
            f"downloaded: {_join(reasons)}",
            hint=f"connect to the network, or put its official files into a folder DIR and "
            f"run `{_command(builder)}`",
        )


def prepare(
    builder: Any, from_dir: str | os.PathLike[str] | None = None, file_format: str | None = None
) -> Path:
    """Download (or take from a folder) and prepare a data set, unless that's been done.

    Args:
        builder: From :func:`find_builder`.
        from_dir: A folder with the official files, under their own names; what isn't there
            is downloaded.
        file_format: ``array_record``, of which single examples can be read, or ``tfrecord``;
            by default TFDS's own.

    Returns:
        Where it lies.

    Raises:
        DataUnavailable: If files are missing and can't be downloaded.
        DataError: If a file isn't the official one, or if TFDS fails.
    """
    if from_dir is not None and not Path(from_dir).expanduser().is_dir():
        # Also where it is prepared already: a wrong path is not passed over in silence.
        raise DataError(f"{from_dir} is not a folder", hint="--from takes the folder of the files")
    if is_prepared(builder):
        _check_format(builder, file_format)
        return Path(builder.data_path)
    if from_dir is None:
        check_available(builder)
    else:
        _check_files(builder, Path(from_dir).expanduser())
    import tensorflow_datasets as tfds

    config = tfds.download.DownloadConfig(
        manual_dir=None if from_dir is None else Path(from_dir).expanduser(), try_download_gcs=False
    )
    try:
        with _quiet_progress():
            builder.download_and_prepare(download_config=config, file_format=file_format)
    except Exception as error:
        # Another process may have prepared it meanwhile: then there is nothing to report.
        if not is_prepared(builder):
            raise _failure(builder, error) from error
    return Path(builder.data_path)


def _check_files(builder: Any, folder: Path) -> None:
    """Refuse a folder whose files are wrong, or too few when the rest is out of reach."""
    if builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
        return
    missing: dict[str, str] = {}
    for url, info in _infos(builder).items():
        path = folder / (info.filename or url.rsplit("/", 1)[-1])
        if not path.is_file():
            missing[url] = path.name
            continue
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != info.checksum:
            raise DataError(
                f"{path} is not the official file: its SHA-256 is {found[:16]}…, "
                f"{info.checksum[:16]}… was expected",
                hint=f"get it again from {url}",
            )
    if reasons := find_unreachable(missing):
        raise DataUnavailable(
            f"{folder} lacks {', '.join(sorted(missing.values())[:8])}, and the network "
            f"doesn't give it: {_join(reasons)}",
            hint="put the official files there, under their own names: "
            + ", ".join(sorted(missing)[:8]),
        )


def _check_format(builder: Any, requested: str | None) -> None:
    """Refuse to take a data set for one that was prepared in another format."""
    there = {form.value for form in builder.info.available_file_formats()}
    if requested is not None and requested not in there:
        raise DataError(
            f"{_title(builder)} is prepared in {builder.data_path} already, as "
            f"{', '.join(sorted(there))}, not as {requested}",
            hint="prepare it in another folder: --data-dir DIR (then set dataset.data_dir=DIR)",
        )


def _infos(builder: Any) -> Mapping[str, Any]:
    return getattr(builder, "url_infos", None) or {}


def _title(builder: Any) -> str:
    return f"TFDS data set {builder.name!r}"


def _word(builder: Any) -> str:
    config = builder.builder_config
    return f"{builder.name}/{config.name}" if config else str(builder.name)


def _command(builder: Any) -> str:
    return f"advnets data prepare {_word(builder)} --from DIR"


def _join(reasons: Mapping[str, str]) -> str:
    return "; ".join(f"{host}: {reason}" for host, reason in reasons.items())


def _gist(error: BaseException) -> str:
    """Return the first line of another library's error, after its kind."""
    # TFDS puts what it was doing, with all arguments, in front of what went wrong.
    text = re.sub(r"^Failed to construct dataset .*?}\": ", "", str(error).strip(), flags=re.S)
    line = text.splitlines()[0] if text else ""
    return f"{type(error).__name__}: {shorten(line, 300)}"


def _failure(builder: Any, error: Exception) -> DataError:
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return DataError(
            f"{_title(builder)} cannot be written to {builder.data_path}: {error.strerror}",
            hint="choose another folder with TFDS_DATA_DIR or with --data-dir",
        )
    if isinstance(error, OSError | EOFError) or "ownload" in type(error).__name__:
        return DataUnavailable(
            f"{_title(builder)} could not be fetched and prepared: {_gist(error)}",
            hint=f"try again, or put its official files into a folder DIR and "
            f"run `{_command(builder)}`",
        )
    return DataError(f"TFDS could not prepare {builder.name!r}: {_gist(error)}")


@contextmanager
def _quiet_progress() -> Iterator[None]:
    """Show progress bars only on a terminal, and nothing on stdout, which is for results."""
    import tensorflow_datasets as tfds

    watched = sys.stderr.isatty()
    if not watched:
        tfds.disable_progress_bar()
    try:
        with redirect_stdout(sys.stderr if watched else io.StringIO()):
            yield
    finally:
        if not watched:
            tfds.enable_progress_bar()
