"""Streams of further examples in runs: labels of a few, and a second domain from a file."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import advnets
from advnets.data import DataUnavailable
from advnets.data.feed.choose import make_feed
from advnets.data.feed.streamed import StreamedData
from advnets.data.order import epoch_order
from advnets.distribute.strategy import make_strategy
from advnets.errors import AdvnetsError, DataError, RecipeError, UsageError
from advnets.plugins import load_plugins
from advnets.random import stream_key
from advnets.recipe import load_recipe
from advnets.train.build import build_game
from advnets.train.find_data import batch_sizes, build_source, find_data

sys.path.insert(0, str(Path(__file__).parent))
from on_points import STREAMS_PLUGIN, WAYS, recipe

pytestmark = pytest.mark.usefixtures("without_reports")

ROUNDS = 6
SHORT = {"training.steps": ROUNDS, "checkpoints.every": 3, "monitoring.log_every": 3}
FEW = {"examples": 20, "balanced": "label"}


def play(changed: dict[str, Any], folder: Path, **overrides: Any) -> advnets.Run:
    return advnets.run(changed, {**SHORT, **overrides}, folder, plugins=[STREAMS_PLUGIN])


def sha(run: advnets.Run) -> str:
    return run.commit.state_sha256


def write(path: Path, shift: float = 0.0, examples: int = 64) -> None:
    """Points and their classes about (3, 3), as a file."""
    rng = np.random.default_rng(7)
    splits = {"train": examples, "test": 16}
    arrays = {
        f"{s}_x": rng.normal(3 + shift, 0.1, (n, 2)).astype("float32") for s, n in splits.items()
    }
    np.savez(path, **arrays)


def domains(file: Path) -> dict[str, Any]:
    """Two domains, the second read from a file."""
    arrays = {"train": "train_x", "test": "test_x"}
    way = {"low": 0.0, "high": 6.0, "preprocess": "symmetric"}
    other = {"name": "npz", "path": str(file), **arrays, **way}
    return {
        **recipe("translation"),
        "streams": {"other": {"dataset": other}},
        "evaluation": {"metrics": ["gap"]},
    }


@pytest.fixture(scope="module")
def semi(tmp_path_factory: pytest.TempPathFactory) -> advnets.Run:
    return play(recipe("semi_supervised"), tmp_path_factory.mktemp("semi") / "run")


@pytest.fixture(scope="module")
def translated(tmp_path_factory: pytest.TempPathFactory) -> advnets.Run:
    folder = tmp_path_factory.mktemp("translated")
    write(folder / "other.npz")
    return play(domains(folder / "other.npz"), folder / "run")


@pytest.fixture
def copied(translated: advnets.Run, tmp_path: Path) -> Path:
    """The folder of a copy of the run."""
    return Path(shutil.copytree(translated.path, tmp_path / "copied"))


def built(changed: dict[str, Any], overrides: Any = ()) -> Any:
    """The game, its data and what feeds it, on one device."""
    loaded = load_recipe(changed, overrides, registry=load_plugins([STREAMS_PLUGIN]))
    source = build_source(loaded)
    game = build_game(loaded, source)
    batches, one = game.updates.batches, tf.distribute.get_strategy()
    return game, source, make_feed(loaded, source, batches, one, (), game.streams)


def test_interrupted_and_streamed_it_is_the_same(semi: advnets.Run, tmp_path: Path) -> None:
    """The main data are streamed, and the stream, being smaller, is not."""
    changed = recipe("semi_supervised")
    budget = {"distribution.memory_budget": 1000 / 2**30}
    first = play(changed, tmp_path / "run", **{"training.steps": 4, **budget})
    assert first.manifest["data"]["kept"] == "streamed"
    assert first.manifest["data"]["streams"]["labelled"]["kept"] == "resident"
    assert sha(play(changed, tmp_path / "run")) == sha(semi)


def test_each_round_has_k_batches_in_an_order_of_the_stream_s_own() -> None:
    overrides = {**WAYS["k2"], "streams.labelled.batch_size": 6}
    _, source, resident = built(recipe("semi_supervised"), overrides)
    _, _, streamed = built(recipe("semi_supervised"), {**overrides, **WAYS["streamed"]})
    assert isinstance(streamed.streams["labelled"], StreamedData)
    assert resident.compilable
    assert not streamed.compilable
    streamed.seek(4)
    step = tf.constant(4, tf.int64)
    seed = stream_key(3, "stream/labelled") % 2**31
    order = epoch_order(seed, [8, 9], 6, 20).numpy().ravel()
    expected = source.streams["labelled"].take("train", order)
    for feed in (resident, streamed):
        given = feed.examples(feed.draw(None, step, step))
        assert given["example"].shape == (32, 2)
        np.testing.assert_array_equal(given["labelled"]["example"], expected.examples)
        np.testing.assert_array_equal(given["labelled"]["label"], expected.labels)


def test_the_manifest_names_streams_and_what_they_hold(semi: advnets.Run) -> None:
    data = semi.manifest["data"]
    assert data["streams"]["labelled"]["train"] == 20
    assert data["streams"]["labelled"]["fields"]["names"] == ["label"]
    assert data["streams"]["labelled"]["fingerprint"] != data["fingerprint"]
    assert any(
        line.startswith("stream labelled: train: 20 examples (class 0: 5") for line in data["lines"]
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "ways", [["simultaneous"], ["bfloat16", "k2"], ["jit"], ["jit", "streamed"]]
)
def test_it_plays_in_every_way(ways: list[str], tmp_path: Path) -> None:
    changed = {key: value for way in ways for key, value in WAYS[way].items()}
    for variant in ("semi_supervised", "translation"):
        run = play(recipe(variant), tmp_path / variant, **changed)
        assert run.metrics[-1]["step"] == ROUNDS
        assert all(np.isfinite(run.metrics[-1][name]) for name in ("d_loss", "g_loss"))


def test_samples_need_no_data(translated: advnets.Run, copied: Path) -> None:
    samples, told = translated.sample(5)
    with np.load(translated.path / "samples" / "kept.npz") as kept:
        np.testing.assert_allclose(told["other.example"], kept["other.example"][:5], rtol=1e-6)
    given = translated.sample(given={"other.example": told["other.example"]})[0]
    np.testing.assert_allclose(given, samples, rtol=1e-5)
    recipe_file = copied / "recipe.yaml"
    recipe_file.write_text(recipe_file.read_text().replace("other.npz", "nowhere.npz"))
    moved = advnets.open_run(copied, plugins=[STREAMS_PLUGIN])
    np.testing.assert_array_equal(moved.sample(5)[0], samples)
    with pytest.raises(DataUnavailable, match="the run's data are needed"):
        moved.evaluate(["gap"])


def test_samples_need_no_plugin_that_reads_a_stream_in_rounds_alone(semi: advnets.Run) -> None:
    """The penalty is not here, and nothing else reads the stream."""
    opened = advnets.open_run(semi.path)
    np.testing.assert_array_equal(opened.sample(3)[0], semi.sample(3)[0])
    assert opened.recipe.settings.streams == {}
    with pytest.raises(RecipeError, match="'own_supervised' is not among"):
        advnets.run(semi.path, {"training.steps": ROUNDS + 1})


def test_a_metric_reads_the_held_out_examples_of_a_stream(translated: advnets.Run) -> None:
    (score,) = translated.manifest["scores"]
    assert -0.1 < score["value"] < 0.1  # both are about 0, once preprocessed
    assert sorted(score["protocol"]["data_sha256"]) == ["other.test", "test"]


def test_moved_data_are_taken_up_and_others_refused(copied: Path, tmp_path: Path) -> None:
    same, others = tmp_path / "same.npz", tmp_path / "others.npz"
    write(same)
    write(others, shift=0.5)

    def go_on(file: Path, steps: int) -> advnets.Run:
        changed = {"training.steps": steps, "streams.other.dataset.path": str(file)}
        return advnets.run(copied, changed, plugins=[STREAMS_PLUGIN])

    for steps in (ROUNDS, ROUNDS + 1):  # finished already, or not
        with pytest.raises(UsageError, match="the data of the stream 'other' have changed since"):
            go_on(others, steps)
    assert go_on(same, ROUNDS + 1).manifest["step"] == ROUNDS + 1


def test_the_second_domain_s_networks_are_built_for_its_examples(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "wide.npz", x=rng.uniform(-1, 1, (32, 3)).astype("float32"))
    other = {"name": "npz", "path": str(tmp_path / "wide.npz"), "train": "x"}
    changed = {**recipe("translation"), "streams": {"other": {"dataset": other}}}
    game, source, _ = built(changed)
    shapes = {
        name: (one.input_shape[1:], one.output_shape[1:]) for name, one in game.networks.items()
    }
    assert shapes["generator"] == ((3,), (2,))
    assert shapes["generator_b"] == ((2,), (3,))
    assert shapes["discriminator_b"][0] == (3,)
    assert source.streams["other"].spec.shape == (3,)


BAD: dict[str, tuple[str, dict[str, Any], type[AdvnetsError], str]] = {
    "unused": (
        "semi_supervised",
        {"streams.more": {"take": {"examples": 20}}},
        UsageError,
        "nothing in the game reads the stream 'more'",
    ),
    "undeclared": (
        "semi_supervised",
        {"streams": {}},
        UsageError,
        "the game reads a stream 'labelled', and the recipe has none",
    ),
    "undeclared_space": (
        "translation",
        {"streams": {}},
        UsageError,
        "is told 'other.example', which there is not",
    ),
    "small": (
        "semi_supervised",
        {"streams.labelled.batch_size": 21},
        AdvnetsError,
        "the stream 'labelled' has 20 examples for training, fewer than one batch of 21",
    ),
    "too_many": (
        "semi_supervised",
        {"streams.labelled.take": {"examples": 321}},
        AdvnetsError,
        "321 examples are to be taken of the 320",
    ),
    "too_few_of_a_class": (
        "semi_supervised",
        {"streams.labelled.take": {"examples": 320, "balanced": "label"}},
        AdvnetsError,
        "80 examples are to be taken of each label of ring",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_run_refuses_before_its_first_round(case: str, tmp_path: Path) -> None:
    variant, overrides, kind, said = BAD[case]
    with pytest.raises(kind, match=said):
        play(recipe(variant), tmp_path / "run", **overrides)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("take", "said"),
    [
        ({"examples": 21, "balanced": "label"}, "21 examples cannot be equally many of 4 classes"),
        ({"examples": 20, "balanced": "size"}, "has no field 'size'"),
        ({"examples": 20, "balanced": "index"}, "the field 'index' of ring is not one class"),
    ],
)
def test_what_the_data_cannot_give_is_refused_where_it_is_said(take: Any, said: str) -> None:
    changed = {**recipe("semi_supervised"), "streams": {"labelled": {"take": take}}}
    loaded = load_recipe(changed, registry=load_plugins([STREAMS_PLUGIN]))
    with pytest.raises(RecipeError, match="streams.labelled.take.balanced") as refused:
        find_data(loaded)
    assert said in str(refused.value)


def test_an_empty_stream_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "empty.npz", examples=0)
    with pytest.raises(DataError, match="the stream 'other' has 0 examples for training"):
        play(domains(tmp_path / "empty.npz"), tmp_path / "run")


def test_replicas_that_cannot_share_a_stream_s_batch_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With those that cannot share the data's own, before anything is made."""
    loaded = load_recipe(
        recipe("semi_supervised"),
        {"training.batch_size": 15},
        registry=load_plugins([STREAMS_PLUGIN]),
    )
    size, streams = batch_sizes(loaded)
    assert (size, streams) == (15, {"labelled": 10})
    three = [tf.config.list_logical_devices("CPU")[0]] * 3
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: three * (kind == "CPU"))
    mirrored = SimpleNamespace(num_replicas_in_sync=3)
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", lambda devices: mirrored)
    for batch_size, said in ((15, ""), (16, "training.batch_size 16, ")):
        said += "streams.labelled.batch_size 10 cannot be shared evenly by 3 devices"
        with pytest.raises(UsageError, match=said):
            make_strategy("mirrored", batch_size, streams)


def test_a_stream_is_called_as_nothing_else_is() -> None:
    changed = {**recipe("semi_supervised"), "streams": {"label": {"take": FEW}}}
    loaded = load_recipe(changed, registry=load_plugins([STREAMS_PLUGIN]))
    with pytest.raises(RecipeError, match="streams.label: ring has a field called 'label'"):
        find_data(loaded)


def test_all_data_are_stand_ins_or_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    changed = domains(tmp_path / "nowhere.npz")
    registry = load_plugins([STREAMS_PLUGIN])
    ring = changed["dataset"]
    with pytest.raises(DataUnavailable, match="the stream 'other': "):
        find_data(load_recipe(changed, registry=registry))
    one = {"streams.other.dataset.offline": {**ring, "modes": 3}}
    with pytest.raises(DataUnavailable) as refused:
        find_data(load_recipe(changed, one, registry=registry))
    assert "dataset.offline" in str(refused.value.hint)
    found = find_data(load_recipe(changed, {**one, "dataset.offline": ring}, registry=registry))
    assert found.source.streams["other"].spec.fields["label"].classes == 3
    assert found.missing is not None
    assert "Going on with 'ring' and 'ring'" in caplog.text


def test_a_subset_has_no_held_out_examples_of_its_own(semi: advnets.Run) -> None:
    from advnets.evaluate import Data, MetricContext

    context = MetricContext(data=Data.of(semi.source))
    assert context.examples("train", stream="labelled").shape == (20, 2)
    with pytest.raises(DataError, match="is some of the main data's training examples"):
        context.examples("test", stream="labelled")
    with pytest.raises(DataError, match="there is no stream 'others'"):
        context.examples("test", stream="others")


def test_fit_plays_the_same_rounds(semi: advnets.Run) -> None:
    """By hand on what the run's rounds were given, the weights come out alike."""
    game, _, feed = built(recipe("semi_supervised"))
    feed.seek(0)

    def elements() -> Iterator[Any]:
        for step in range(ROUNDS):
            at = tf.constant(step, tf.int64)
            yield feed.examples(feed.draw(None, at, at))

    game.fit(elements(), verbose=0)
    for name, network in semi.game.networks.items():
        others = game.networks[name].get_weights()
        for one, other in zip(network.get_weights(), others, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
