"""Refuse tables and archives of other programs, with what to convert them to."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NoReturn

from ...errors import DataError
from .image_file import SUFFIXES

READERS = {
    ".csv": 'pandas.read_csv("{name}")',
    ".tsv": 'pandas.read_csv("{name}", sep="\\t")',
    ".txt": 'pandas.read_csv("{name}")',
    ".parquet": 'pandas.read_parquet("{name}")',
    ".feather": 'pandas.read_feather("{name}")',
    ".arrow": 'pandas.read_feather("{name}")',
    ".orc": 'pandas.read_orc("{name}")',
    ".xlsx": 'pandas.read_excel("{name}")',
    ".xls": 'pandas.read_excel("{name}")',
    ".ods": 'pandas.read_excel("{name}")',
    ".json": 'pandas.read_json("{name}")',
    ".jsonl": 'pandas.read_json("{name}", lines=True)',
}
"""What reads a table, by the end of its name."""
OTHERS = {
    ".mat": "scipy.io.loadmat reads it",
    ".h5": "h5py.File reads it",
    ".hdf5": "h5py.File reads it",
    ".pt": "torch.load reads it",
    ".pth": "torch.load reads it",
    ".safetensors": "safetensors.numpy.load_file reads it",
    ".pkl": "pickle.load reads it, if you trust whoever wrote it",
    ".pickle": "pickle.load reads it, if you trust whoever wrote it",
    ".joblib": "joblib.load reads it, if you trust whoever wrote it",
    ".db": "pandas.read_sql reads it",
    ".sqlite": "pandas.read_sql reads it",
    ".nc": "xarray.open_dataset reads it",
    ".tfrecord": "tf.data.TFRecordDataset reads it",
    ".gz": "unpack it",
    ".tar": "unpack it",
    ".tgz": "unpack it",
    ".bz2": "unpack it",
    ".xz": "unpack it",
    ".7z": "unpack it",
    ".rar": "unpack it",
    ".zip": "unpack it, and name its folder: dataset.name=folder if it holds pictures",
}
"""What to do about other files."""
NOTES = (".txt", ".json")
"""What may lie next to data, and be no table."""
COMPRESSED = (".gz", ".bz2", ".xz", ".zip", ".zst")


def refuse_table(path: Path) -> None:
    """Refuse a file that is a table, or the archive of another program, by its name.

    Raises:
        DataError: With the line that writes it as an array.

    >>> refuse_table(Path("points.csv"))
    Traceback (most recent call last):
    ...
    advnets.errors.DataError: points.csv is a table, and no array of NumPy
      hint: numpy.save("points.npy", pandas.read_csv("points.csv").to_numpy("float32")) writes \
one, of the columns that are numbers; then dataset.path=points.npy
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    inner = suffixes[:-1] if suffixes and suffixes[-1] in COMPRESSED else suffixes
    last = inner[-1] if inner else ""
    if last in READERS:
        stem = path.with_name(path.name.split(".")[0] or "table")
        read = READERS[last].format(name=path)
        raise DataError(
            f"{path} is a table, and no array of NumPy",
            hint=f'numpy.save("{stem}.npy", {read}.to_numpy("float32")) writes one, of the '
            f"columns that are numbers; then dataset.path={stem}.npy",
        )
    if suffixes and (what := OTHERS.get(suffixes[-1])):
        raise DataError(
            f"{path} is no archive of NumPy",
            hint=f"{what}; numpy.savez(FILE, train=…, test=…) writes what is read here",
        )


def refuse_tables(folder: Path, names: Collection[str]) -> None:
    """Refuse a folder in which nothing that can be read was found, but tables, and no picture.

    Args:
        folder: The folder.
        names: Of its files, relative to it.

    Raises:
        DataError: As :func:`refuse_table` does, of the first of them.
    """
    if any(name.lower().endswith(SUFFIXES) for name in names):
        return  # they were taken for what they are not
    for name in sorted(names):
        if not name.lower().endswith(NOTES):
            refuse_table(folder / name)


def refuse_empty(path: Path) -> NoReturn:
    """Refuse an archive, or a folder, that holds no arrays."""
    if path.is_dir():
        refuse_tables(path, [file.name for file in path.iterdir()])
    hint = "dataset.name=folder reads pictures" if path.is_dir() else None
    raise DataError(f"{path} holds no arrays", hint=hint)
