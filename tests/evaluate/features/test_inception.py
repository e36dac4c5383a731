"""Inception's features: what is fed to the network, and what is said where its weights are not."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.data import DataUnavailable
from advnets.data.sources import Ring
from advnets.data.sources.digits import Digits
from advnets.errors import AdvnetsError, UsageError
from advnets.evaluate.features import Extractors, inception


def echo() -> keras.Model:
    """In Inception's place: its mean colour in each corner as features, and three logits."""
    x = keras.Input((299, 299, 3))
    corners = [x[:, 0, 0], x[:, 0, -1], x[:, -1, 0], x[:, -1, -1]]
    return keras.Model(x, [keras.ops.concatenate(corners, axis=1), 1000 * x[:, 0, 0]])


@pytest.fixture
def weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inception, "load_published", echo)


@pytest.mark.usefixtures("weights")
@pytest.mark.parametrize("preprocess", ["unit", "symmetric"])
def test_grey_images_become_colour_images_of_299_pixels_between_minus_one_and_one(preprocess):
    source = Digits(preprocess=preprocess)
    stored = source.load("test")[:23]
    examples = np.asarray(source.preprocess.apply(stored))
    extractor = Extractors(source).get("inception")
    features = extractor(examples)
    corners = stored[:, [0, 0, -1, -1], [0, -1, 0, -1], 0] / 127.5 - 1.0
    np.testing.assert_allclose(
        features.reshape(23, 4, 3), corners[..., None].repeat(3, 2), atol=1e-6
    )
    probabilities = extractor.probabilities(examples)
    np.testing.assert_allclose(probabilities, 1 / 3)
    assert probabilities.dtype == np.float64


@pytest.mark.usefixtures("weights")
def test_it_says_that_it_is_not_the_network_of_published_scores():
    told = Extractors(Digits()).get("inception").describe()
    assert "not that of published FID" in told["network"]
    assert len(told["weights_sha256"]) == 64


@pytest.mark.usefixtures("weights")
def test_vectors_are_refused():
    with pytest.raises(UsageError, match=r"images of 1 or 3 channels; .* ring .* \(2,\)") as caught:
        Extractors(Ring()).get("inception")
    assert "pixels" in str(caught.value.hint)


def test_without_weights_or_network_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(
        inception, "find_unreachable", lambda urls: {"storage.googleapis.com": "no route"}
    )
    with pytest.raises(DataUnavailable, match=r"no route") as caught:
        Extractors(Digits()).get("inception")
    assert isinstance(caught.value, AdvnetsError)
    assert str(tmp_path / "models" / inception.FILE) in caught.value.message
    assert inception.URL in caught.value.hint
    assert "classifier" in caught.value.hint


def test_a_download_that_fails_is_told_the_same_way(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(inception, "find_unreachable", lambda urls: {})

    def broken(**options):
        raise Exception("URL fetch failure: the cable is cut\nand more")

    monkeypatch.setattr(keras.applications, "InceptionV3", broken)
    with pytest.raises(DataUnavailable) as caught:
        Extractors(Digits()).get("inception")
    assert caught.value.message.endswith("URL fetch failure: the cable is cut")


@pytest.mark.slow
def test_the_real_network_has_2048_features_and_1000_classes(monkeypatch):
    real = keras.applications.InceptionV3(weights=None, classifier_activation=None)
    monkeypatch.setattr(inception, "load_published", lambda: inception.add_features_output(real))
    source = Digits(size=28)
    examples = np.asarray(source.preprocess.apply(source.load("test")[:3]))
    extractor = Extractors(source).get("inception")
    assert extractor(examples).shape == (3, inception.DIMENSIONS)
    probabilities = extractor.probabilities(examples)
    assert probabilities.shape == (3, inception.CLASSES)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    colour = tf.image.resize(examples.repeat(3, -1), (299, 299)) * 2 - 1
    pooled, logits = inception.add_features_output(real)(colour, training=False)
    np.testing.assert_allclose(extractor(examples), pooled, rtol=1e-3, atol=1e-4)
    assert (probabilities.argmax(1) == np.asarray(logits).argmax(1)).all()
