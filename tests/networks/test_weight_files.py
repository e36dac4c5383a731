"""Weights come from files that Keras, or NumPy, wrote: by name, as arrays, and nothing else."""

from __future__ import annotations

import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from advnets.errors import UsageError
from advnets.networks import save_weights
from advnets.networks.weight_files import open_weights, put_weights

KERNEL = "layers/dense/vars/0"


def network(units: int = 3, *, named: bool = False) -> keras.Model:
    names = ("first", "second") if named else (None, None)
    return keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(units, name=names[0]),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5, seed=1),
            keras.layers.Dense(1, name=names[1]),
        ]
    )


def filled(model: keras.Model) -> keras.Model:
    values = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(values.normal(size=weight.shape))
    return model


def take(model: keras.Model, path: Path, *, keep: bool = False) -> dict[str, int]:
    with open_weights(path) as file:
        own = file.names_in(model)
        return put_weights(model, own, file.shapes, file.read, keep=keep, source=str(path))


def write(model: keras.Model, path: Path) -> None:
    if path.suffix == ".npz":
        save_weights(model, path)
    elif path.suffix == ".keras":
        model.compile(keras.optimizers.Adam(), "mse")
        model.optimizer.build(model.trainable_variables)
        model.save(path)
    else:
        model.save_weights(path)


@pytest.mark.parametrize("name", ["x.npz", "x.weights.h5", "x.keras"])
@pytest.mark.parametrize("named", [False, True])
def test_a_network_built_alike_gets_every_weight(tmp_path: Path, name: str, named: bool) -> None:
    path, written = tmp_path / name, filled(network(named=named))
    write(written, path)  # with an optimizer, where it is a whole model
    again = network(named=named)
    assert take(again, path) == {"taken": 8, "kept": 0, "left": 0}
    for one, other in zip(again.weights, written.weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ["x.npz", "x.weights.h5"])
def test_weights_without_a_partner_are_named_or_kept(tmp_path: Path, name: str) -> None:
    path, written = tmp_path / name, filled(network(4))
    write(written, path)
    other = network(3)
    before = other.get_weights()
    with pytest.raises(UsageError, match=r"another shape has .* \(2, 4\), here \(2, 3\)"):
        take(other, path)
    np.testing.assert_array_equal(other.weights[0], before[0])
    assert take(other, path, keep=True) == {"taken": 1, "kept": 7, "left": 0}
    np.testing.assert_array_equal(other.weights[-1], written.weights[-1])
    np.testing.assert_array_equal(other.weights[0], before[0])


def test_what_the_network_lacks_is_named(tmp_path: Path) -> None:
    write(filled(network()), tmp_path / "x.npz")
    smaller = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    with pytest.raises(UsageError, match="has no batch_normalization/gamma, .* and 1 more"):
        take(smaller, tmp_path / "x.npz")
    assert take(smaller, tmp_path / "x.npz", keep=True) == {"taken": 2, "kept": 0, "left": 6}


def test_nothing_in_common_is_refused_whatever_may_be_kept(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", other=np.zeros(3))
    with pytest.raises(UsageError, match="there is no dense/kernel"):
        take(network(), tmp_path / "x.npz", keep=True)


@pytest.fixture
def hostile(tmp_path: Path):
    """A file of weights as Keras writes it, to be spoilt: ``hostile("x.weights.h5")``."""

    def written(name: str) -> Path:
        write(filled(network()), tmp_path / name)
        return tmp_path / name

    return written


def spoil_outside(file: h5py.File, folder: Path) -> None:
    (folder / "secret").write_bytes(np.full((2, 3), 7, "float32").tobytes())
    del file[KERNEL]
    file.create_dataset(KERNEL, (2, 3), "float32", external=[(str(folder / "secret"), 0, 24)])


def spoil_link(file: h5py.File, folder: Path) -> None:
    with h5py.File(folder / "other.h5", "w") as other:
        other["secret"] = np.zeros((2, 3), "float32")
    del file[KERNEL]
    file[KERNEL] = h5py.ExternalLink(str(folder / "other.h5"), "/secret")


def spoil_soft_link(file: h5py.File, folder: Path) -> None:
    del file[KERNEL]
    file[KERNEL] = h5py.SoftLink("/layers/dense_1/vars/0")


def spoil_virtual(file: h5py.File, folder: Path) -> None:
    layout = h5py.VirtualLayout((2, 3), "float32")
    layout[:] = h5py.VirtualSource(str(folder / "other.h5"), "secret", (2, 3))
    del file[KERNEL]
    file.create_virtual_dataset(KERNEL, layout)


def spoil_object(file: h5py.File, folder: Path) -> None:
    del file[KERNEL]
    file.create_dataset(KERNEL, data=np.array(["a"], object), dtype=h5py.string_dtype())


def spoil_circle(file: h5py.File, folder: Path) -> None:
    file["layers/again"] = file["layers"]


def spoil_nan(file: h5py.File, folder: Path) -> None:
    file[KERNEL][0, 0] = np.nan


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_outside, "lie in another file"),
        (spoil_link, "is a link, which is not followed"),
        (spoil_soft_link, "is a link, which is not followed"),
        (spoil_virtual, "lie in another file"),
        (spoil_object, "something else than numbers"),
        (spoil_circle, "groups deep|more than"),
        (spoil_nan, "something else than finite numbers"),
    ],
)
def test_hdf5_that_is_more_than_numbers_is_refused(hostile, tmp_path, spoil, said) -> None:
    path = hostile("x.weights.h5")
    with h5py.File(path, "r+") as file:
        spoil(file, tmp_path)
    model = network()
    before = model.get_weights()
    with pytest.raises(UsageError, match=said):
        take(model, path)
    for now, was in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, was)


def test_a_shape_that_is_but_declared_is_never_made(hostile) -> None:
    path = hostile("x.weights.h5")
    with h5py.File(path, "r+") as file:
        del file[KERNEL]
        file.create_dataset(KERNEL, (2**40, 2**20), "float32", chunks=(1, 1))
    assert path.stat().st_size < 100_000
    with pytest.raises(UsageError, match="1099511627776, 1048576"):
        take(network(), path)


@pytest.mark.parametrize("name", ["x.weights.h5", "x.keras", "x.npz"])
@pytest.mark.parametrize("content", [b"", b"nothing of the kind", b"PK\x03\x04", b"\x89HDF\r\n"])
def test_what_is_no_such_file_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match="no sound file of weights"):
        take(network(), tmp_path / name)


@pytest.mark.parametrize("name", ["x.weights.h5", "x.keras", "x.npz"])
def test_a_file_that_is_cut_off_is_refused(hostile, name: str) -> None:
    path = hostile(name)
    whole = path.read_bytes()
    model = network()
    for part in (0.3, 0.6, 0.9):
        path.write_bytes(whole[: int(len(whole) * part)])
        with pytest.raises(UsageError, match="no sound file of weights"):
            take(model, path)


def test_a_packed_keras_file_is_not_unpacked(hostile, tmp_path: Path) -> None:
    path = hostile("x.keras")
    with zipfile.ZipFile(path) as archive:
        weights = archive.read("model.weights.h5")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", weights + bytes(10**6))
    with pytest.raises(UsageError, match="compressed"):
        take(network(), path)


def test_python_objects_are_not_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", dense=np.array([{}], object))
    with pytest.raises(UsageError, match="no sound file of weights"):
        take(network(), tmp_path / "x.npz")
