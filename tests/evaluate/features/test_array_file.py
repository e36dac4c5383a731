"""Files of arrays: read if they hold what is wanted, and computed again if not."""

from __future__ import annotations

import json
import os
import tracemalloc

import numpy as np
import pytest

from advnets.evaluate.features.array_file import StoredArrays, arrays_sha256, load_or_compute

SHAPES = [(3,), (3, 2)]


def ones():
    return StoredArrays([np.ones(shape, np.float32) for shape in SHAPES], {"made": 1})


def never():
    raise AssertionError("it is there")


def test_they_are_made_once(tmp_path):
    first = load_or_compute(tmp_path / "new" / "x.npz", ones, SHAPES)
    assert first.about == {"made": 1, "weights_sha256": arrays_sha256(ones().arrays)}
    again = load_or_compute(tmp_path / "new" / "x.npz", never, SHAPES)
    assert again.about == first.about
    for array, expected in zip(again.arrays, ones().arrays, strict=True):
        np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize(
    "strange", ["bomb", "bomb beside", "shapes", "fewer", "types", "long", "about", "pipe"]
)
def test_what_is_not_wanted_is_made_anew(strange, tmp_path, caplog):
    """Its hash is right, as anybody can make it; what has other shapes is not unpacked."""
    path, arrays, said = tmp_path / "x.npz", ones().arrays, {}
    bomb = np.zeros((2**13, 2**11), np.float32)  # 64 MiB
    if strange == "bomb":
        arrays[0] = bomb
    elif strange == "bomb beside":
        arrays.append(bomb)
    elif strange == "shapes":
        arrays[1] = arrays[1].T
    elif strange == "fewer":
        del arrays[1]
    elif strange == "types":
        arrays[1] = arrays[1].astype(np.float64)
    elif strange == "long":
        said = {"note": "x" * 2**21}
    about = None if strange == "about" else {"weights_sha256": arrays_sha256(arrays), **said}
    members = {f"array_{index}": array for index, array in enumerate(arrays)}
    members["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    if strange == "pipe":
        os.mkfifo(path)
    else:
        np.savez_compressed(path, **members)
    tracemalloc.start()
    try:
        found = load_or_compute(path, ones, SHAPES)
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()
    assert found.about["made"] == 1
    assert "computed again" in caplog.text
    assert load_or_compute(path, never, SHAPES).about == found.about
