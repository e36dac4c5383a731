"""Arrays that are read in parts, as what is larger than the memory budget is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from advnets.data.sources.npz import Npz
from advnets.errors import DataError

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 4, 5, 3), dtype=np.uint8)


def written(folder: Path, form: str) -> Path:
    """The images as train and test, with labels, in one of the forms that are read."""
    arrays = {"train": IMAGES[:5], "train_labels": np.array([0, 2, 1, 0, 1]), "test": IMAGES[5:]}
    if form == "folder":
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array)
        return folder
    if form == "npy":
        np.save(folder / "mine.npy", IMAGES[:5])
        return folder / "mine.npy"
    {"stored": np.savez, "compressed": np.savez_compressed}[form](folder / "data.npz", **arrays)
    return folder / "data.npz"


@pytest.mark.parametrize("form", ["stored", "compressed", "folder", "npy"])
def test_parts_are_parts_of_the_whole(tmp_path: Path, form: str) -> None:
    path = written(tmp_path, form)
    source = Npz(path)
    assert source.reads_parts("train") == (form != "compressed")
    assert source.count("train") == 5
    some = source.take("train", [4, 0, 4])
    np.testing.assert_array_equal(some.examples, IMAGES[[4, 0, 4]])
    if form == "npy":
        assert source.splits == ("train",)
    else:
        np.testing.assert_array_equal(some.labels, [1, 0, 1])
    large = Npz(path)
    large.memory_budget = 100
    assert not large.fits("train")
    assert large.fingerprint() == source.fingerprint()
    np.testing.assert_array_equal(large.marginals(), source.marginals())


@pytest.mark.parametrize("dtype", ["float64", ">i4", "bool", "float16"])
def test_parts_are_converted_as_the_whole_is(tmp_path: Path, dtype: str) -> None:
    np.save(tmp_path / "a.npy", IMAGES[:, 0, :, 0].astype(dtype))
    source = Npz(tmp_path / "a.npy")
    part = source.take("train", [3, 1]).examples
    whole = source.load("train")
    assert part.dtype == whole.dtype
    np.testing.assert_array_equal(part, whole[[3, 1]])


def test_what_is_larger_than_the_budget_is_never_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advnets.data.stored.MEMORY_BUDGET", 100)
    monkeypatch.setattr(np, "load", None)
    source = Npz(written(tmp_path, "stored"))
    labels = {"train": np.array([0, 2, 1, 0, 1]), "test": None}
    monkeypatch.setattr(Npz, "_labels", lambda self, split: labels[split])
    assert len(source.fingerprint()) == 64
    np.testing.assert_allclose(source.marginals(), IMAGES[:5].mean(axis=0) / 255, rtol=1e-6)
    with pytest.raises(DataError, match="of memory"):
        source.load("train")


def test_a_compressed_archive_beyond_the_budget_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advnets.data.stored.MEMORY_BUDGET", 100)
    with pytest.raises(DataError, match="of memory") as caught:
        Npz(written(tmp_path, "compressed")).fingerprint()
    assert "numpy.savez" in str(caught.value.hint)


def test_columns_first_is_read_whole(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.asfortranarray(IMAGES))
    source = Npz(tmp_path / "a.npy")
    assert not source.reads_parts("train")
    np.testing.assert_array_equal(source.take("train", [2]).examples, IMAGES[2:3])


def test_a_torn_member_is_refused_before_parts_of_it_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, "stored")
    torn = bytearray(path.read_bytes())
    place = torn.index(IMAGES[3].tobytes())
    torn[place : place + 9] = bytes(9)
    path.write_bytes(torn)
    with pytest.raises(DataError, match="Bad CRC-32"):
        Npz(path).take("train", [0])


def test_a_file_cut_off_meanwhile(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", IMAGES)
    source = Npz(tmp_path / "a.npy")
    source.take("train", [5])
    whole = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(whole[:-10])
    with pytest.raises(DataError, match=r"a\.npy ends before row 5"):
        source.take("train", [0, 5])
