"""Examples and samples a part at a time: the same features, and never more than a part at hand."""

from __future__ import annotations

import numpy as np
import pytest

from advnets.errors import DataError
from advnets.evaluate import Data, MetricContext, inputs
from advnets.evaluate.array_cache import ArrayCache
from advnets.evaluate.metrics.fid import fid
from advnets.evaluate.metrics.inception_score import inception_score
from advnets.evaluate.metrics.memorisation import memorisation

REAL = np.random.default_rng(1).random((50, 3), np.float32)
FAKE = np.random.default_rng(2).random((60, 3), np.float32)


def whole(split):
    raise AssertionError(f"all examples of {split} were requested at once")


def streamed(spec=None, **more):
    """A context that can give parts only, and notes how large they were."""
    sizes = []

    def noted(part):
        sizes.append(len(part))
        return part

    context = MetricContext(
        samples=lambda n, seed, first=0: noted(FAKE[first:n]),
        data=Data(
            load=whole,
            splits=("train", "test"),
            take=lambda split, indices: noted(REAL[indices] + (split == "test")),
            count=lambda split: len(REAL),
            spec=spec,
        ),
        **more,
    )
    return context, sizes


def at_once(source=None, **more):
    return MetricContext(
        samples=lambda n, seed, first=0: FAKE[first:n],
        data=Data(
            load=lambda split: REAL + (split == "test"), splits=("train", "test"), source=source
        ),
        **more,
    )


@pytest.fixture
def seven(monkeypatch):
    monkeypatch.setattr(inputs, "PART_EXAMPLES", 7)


def softmax(what, wanted, examples):
    if examples is None:
        return {}
    powers = np.exp(np.asarray(examples, np.float64))
    return powers / powers.sum(axis=1, keepdims=True) if what == "probabilities" else powers


@pytest.mark.parametrize(
    "ask",
    [
        lambda context: fid(context, features="pixels", samples=30, split="test", examples=20),
        lambda context: memorisation(context, features="pixels", samples=30, held_out="test"),
        lambda context: inception_score(context, features="classifier", samples=30, splits=3),
    ],
    ids=["fid", "memorisation", "inception_score"],
)
def test_a_metric_needs_no_more_than_a_part_of_the_images(ask, monkeypatch):
    expected = ask(at_once(extract=softmax))
    monkeypatch.setattr(inputs, "PART_EXAMPLES", 7)
    context, sizes = streamed(extract=softmax)
    scores = ask(context)
    assert max(sizes) == 7
    assert [s.value for s in scores] == [s.value for s in expected]
    assert [s.protocol for s in scores] == [s.protocol for s in expected]


@pytest.mark.usefixtures("seven")
def test_features_of_parts_are_computed_once():
    context, sizes = streamed()
    first = context.generated_features("pixels", 10)
    assert context.generated_features("pixels", 10) is first
    assert np.array_equal(first, FAKE[:10])
    chosen = np.array([40, 3, 3])
    assert np.array_equal(context.real_features("pixels", "train", chosen), REAL[chosen])
    assert len(context.real_features("pixels", "test")) == 50
    assert sizes == [7, 3, 3] + [7] * 7 + [1]


def test_a_part_of_large_images_is_small(monkeypatch):
    monkeypatch.setattr(inputs, "PART_BYTES", 100)
    from advnets.data import DataSpec

    context, sizes = streamed(spec=DataSpec((3,), "float32", 0, 1, "vector"))
    context.generated_features("pixels", 20)
    assert sizes == [8, 8, 4]  # 12 bytes each


@pytest.mark.usefixtures("seven")
def test_a_sample_that_is_not_finite_is_refused_in_its_part(monkeypatch):
    spoilt = FAKE.copy()
    spoilt[9, 1] = np.nan
    monkeypatch.setitem(globals(), "FAKE", spoilt)
    context, _ = streamed()
    with pytest.raises(DataError, match="1 of the generator's 7 samples are not finite"):
        context.generated_features("pixels", 20)


def test_the_oldest_arrays_are_forgotten_first():
    remembered = ArrayCache(most=3 * 8)
    one = remembered.get("one", lambda: np.zeros(2))
    remembered.get("two", lambda: np.ones(2))
    assert remembered.get("two", lambda: np.zeros(2))[0] == 1
    assert remembered.get("one", lambda: np.ones(2)) is not one
    large = remembered.get("large", lambda: np.ones(9))
    assert remembered.get("large", lambda: np.zeros(9)) is large
    with pytest.raises(ValueError, match="read-only"):
        large[0] = 2


def test_a_protocol_tells_of_what_its_own_metric_looked_at():
    class Source:
        name, preprocess = "given", None

        def fingerprint(self, split):
            return split.ljust(16)

    def hashes(*metrics):
        context = at_once(source=Source(), extract=softmax)
        told = {}
        for metric in metrics:
            for score in metric(context.for_another()):
                told[score.metric] = set(score.protocol["data_sha256"])
        return told

    def copied(context):
        return memorisation(context, features="pixels", samples=30, held_out="test")

    def distance(context):
        return fid(context, features="pixels", samples=30, split="test", examples=20)

    def judged(context):
        return inception_score(context, features="classifier", samples=30, splits=3)

    orders = [(copied, distance, judged), (judged, distance, copied)]
    first, other = (hashes(*order) for order in orders)
    assert first == other
    assert first["fid"] == {"test"}
    assert first["memorisation"] == {"test", "train"}


def test_features_are_cached_for_another_metric():
    context, sizes = streamed()
    features = context.for_another().generated_features("pixels", 5)
    assert context.for_another().generated_features("pixels", 5) is features
    assert sizes == [5]


def test_indices_of_a_split_that_is_not_there_are_refused():
    context, _ = streamed()
    for ask in (context.real_parts, lambda *of: context.real_features("pixels", *of)):
        with pytest.raises(DataError, match="no 'validation' split"):
            ask("validation", np.arange(3))
    with pytest.raises(DataError, match="0 samples were requested"):
        context.generated_features("pixels", 0)
