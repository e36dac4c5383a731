"""Networks as a recipe would ask for them: through the schema, then the component's target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.builtin.networks import advnets_architectures
from advnets.networks import NetworkContext, mixes_examples


@pytest.fixture
def build() -> Callable[..., keras.Model]:
    """``build(context, name, **parameters)``: validate the parameters, then build."""

    def build(context: NetworkContext, name: str, **parameters: Any) -> keras.Model:
        component = {c.name: c for c in advnets_architectures()}[name]
        assert context.role == "encoder" or context.role in component.roles
        return component.load()(context, **component.resolve(parameters).model_dump())

    return build


@pytest.fixture
def generator_context() -> Callable[..., NetworkContext]:
    """A generator's context; the training data's mean is 0.25 everywhere unless given."""

    def context(latent: int, shape: tuple[int, ...], mean: Any = 0.25, seed: int = 1, **more: Any):
        return NetworkContext(
            "generator", (latent,), shape, lambda: np.broadcast_to(mean, shape), seed, **more
        )

    return context


@pytest.fixture
def mixes() -> Callable[[keras.Model], bool]:
    """``mixes(model)``: ask a network of one input whether it mixes examples."""

    def ask(model: keras.Model) -> bool:
        draw = np.random.default_rng(1)
        shape = (4, *model.input_shape[1:])
        batch, others = draw.uniform(size=shape), draw.normal(1.0, 3.0, shape)
        return mixes_examples(
            model, tf.constant(batch, tf.float32), tf.constant(others, tf.float32)
        )

    return ask


@pytest.fixture
def discriminator_context() -> Callable[..., NetworkContext]:
    def context(shape: tuple[int, ...], seed: int = 1, **more: Any):
        return NetworkContext("discriminator", shape, (), seed=seed, **more)

    return context
