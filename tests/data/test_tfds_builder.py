from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from advnets.data import DataUnavailable, prepare_data
from advnets.data.tfds_builder import (
    check_available,
    data_directory,
    find_builder,
    is_prepared,
    prepared,
)
from advnets.errors import DataError

MNIST_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def test_data_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TFDS_DATA_DIR", raising=False)
    assert data_directory() == str(Path.home() / "tensorflow_datasets")
    monkeypatch.setenv("TFDS_DATA_DIR", "/somewhere")
    assert data_directory() == "/somewhere"
    assert data_directory("/else") == "/else"


def test_what_is_prepared_is_available_without_a_network(tfds_dir: Path, no_network: None) -> None:
    check_available(find_builder("tiny_pictures", tfds_dir))
    assert "tiny_pictures:1.0.0" in prepared(tfds_dir)


def test_nothing_prepared(tmp_path: Path) -> None:
    assert prepared(tmp_path) == []
    assert not is_prepared(find_builder("mnist", tmp_path))


def test_without_data_and_network_it_says_so_within_seconds_and_without_tensorflow(
    tmp_path: Path, no_network: None
) -> None:
    program = f"""
import json, sys, time
from advnets.data import DataUnavailable
from advnets.data.tfds import Tfds
start = time.monotonic()
try:
    Tfds("mnist", data_dir={str(tmp_path)!r}).available()
except DataUnavailable as error:
    took = time.monotonic() - start
    print(json.dumps([error.message, error.hint, took, "tensorflow" in sys.modules]))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    message, hint, took, tensorflow = json.loads(run.stdout)
    assert "'mnist' is not on disk" in message
    assert "storage.googleapis.com" in message
    assert "advnets data prepare mnist --from DIR" in hint
    assert took < 10
    assert not tensorflow


def test_preparing_without_a_network_fails_at_once(tmp_path: Path, no_network: None) -> None:
    with pytest.raises(DataUnavailable, match="cannot be downloaded"):
        prepare_data("mnist", data_dir=tmp_path)


def test_what_must_be_fetched_by_hand_comes_with_its_instructions(tmp_path: Path) -> None:
    with pytest.raises(DataUnavailable, match=r"ILSVRC2012_img_train\.tar") as caught:
        check_available(find_builder("imagenet2012", tmp_path))
    assert "advnets data prepare imagenet2012 --from DIR" in str(caught.value.hint)


def test_a_folder_without_the_files_names_them(tmp_path: Path, no_network: None) -> None:
    with pytest.raises(DataUnavailable, match=r"lacks t10k-images-idx3-ubyte\.gz"):
        prepare_data("mnist", tmp_path, tmp_path / "data")


def test_a_folder_with_wrong_files_is_refused(tmp_path: Path, no_network: None) -> None:
    for name in MNIST_FILES:
        (tmp_path / name).write_bytes(b"no such thing")
    with pytest.raises(DataError, match="is not the official file"):
        prepare_data("mnist", tmp_path, tmp_path / "data")


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not a folder"):
        prepare_data("mnist", tmp_path / "none", tmp_path / "data")


def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DataError, match=r"cannot be written to|could not prepare"):
        prepare_data("tiny_pictures", data_dir=tmp_path / "file")


def test_preparing_again_does_nothing(tfds_dir: Path, no_network: None) -> None:
    path = prepare_data("tiny_pictures", data_dir=tfds_dir)
    assert (path / "dataset_info.json").exists()
