from __future__ import annotations

import pytest

from advnets.data import open_source
from advnets.data.sources.digits import Digits
from advnets.errors import DataError, PluginError
from advnets.plugins import load_plugins
from advnets.plugins.components import Component


def test_a_source_is_opened_from_its_component() -> None:
    component = load_plugins(environ={}).component("datasets", "digits")
    source = open_source(component, {"name": "digits", "size": 28, "preprocess": "symmetric"})
    assert isinstance(source, Digits)
    assert source.spec.shape == (28, 28, 1)
    assert source.preprocess.name == "symmetric"


def test_what_is_no_source_is_refused() -> None:
    with pytest.raises(PluginError, match="returned dict, not a Source"):
        open_source(Component("mine", "builtins:dict"), {})


def test_preprocessing_that_does_not_fit_is_refused_at_once() -> None:
    component = load_plugins(environ={}).component("datasets", "ring")
    with pytest.raises(DataError, match="needs a data set with a range"):
        open_source(component, {"preprocess": "unit"})
