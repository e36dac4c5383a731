"""Extractors: found by name, made once, checked, shared; pixels."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest

from advnets.data import DataSpec, Examples, Source
from advnets.errors import DataError, PluginError, UsageError
from advnets.evaluate import Data, FeatureContext, FeatureExtractor, MetricContext
from advnets.evaluate.features import Extractors
from advnets.plugins import load_plugins

PLUGIN = """
import numpy as np
from pydantic import Field
from advnets import Component, Parameters, hookimpl
from advnets.evaluate import FeatureExtractor

MADE = []

class PowerParameters(Parameters):
    exponent: int = Field(2, ge=1, description="of every value")

@hookimpl
def advnets_features():
    return [
        Component("power", "{module}:Power", "powers", PowerParameters),
        Component("short", "{module}:Short", "fewer rows"),
        Component("none", "{module}:none", "no extractor"),
    ]

class Power(FeatureExtractor):
    at_once = 7

    def __init__(self, context, *, exponent):
        self.exponent = exponent
        self.calls = []
        MADE.append((context.spec.shape, exponent))

    def __call__(self, examples):
        self.calls.append(len(examples))
        return examples.reshape(len(examples), -1).astype("float64") ** self.exponent

    def describe(self):
        return {{"dimensions": 3, "exponent": np.int64(self.exponent)}}

class Short(Power):
    def __init__(self, context):
        pass

    def __call__(self, examples):
        return np.zeros((1, 2))

def none(context):
    return 3
"""


class Triples(Source):
    name = "triples"
    spec = DataSpec((3,), "float32")
    splits = ("train",)

    def read(self, split):
        return Examples(np.arange(60, dtype="float32").reshape(20, 3))


@pytest.fixture
def plugin(tmp_path: Path, request: pytest.FixtureRequest):
    file = tmp_path / f"powers_{zlib.crc32(request.node.name.encode())}.py"  # a module's own name
    file.write_text(PLUGIN.format(module=file.stem))
    registry = load_plugins([str(file)])
    assert not registry.warnings
    return registry


def test_pixels_are_the_flattened_values():
    images = np.random.default_rng(0).random((4, 3, 2, 1), "float32")
    context = MetricContext(data=Data(spec=DataSpec((3, 2, 1), "float32")))
    features = context.features("pixels", images)
    np.testing.assert_array_equal(features, images.reshape(4, 6))
    assert features.dtype == np.float64
    assert context.describe_features("pixels") == {"name": "pixels", "dimensions": 6}
    with pytest.raises(UsageError, match="'pixels' have no classes") as caught:
        context.class_probabilities("pixels", images)
    assert "classifier" in caught.value.hint


def test_one_is_made_for_each_set_of_parameters(plugin):
    extractors = Extractors(Triples(), plugin)
    square = extractors.get("power")
    assert extractors.get({"name": "power"}) is square
    cube = extractors.get({"name": "power", "exponent": 3})
    assert cube is extractors.get({"exponent": 3, "name": "power"})
    assert cube is not square
    made = __import__(type(square).__module__).MADE
    assert made == [((3,), 2), ((3,), 3)]


def test_a_context_shares_remembers_and_describes(plugin):
    extractors, spread = Extractors(Triples(), plugin), []

    def extract(what, wanted, examples):
        spread.append((what, None if examples is None else len(examples)))
        return extractors.extract(what, wanted, examples)

    context = MetricContext(extract=extract)
    x = Triples().load("train")
    features = context.features({"name": "power", "exponent": 3}, x)
    np.testing.assert_array_equal(features, x.astype(float) ** 3)
    assert context.features({"name": "power", "exponent": 3}, x.copy()) is features
    assert not features.flags.writeable
    np.testing.assert_array_equal(context.features("power", x), x.astype(float) ** 2)
    assert len(context.features("power", x[:5])) == 5
    assert spread == [("features", 20), ("features", 20), ("features", 5)]
    assert extractors.get("power").calls == [7, 7, 6, 5], "at most at_once at a time"
    told = context.describe_features({"name": "power", "exponent": 3})
    assert told == {"name": "power", "dimensions": 3, "exponent": 3}
    assert type(told["exponent"]) is int, "plain JSON"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("powr", "'powr' is not among the registered features"),
        ({"exponent": 2}, "names no component"),
        (3, "names no component"),
        (
            {"name": "power", "exponent": 0},
            "'power' .* exponent: expected at least 1, got 0",
        ),
        (
            {"name": "power", "exponnt": 2},
            "'exponnt' .*did you mean 'exponent'",
        ),
    ],
)
def test_what_cannot_be_made_is_refused(plugin, wanted, message):
    with pytest.raises(UsageError, match=message):
        Extractors(Triples(), plugin).get(wanted)


def test_what_is_no_extractor_is_laid_at_its_door(plugin):
    extractors = Extractors(Triples(), plugin)
    with pytest.raises(PluginError, match=r"'none' .* returned int, not a FeatureExtractor"):
        extractors.get("none")
    with pytest.raises(PluginError, match=r"features have shape \(1, 2\) for 7 examples"):
        extractors.extract("features", "short", Triples().load("train"))


def test_features_that_are_not_finite():
    class Log(FeatureExtractor):
        def __call__(self, examples):
            with np.errstate(divide="ignore"):
                return np.log(examples)

        def describe(self):
            return {}

    from advnets.evaluate.features.extractors import compute

    with pytest.raises(PluginError, match="not finite"):
        compute(Log(), "features", np.zeros((2, 1)))


def test_a_context_without_data():
    context = FeatureContext(data=None, spec=None, cache=Path("x"), open=lambda wanted: Triples())
    with pytest.raises(DataError, match="there is none here"):
        _ = context.source
