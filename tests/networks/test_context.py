from __future__ import annotations

import keras
import numpy as np
import pytest

from advnets.data import Field
from advnets.errors import DataError, UsageError
from advnets.networks import NetworkContext, Relu


def test_seeds_differ_by_layer_role_and_run_and_by_nothing_else() -> None:
    def seed(run: int, role: str, layer: str) -> int:
        return NetworkContext(role, (2,), (), seed=run).seed_for(layer)  # type: ignore[arg-type]

    seeds = [
        seed(run, role, layer)
        for run in (0, 1)
        for role in ("generator", "discriminator")
        for layer in ("hidden_0", "hidden_1", "output")
    ]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= s < 2**31 for s in seeds)
    assert seed(1, "generator", "output") == NetworkContext(
        "generator", (7,), (3,), seed=1
    ).seed_for("output")


def test_without_data_there_is_no_mean() -> None:
    with pytest.raises(DataError, match="no data set"):
        NetworkContext("generator", (2,), (3,)).marginals()


LABEL = Field((), "int64", classes=10)
CODE = Field((2,), "float32")


def test_a_networks_name_is_its_role_unless_it_has_one() -> None:
    """Seeds are those of the name, so two generators start from different numbers."""
    first = NetworkContext("generator", (2,), (3,), seed=1)
    named = NetworkContext("generator", (2,), (3,), seed=1, name="generator")
    second = NetworkContext("generator", (2,), (3,), seed=1, name="generator_b")
    assert (first.name, first.input_name) == ("generator", "latent")
    assert NetworkContext("encoder", (3,), (2,)).input_name == "example"
    assert first.seed_for("output") == named.seed_for("output") == 0x1ABF7011
    assert second.seed_for("output") != first.seed_for("output")


def test_one_input_is_a_tensor_and_several_go_by_name() -> None:
    alone = NetworkContext("discriminator", (2, 2, 1))
    inputs = alone.inputs()
    assert list(inputs) == ["example"]
    assert alone.joined(inputs).shape == (None, 4)
    model = alone.model(inputs, alone.dense(1, "output")(alone.joined(inputs)))
    assert (model.name, model.input.name, model.input_shape) == (
        "discriminator", "input", (None, 2, 2, 1)
    )  # fmt: skip

    told = NetworkContext("discriminator", (2, 2, 1), given={"label": LABEL, "code": CODE})
    inputs = told.inputs()
    assert {name: (x.shape[1:], x.dtype) for name, x in inputs.items()} == {
        "example": ((2, 2, 1), "float32"), "label": ((), "int64"), "code": ((2,), "float32"),
    }  # fmt: skip
    x = told.joined(inputs)
    joined = told.model(inputs, x)(
        {
            "example": np.array([[[[1.0], [2.0]], [[3.0], [4.0]]]]),
            "label": np.array([7]),
            "code": np.array([[5.0, 6.0]]),
        }
    )
    one_hot = [0] * 7 + [1, 0, 0]
    np.testing.assert_array_equal(joined, [[1, 2, 3, 4, *one_hot, 5, 6]])


def test_what_was_made_of_an_input_is_joined_as_it_is() -> None:
    context = NetworkContext("generator", (2,), (3,), given={"label": LABEL})
    inputs = context.inputs()
    embedded = keras.layers.Embedding(10, 4)(inputs["label"])
    assert context.joined({**inputs, "label": embedded}).shape == (None, 2 + 4)


def test_a_network_of_classes_alone_takes_a_tensor_of_them() -> None:
    context = NetworkContext("generator", (), (3,), input_name="label", fields={"label": LABEL})
    inputs = context.inputs()
    model = context.model(inputs, context.joined(inputs))
    np.testing.assert_array_equal(model(np.array([1])), [[0, 1] + [0] * 8])


def test_dense_layers_start_from_their_names() -> None:
    def kernel(name: str, layer: str) -> np.ndarray:
        context = NetworkContext("generator", (4,), (4,), seed=1, name=name)
        made = context.dense(4, layer)
        made.build((None, 4))
        return made.kernel.numpy()

    assert (kernel("generator", "a") == kernel("generator", "a")).all()
    assert (kernel("generator", "a") != kernel("generator", "b")).any()
    assert (kernel("generator", "a") != kernel("generator_b", "a")).any()


def test_a_discriminators_relu_is_the_one_for_second_derivatives(tmp_path) -> None:
    context = NetworkContext("discriminator", (2,))
    inputs = context.inputs()
    x = context.dense(2, "hidden", "leaky_relu")(context.joined(inputs))
    model = context.model(inputs, context.dense(1, "output")(x))
    assert isinstance(model.get_layer("hidden").activation, Relu)
    model.get_layer("hidden").kernel.assign([[1, 0], [0, 1]])
    model.get_layer("output").kernel.assign([[1], [1]])
    assert float(model(np.array([[3.0, -1.0]]))[0, 0]) == pytest.approx(3 - 0.2)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert float(again(np.array([[3.0, -1.0]]))[0, 0]) == pytest.approx(3 - 0.2)


def test_a_field_that_is_called_like_a_layer_is_refused() -> None:
    context = NetworkContext("generator", (2,), (3,), given={"output": CODE})
    inputs = context.inputs()
    with pytest.raises(UsageError, match="generator is told 'output', which one of its layers"):
        context.model(inputs, context.dense(3, "output")(context.joined(inputs)))
