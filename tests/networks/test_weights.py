from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from advnets.errors import UsageError
from advnets.networks import save_weights

STAGE_1 = {
    "layers": [{"units": 6}, {"units": 7, "activation": "sigmoid"}],
    "output": {"activation": "sigmoid", "bias": "marginals"},
}
FRONT = [{"units": 5}, {"units": 3, "activation": "sigmoid", "bias": -2}]


@pytest.fixture
def stage_1(build, generator_context, tmp_path):
    model = build(generator_context(3, (2, 2, 1), seed=1), "mlp", **STAGE_1)
    path = tmp_path / "stage1.npz"
    digest = save_weights(model, path)
    return model, path, digest


@pytest.fixture
def stage_2(build, generator_context):
    def stage_2(pretrained, front=FRONT, **changes):
        parameters = {**STAGE_1, "layers": [*front, *STAGE_1["layers"]], **changes}
        context = generator_context(4, (2, 2, 1), seed=2)
        return build(context, "mlp", **parameters, pretrained=pretrained)

    return stage_2


def test_new_layers_go_in_front_of_the_whole_pretrained_network(stage_1, stage_2) -> None:
    first, path, _ = stage_1
    second = stage_2({"file": str(path)})
    inner = second.get_layer("hidden_1_activation").output
    assert inner.shape == (None, 3)  # what was the latent
    u = np.random.default_rng(0).uniform(size=(5, 3)).astype("float32")
    h = u
    for layer in second.layers[second.layers.index(second.get_layer("hidden_2")) :]:
        h = layer(h)
    np.testing.assert_allclose(h, first(u), rtol=1e-6)
    assert (second.get_layer("hidden_1").bias.numpy() == -2).all()
    assert len(second.trainable_weights) == 10


def test_as_many_layers_are_a_plain_continuation(stage_1, build, generator_context) -> None:
    first, path, _ = stage_1
    context = generator_context(3, (2, 2, 1), seed=9)
    again = build(context, "mlp", **STAGE_1, pretrained=str(path))
    for a, b in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_schema_takes_up_the_files_digest(stage_1) -> None:
    from advnets.builtin.networks import MlpParameters

    _, path, digest = stage_1
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    checked = MlpParameters.model_validate_json(f'{{"pretrained": "{path}"}}')
    assert checked.model_dump()["pretrained"] == {"file": str(path), "sha256": digest}
    missing = MlpParameters.model_validate_json('{"pretrained": "nowhere.npz"}')
    assert missing.pretrained is not None
    assert missing.pretrained.sha256 is None


def test_a_file_that_has_changed_is_refused(stage_1, stage_2) -> None:
    _, path, _ = stage_1
    with pytest.raises(UsageError, match="is not the file that the recipe names"):
        stage_2({"file": str(path), "sha256": "0" * 64})


def test_a_missing_file_is_named_with_the_way_to_get_it(stage_2, tmp_path) -> None:
    with pytest.raises(UsageError, match="does not exist") as caught:
        stage_2({"file": str(tmp_path / "no.npz")})
    assert "advnets export" in caught.value.hint


@pytest.mark.parametrize(
    "content", [b"", b"no archive", b"PK\x03\x04 torn", b"\x93NUMPY\x01\x00v\x00{"]
)
def test_a_damaged_file_is_refused(stage_2, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="not a sound"):
        stage_2({"file": str(path)})


def test_a_torn_file_is_refused(stage_1, stage_2, tmp_path: Path) -> None:
    _, path, _ = stage_1
    whole = path.read_bytes()
    for size in range(0, len(whole), 97):
        torn = tmp_path / "torn.npz"
        torn.write_bytes(whole[:size])
        with pytest.raises(UsageError):
            stage_2({"file": str(torn)})


def test_pickles_and_nan_are_refused(stage_1, stage_2, tmp_path: Path) -> None:
    first, _, _ = stage_1
    arrays = {weight.path: weight.numpy() for weight in first.weights}
    path = tmp_path / "odd.npz"
    np.savez(path, **{**arrays, "output/bias": np.array([{}], object)})
    with pytest.raises(UsageError, match="not a sound"):
        stage_2({"file": str(path)})
    np.savez(path, **{**arrays, "output/bias": np.full(4, np.nan)})
    with pytest.raises(UsageError, match="output/bias"):
        stage_2({"file": str(path)})


def test_layers_that_do_not_fit_are_refused(stage_1, stage_2) -> None:
    _, path, _ = stage_1
    with pytest.raises(UsageError, match=r"hidden_1/kernel have shape \(3, 6\).*\(4, 6\)"):
        stage_2({"file": str(path)}, front=[4])
    with pytest.raises(UsageError, match="are not the last ones"):
        stage_2({"file": str(path)}, layers=[3])
    with pytest.raises(UsageError, match="are not the last ones"):
        stage_2({"file": str(path)}, batch_norm="before")
    empty = path.with_name("empty.npz")
    np.savez(empty)
    with pytest.raises(UsageError, match="are not the last ones"):
        stage_2({"file": str(empty)})


def test_saving_leaves_nothing_behind_but_the_file(stage_1) -> None:
    _, path, _ = stage_1
    assert [file.name for file in path.parent.iterdir()] == ["stage1.npz"]


def test_an_array_is_unpacked_only_if_its_shape_fits(
    stage_1, stage_2, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of weights may come from anybody, and unpack to far more than it seems."""
    first, _, _ = stage_1
    arrays = {weight.path: weight.numpy() for weight in first.weights}
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, **{**arrays, "output/bias": np.zeros(10**6, np.float32)})
    monkeypatch.setattr(np.lib.format, "read_array", None)
    with pytest.raises(UsageError, match="have shape"):
        stage_2({"file": str(path)})
