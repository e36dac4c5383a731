from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from advnets.data import DataUnavailable, prepare_data
from advnets.data.sources.tfds import Tfds
from advnets.data.sources.tfds_builder import (
    check_available,
    data_directory,
    find_builder,
    is_prepared,
    list_prepared,
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
    assert "tiny_pictures:1.0.0" in list_prepared(tfds_dir)


def test_nothing_prepared(tmp_path: Path) -> None:
    assert list_prepared(tmp_path) == []
    assert not is_prepared(find_builder("mnist", tmp_path))


def test_without_data_and_network_it_says_so_within_seconds_and_without_tensorflow(
    tmp_path: Path, no_network: None
) -> None:
    program = """
import json, sys, time
from advnets.data import DataUnavailable
from advnets.data.sources.tfds import Tfds
start = time.monotonic()
try:
    Tfds("mnist").available()
except DataUnavailable as error:
    took = time.monotonic() - start
    print(json.dumps([error.message, error.hint, took, "tensorflow" in sys.modules]))
"""
    environment = {**os.environ, "TFDS_DATA_DIR": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, env=environment
    )
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


def test_a_folder_named_by_a_recipe_is_only_read(tmp_path: Path, tfds_dir: Path) -> None:
    source = Tfds("tiny_vectors", data_dir=tmp_path)
    for use in (source.available, lambda: source.load("train")):
        with pytest.raises(DataUnavailable, match="is not prepared in the data_dir") as caught:
            use()
        assert f"advnets data prepare tiny_vectors --data-dir {tmp_path}" in str(caught.value.hint)
    assert list(tmp_path.iterdir()) == []
    Tfds("tiny_vectors", data_dir=tfds_dir).available()
    with pytest.raises(DataError, match="is no folder on this machine"):
        Tfds("tiny_vectors", data_dir="gs://bucket/data")


@pytest.mark.parametrize("key", ["pythonClassName", "type"])
def test_classes_named_by_data_are_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tfds_dir: Path, key: str
) -> None:
    (tmp_path / "evil_features.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("stranger", "tiny_vectors"):
        folder = tmp_path / "data" / name / "1.0.0"
        shutil.copytree(tfds_dir / "tiny_vectors" / "1.0.0", folder)
        described = json.loads((folder / "features.json").read_text())
        described[key] = "evil_features.Evil"
        (folder / "features.json").write_text(json.dumps(described))
        with pytest.raises(DataError, match="names the Python class 'evil_features.Evil'"):
            find_builder(f"{name}:1.0.0", tmp_path / "data")
        (folder / "features.json").write_text("[" * 99_999)
        with pytest.raises(DataError, match="features.json cannot be read"):
            find_builder(f"{name}:1.0.0", tmp_path / "data")
