"""Extract features by Keras's Inception-v3 with its published ImageNet weights."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...data import DataUnavailable
from ...data.probe import find_unreachable
from ...errors import DataError, UsageError
from ...networks import under_policy
from .array_file import arrays_sha256
from .extractor import FeatureContext, FeatureExtractor

SIZE, DIMENSIONS, CLASSES = 299, 2048, 1000
BLOCK = 10
"""Images that go through the network at once, always."""
FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels.h5"
URL = f"https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/{FILE}"


class Inception(FeatureExtractor):
    """Give the 2,048 numbers of the last pooling, and probabilities of ImageNet's 1,000 classes.

    This is *not* the network of published Fréchet and inception scores. That one is an older
    Inception of TF-Slim with other weights, 1,008 classes and a preprocessing of its own; scores
    in the features of this one have the same meaning but other values, and compare with
    each other only.

    Images are brought to their own range, from there to [-1, 1] (values outside are kept as they
    are), a grey one is repeated in three channels, and resized to 299×299 bilinearly, in
    float32, without antialiasing.

    Args:
        context: Whose data say what an image is.

    Raises:
        UsageError: If the examples are no images of one or three channels, or have no range.
        DataUnavailable: If the weights are neither on disk nor downloadable.
    """

    name = "inception"
    at_once = 10 * BLOCK

    def __init__(self, context: FeatureContext):
        self._source, spec = context.source, context.source.spec
        if spec.kind != "image" or spec.shape[2] not in (1, 3):
            raise UsageError(
                f"features 'inception' are of images of 1 or 3 channels; examples of "
                f"{self._source.name} have the shape {spec.shape}",
                hint="name other features: pixels, or classifier",
            )
        if spec.low is None or spec.high is None:
            raise DataError(
                f"features 'inception' need the range of pixels; {self._source.name} declares none",
                hint="give the data set its range (low and high)",
            )
        self._low, self._high = float(spec.low), float(spec.high)
        network = load_published()
        self._sha256 = arrays_sha256(network.get_weights())
        run = tf.function(lambda x: self._outputs(network, x), autograph=False)
        self._run = run.get_concrete_function(tf.TensorSpec([BLOCK, *spec.shape], tf.float32))

    def __call__(self, examples: np.ndarray) -> np.ndarray:
        return self._in_blocks(examples, 0).astype(np.float64)

    def probabilities(self, examples: np.ndarray) -> np.ndarray:
        logits = self._in_blocks(examples, 1).astype(np.float64)
        each = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(each / each.sum(axis=1, keepdims=True))

    def describe(self) -> dict[str, Any]:
        return {
            "dimensions": DIMENSIONS,
            "classes": CLASSES,
            "network": "keras.applications.InceptionV3, which is not that of published FID",
            "trained_on": "ImageNet",
            "weights_sha256": self._sha256,
            "resized": f"{SIZE}x{SIZE}, bilinear, float32, not antialiased",
        }

    def _outputs(self, network: keras.Model, x: tf.Tensor) -> tf.Tensor:
        x = (x - self._low) * (2.0 / (self._high - self._low)) - 1.0
        if x.shape[-1] == 1:
            x = tf.repeat(x, 3, axis=-1)
        return network(tf.image.resize(x, (SIZE, SIZE), "bilinear"), training=False)

    def _in_blocks(self, examples: np.ndarray, output: int) -> np.ndarray:
        x = self._source.preprocess.invert(examples)
        found = []
        for start in range(0, len(x), BLOCK):
            part = x[start : start + BLOCK]
            block = np.zeros((BLOCK, *x.shape[1:]), np.float32)
            block[: len(part)] = part
            found.append(np.asarray(self._run(tf.constant(block))[output])[: len(part)])
        return np.concatenate(found)


def load_published() -> keras.Model:
    """Load Inception-v3 with its published weights: images in [-1, 1] → features and logits.

    Raises:
        DataUnavailable: If the weights are neither on disk nor downloadable, found out within
            seconds.
    """
    where = _folder() / FILE
    if not where.is_file() and (silent := find_unreachable([URL])):
        host, why = next(iter(silent.items()))
        raise _unavailable(where, f"{host} cannot be reached: {why}")
    try:
        # Keras reports progress on standard output, where results are.
        with contextlib.redirect_stdout(sys.stderr), under_policy("float32"):
            network = keras.applications.InceptionV3(classifier_activation=None)
    except Exception as error:  # whatever a download or a damaged file makes Keras raise
        raise _unavailable(where, str(error).partition("\n")[0]) from error
    return add_features_output(network)


def add_features_output(network: keras.Model) -> keras.Model:
    """Return an Inception-v3 that also returns the output of its last pooling."""
    outputs = [network.get_layer("avg_pool").output, network.output]
    return keras.Model(network.input, outputs)


def _folder() -> Path:
    """Return the folder where Keras keeps weights."""
    home = os.environ.get("KERAS_HOME", "") or os.path.expanduser("~/.keras")
    return Path(home, "models")


def _unavailable(where: Path, why: str) -> DataUnavailable:
    return DataUnavailable(
        f"features 'inception': the weights are not at {where}, and {why}",
        hint=f"download {URL} elsewhere and put it there; features classifier (trained on the "
        "data's labels) and pixels need no download",
    )
