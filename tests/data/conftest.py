"""Small TFDS data sets made on the spot, and the real MNIST where its files are at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"


class TinyPictures(tfds.core.GeneratorBasedBuilder):
    """Ten 6×4 pictures, picture i of grey 10 i, class i mod 2; five in the test split."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> tfds.core.DatasetInfo:
        features = {
            "image": tfds.features.Image(shape=(6, 4, 3)),
            "label": tfds.features.ClassLabel(num_classes=2),
            "mask": tfds.features.Image(shape=(6, 4, 1)),
        }
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager: object) -> dict:
        return {"train": self._pictures(10), "test": self._pictures(5)}

    def _generate_examples(self) -> None: ...

    def _pictures(self, count: int):
        for i in range(count):
            picture = np.full((6, 4, 3), 10 * i, np.uint8)
            yield i, {"image": picture, "label": i % 2, "mask": picture[..., :1]}


class VariedPictures(tfds.core.GeneratorBasedBuilder):
    """Pictures of different sizes: black, with a white central square as high as the picture."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> tfds.core.DatasetInfo:
        features = {"image": tfds.features.Image(shape=(None, None, 1))}
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager: object) -> dict:
        return {"train": self._pictures()}

    def _generate_examples(self) -> None: ...

    def _pictures(self):
        for i, (height, width) in enumerate([(8, 16), (8, 24), (16, 48)]):
            picture = np.zeros((height, width, 1), np.uint8)
            left = (width - height) // 2
            picture[:, left : left + height] = 255
            yield i, {"image": picture}


class TinyVectors(tfds.core.GeneratorBasedBuilder):
    """Vectors (i, -i) of weight i / 2, heavy where i > 1, beside a text."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> tfds.core.DatasetInfo:
        features = {
            "point": tfds.features.Tensor(shape=(2,), dtype=np.float32),
            "words": tfds.features.Text(),
            "weight": tfds.features.Scalar(dtype=np.float32),
            "heavy": tfds.features.Tensor(shape=(), dtype=np.bool_),
        }
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager: object) -> dict:
        return {"train": self._vectors()}

    def _generate_examples(self) -> None: ...

    def _vectors(self):
        for i in range(4):
            point = np.array([i, -i], np.float32)
            yield i, {"point": point, "words": "some", "weight": i / 2, "heavy": i > 1}


@pytest.fixture(scope="session")
def tfds_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of TFDS in which the sets above lie prepared."""
    from advnets.data import prepare_data

    path = tmp_path_factory.mktemp("tensorflow_datasets")
    for name in ("tiny_pictures", "varied_pictures", "tiny_vectors"):
        prepare_data(name, data_dir=path)
    return path


@pytest.fixture(scope="session")
def mnist_files() -> Path:
    """The four official files of MNIST."""
    path = SHARED / "mnist"
    if not path.is_dir():
        pytest.skip(f"the official files of MNIST are not in {path}")
    return path


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request goes to a proxy that isn't there."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
