"""Train a classifier on the data set's own labels, for features of data of any kind."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...builtin.features import ClassifierParameters
from ...data import Composed, Source
from ...errors import DataError, UsageError
from ...networks import under_policy
from ...recipe.validated import validated_by
from . import classifier_network
from .array_file import StoredArrays, load_or_compute
from .extractor import FeatureContext, FeatureExtractor

log = logging.getLogger(__name__)

VERSION = 1
"""Of the network and its training: stored weights of another version are not used."""
BLOCK = 100
"""Examples that go through the network at once, always: an example's features then do not
depend, in their last bits, on how many others are computed with it."""
MOST_CLASSES = 20_000


class Classifier(FeatureExtractor):
    """Give a classifier's penultimate layer as features, and its softmax as probabilities.

    A small network (:func:`.classifier_network.build`) is trained on the real examples and
    labels of the training split, once, and stored in the cache folder. Its accuracy on the test
    split, which it has not seen, is part of its description. For data that are put together from
    parts (:class:`advnets.data.Composed`), the parts' classifier is trained; features are those
    of all parts concatenated, and the probability of a combination is the product of its parts'.

    Args:
        context: The data, and where to store the weights.
        dataset: What to train on, if not on the data that are scored: a data set's name, or its
            entry in a recipe. Its examples have the same shape.
        steps: Training steps, of 128 examples each.
        seed: Of the initial weights and of the order of the examples.

    Raises:
        DataError: If the data have no labels, or the other data set has another shape.
    """

    name = "classifier"

    @validated_by(ClassifierParameters)
    def __init__(
        self,
        context: FeatureContext,
        *,
        dataset: str | Mapping[str, Any] | None = None,
        steps: int = 2000,
        seed: int = 0,
    ):
        self._scored = scored = context.source
        self._parts = scored.count_of_parts if isinstance(scored, Composed) else 1
        own = scored.base if isinstance(scored, Composed) else scored
        self._base = base = own if dataset is None else context.open(dataset)
        if base.spec.shape != own.spec.shape:
            raise DataError(
                f"features 'classifier': examples of {base.name} have the shape "
                f"{base.spec.shape}, those to describe {own.spec.shape}"
            )
        classes = base.spec.num_classes
        if classes is None or base.labels("train") is None:
            raise DataError(
                f"features 'classifier' are trained on labels, and {base.name} has none",
                hint="name a labelled data set of the same shape: features: {name: classifier, "
                "dataset: {name: tfds, id: mnist}}; or other features: inception, pixels",
            )
        seen = len(np.unique(np.asarray(base.labels("train"))))
        if seen < 2:
            raise DataError(
                f"features 'classifier' are learnt from telling classes apart, and {base.name} "
                "has one class only",
                hint="name a labelled data set of the same shape: features: {name: classifier, "
                "dataset: {name: tfds, id: mnist}}; or other features: inception, pixels",
            )
        if classes**self._parts > MOST_CLASSES:
            raise DataError(f"{classes**self._parts:,} classes are more than {MOST_CLASSES:,}")
        # Examples without their mean and norm are trained on as they are; others in their range.
        self._as_scored = scored.preprocess.name == "gcn"
        if self._as_scored and (self._parts > 1 or base is not own):
            raise UsageError("features 'classifier': parts cannot be separated after gcn")
        with under_policy("float32"), tf.device("CPU:0"):
            network = classifier_network.build(base.spec.shape, classes, seed)
        statistics = (base.spec.shape[-1],)
        arrays, self._about = load_or_compute(
            context.cache / "classifiers" / f"{self._key(steps, seed)}.npz",
            partial(self._train, steps, seed),
            [statistics, statistics, *(weights.shape for weights in network.get_weights())],
        )
        self._mean, self._deviation = arrays[:2]
        network.set_weights(arrays[2:])
        self._network = _trace(network)
        if base is not scored:
            base.release()

    def __call__(self, examples: np.ndarray) -> np.ndarray:
        features = self._of_parts(examples, 0)
        return features.reshape(len(examples), -1)

    def probabilities(self, examples: np.ndarray) -> np.ndarray:
        logits = self._of_parts(examples, 1)
        logits -= logits.max(axis=-1, keepdims=True)
        each = np.exp(logits)
        each /= each.sum(axis=-1, keepdims=True)
        joint = each[:, 0]
        for part in range(1, self._parts):
            joint = (joint[:, :, None] * each[:, part, None, :]).reshape(len(examples), -1)
        return joint

    def describe(self) -> dict[str, Any]:
        classes = self._base.spec.num_classes
        assert classes is not None
        return {
            "dimensions": classifier_network.DIMENSIONS * self._parts,
            "classes": classes**self._parts,
            **({"parts": self._parts} if self._parts > 1 else {}),
            **{key: value for key, value in self._about.items() if key != "classes"},
        }

    def _of_parts(self, examples: np.ndarray, output: int) -> np.ndarray:
        """Compute features (0) or logits (1) of each part, float64 ``[n, parts, …]``."""
        scored, base = self._scored, self._base
        x = examples if self._as_scored else scored.preprocess.invert(examples)
        own = scored.base if isinstance(scored, Composed) else scored
        parts = scored.parts(x) if isinstance(scored, Composed) else x[:, None]
        flat = parts.reshape(-1, *base.spec.shape)
        x = self._standardise(_convert_range(base, own, flat))
        found = _run_in_blocks(self._network, x, output)
        return found.astype(np.float64).reshape(len(examples), self._parts, -1)

    def _standardise(self, x: np.ndarray) -> np.ndarray:
        return ((x - self._mean) / self._deviation).astype(np.float32)

    def _key(self, steps: int, seed: int) -> str:
        base = self._base
        labels = base.labels("train")
        assert labels is not None
        inputs = {
            "version": VERSION,
            "examples": base.fingerprint("train"),
            "labels": hashlib.sha256(np.ascontiguousarray(labels).data).hexdigest(),
            "classes": base.spec.num_classes,
            "preprocess": repr(base.preprocess) if self._as_scored else "none",
            "steps": steps,
            "seed": seed,
        }
        return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:32]

    def _train(self, steps: int, seed: int) -> StoredArrays:
        base = self._base
        count, classes = base.count("train"), base.spec.num_classes
        assert classes is not None
        log.info(
            f"training a classifier of {base.name} for its features, once: {steps:,} steps, "
            "a minute or more on two cores"
        )
        mean, deviation = self._mean, self._deviation = self._statistics(count)
        with under_policy("float32"), tf.device("CPU:0"):
            network = classifier_network.build(base.spec.shape, classes, seed)
        take = partial(self._take, "train")
        classifier_network.train(network, take, count, steps, seed)
        about = {
            "classes": classes,
            "trained_on": base.name,
            "train_split": "train",
            "train_examples": count,
            "train_fingerprint": base.fingerprint("train"),
            "train_steps": steps,
            "train_seed": seed,
            **self._accuracy(network),
        }
        return StoredArrays([mean, deviation, *network.get_weights()], about)

    def _take(self, split: str, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        batch = self._base.take(split, indices)
        assert batch.labels is not None
        return self._standardise(self._preprocess(batch.examples)), batch.labels

    def _preprocess(self, stored: np.ndarray) -> np.ndarray:
        if self._as_scored:
            return np.asarray(self._base.preprocess.apply(stored))
        return stored.astype(np.float32)

    def _statistics(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Compute mean and deviation over the training split, for each number or channel."""
        base = self._base
        axes = tuple(range(len(base.spec.shape))) if len(base.spec.shape) > 1 else (0,)
        total = squares = np.zeros(base.spec.shape[-1])
        for chunk in base.chunks("train"):
            x = self._preprocess(chunk).astype(np.float64)
            total = total + x.sum(axis=axes)
            squares = squares + np.square(x).sum(axis=axes)
        n = count * base.spec.size / base.spec.shape[-1]
        mean = total / n
        deviation = np.sqrt(np.maximum(squares / n - np.square(mean), 0))
        deviation[deviation < 1e-6] = 1.0
        return mean.astype(np.float32), deviation.astype(np.float32)

    def _accuracy(self, network: keras.Model) -> dict[str, Any]:
        base = self._base
        split = next((name for name in ("test", "validation") if name in base.splits), None)
        if split is None or base.labels(split) is None:
            return {"accuracy": None, "accuracy_split": None}
        run, count, right = _trace(network), base.count(split), 0
        for start in range(0, count, 1000):
            x, labels = self._take(split, np.arange(start, min(start + 1000, count)))
            right += int((_run_in_blocks(run, x, 1).argmax(axis=1) == labels).sum())
        return {"accuracy": right / count, "accuracy_split": split, "accuracy_examples": count}


def _convert_range(base: Source, own: Source, x: np.ndarray) -> np.ndarray:
    """Convert values in the range of ``own`` to that of ``base``, if both have one."""
    there, here = base.spec, own.spec
    if base is own or None in (there.low, there.high, here.low, here.high):
        return x
    assert there.low is not None
    assert there.high is not None
    assert here.low is not None
    assert here.high is not None
    scale = (there.high - there.low) / (here.high - here.low)
    return np.asarray((x - here.low) * scale + there.low, np.float32)


def _trace(network: keras.Model) -> Callable[[tf.Tensor], Any]:
    """Trace the network into a graph, which several threads may call."""
    function = tf.function(lambda x: network(x, training=False), autograph=False)
    spec = tf.TensorSpec([BLOCK, *network.input_shape[1:]], tf.float32)
    return function.get_concrete_function(spec)  # type: ignore[no-any-return]


def _run_in_blocks(run: Callable[[tf.Tensor], Any], x: np.ndarray, output: int) -> np.ndarray:
    """Compute one output of the network for all examples, in blocks, the last one padded."""
    found = []
    for start in range(0, len(x), BLOCK):
        block = x[start : start + BLOCK]
        padded = np.zeros((BLOCK, *x.shape[1:]), np.float32)
        padded[: len(block)] = block
        found.append(np.asarray(run(tf.constant(padded))[output])[: len(block)])
    return np.concatenate(found)
