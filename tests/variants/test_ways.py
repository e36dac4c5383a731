"""Every variant in every way that a game is played: twelve rounds on points."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import advnets
import advnets.data
from advnets.plugins import load_plugins
from advnets.recipe import load_recipe

sys.path.insert(0, str(Path(__file__).parent))
from on_points import (
    ALL,
    EXAMPLES,
    MLP,
    PLAIN,
    PLUGINS,
    ROUNDS,
    TIMED,
    WAYS,
    available,
    recipe,
)


def played(variant: str, folder: Path, **overrides: Any) -> advnets.Run:
    if not available(recipe(variant)["loss"], load_plugins(PLUGINS)):
        pytest.skip("its loss is of a plugin that is not installed; `make test` installs it")
    return advnets.run(recipe(variant), overrides, folder, plugins=PLUGINS)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, advnets.Run]:
    """Runs of each variant that nothing was changed in, as they are asked for."""
    folder = tmp_path_factory.mktemp("plain")

    class Played(dict):
        def __missing__(self, variant: str) -> advnets.Run:
            self[variant] = played(variant, folder / variant)
            return self[variant]

    return Played()


def sha(run: advnets.Run) -> str:
    return run.commit.state_sha256


def unless_slow(cases: list[Any], quick: tuple[Any, ...]) -> list[Any]:
    """Mark all cases slow but a few: the rest is for whoever has the time."""
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            marks=[] if case in quick else pytest.mark.slow,
        )
        for case in cases
    ]


@pytest.mark.parametrize(
    "variant", unless_slow(EXAMPLES, ("conditional", "inference", "two_judges", "distilled"))
)
def test_it_plays_and_samples(variant: str, plain: dict[str, advnets.Run]) -> None:
    run = plain[variant]
    last = run.metrics[-1]
    assert last["step"] == ROUNDS
    assert all(math.isfinite(last[name]) for name in ("d_loss", "g_loss"))
    samples, told = run.sample(5)
    assert samples.shape == (5, 2)
    assert told["latent"].shape == (5, 3)
    np.testing.assert_array_equal(run.sample(5)[0], samples)


@pytest.mark.parametrize("variant", unless_slow(ALL, ("inference",)))
def test_interrupted_and_resumed_it_is_the_same(
    variant: str, plain: dict[str, advnets.Run], tmp_path: Path
) -> None:
    played(variant, tmp_path / "run", **{"training.steps": 7})
    resumed = played(variant, tmp_path / "run")
    assert sha(resumed) == sha(plain[variant])


@pytest.mark.parametrize("variant", unless_slow(ALL, ("conditional",)))
def test_streamed_it_is_the_same(
    variant: str, plain: dict[str, advnets.Run], tmp_path: Path
) -> None:
    streamed = played(variant, tmp_path / "run", **WAYS["streamed"])
    assert sha(streamed) == sha(plain[variant])


@pytest.mark.parametrize(
    ("variant", "way"),
    unless_slow(
        [(variant, way) for variant in ALL for way in ("k2", "simultaneous", "bfloat16")]
        + [(variant, "float16") for variant in TIMED],
        (("conditional", "simultaneous"), ("inference", "k2"), ("timed", "bfloat16")),
    ),
)
def test_it_plays_in_every_way(variant: str, way: str, tmp_path: Path) -> None:
    run = played(variant, tmp_path / "run", **WAYS[way])
    last = run.metrics[-1]
    assert last["step"] == ROUNDS
    assert all(math.isfinite(last[name]) for name in ("d_loss", "g_loss"))


@pytest.mark.parametrize("variant", unless_slow(ALL, ("conditional",)))
def test_compiled_by_xla_it_is_near(
    variant: str, plain: dict[str, advnets.Run], tmp_path: Path
) -> None:
    compiled = played(variant, tmp_path / "run", **WAYS["jit"])
    for name, network in plain[variant].game.networks.items():
        others = compiled.game.networks[name].get_weights()
        for one, other in zip(network.get_weights(), others, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("variant", unless_slow(ALL, ("conditional", "inference")))
def test_fit_plays_the_same_rounds(variant: str, plain: dict[str, advnets.Run]) -> None:
    """By hand on the run's own order of examples, the weights come out alike."""
    import tensorflow as tf

    from advnets.data.order import epoch_order
    from advnets.train.build import build_game

    loaded = load_recipe(recipe(variant), registry=load_plugins(PLUGINS))
    source = plain[variant].source
    game = build_game(loaded, source)
    steps = tf.range(ROUNDS, dtype=tf.int64)
    order = epoch_order(loaded.seed, steps, 16, source.count("train")).numpy().ravel()
    examples = source.take("train", order)
    data = (np.asarray(source.preprocess.apply(examples.examples)), examples.labels)
    game.fit(*data, batch_size=16, epochs=1, shuffle=False, verbose=0)
    for name, network in plain[variant].game.networks.items():
        others = game.networks[name].get_weights()
        for one, other in zip(network.get_weights(), others, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_a_game_that_makes_no_examples_plays_and_says_so(tmp_path: Path) -> None:
    """What looks at samples is left out, and what asks for them is told why."""
    changed = {"monitoring.image_every": 6, "monitoring.figures": True, "training.steps": 6}
    run = played("invariant", tmp_path / "run", **changed)
    assert run.metrics[-1]["step"] == 6
    assert "switched_off" not in run.manifest
    assert not list((run.path / "samples").glob("*.png"))
    for ask in (lambda: run.sample(3), lambda: run.evaluate([{"name": "parzen"}])):
        with pytest.raises(advnets.UsageError, match="Invariant makes no examples"):
            ask()


def test_a_label_that_is_asked_for_changes_the_samples(plain: dict[str, advnets.Run]) -> None:
    run = plain["conditional"]
    ones, told = run.sample(6, given={"label": 1})
    assert told["label"].tolist() == [1] * 6
    twos, same = run.sample(6, given={"label": 2})
    np.testing.assert_array_equal(told["latent"], same["latent"])
    assert not np.array_equal(ones, twos)
    with pytest.raises(advnets.UsageError, match="label is 4 for a sample; its classes are 0 to 3"):
        run.sample(6, given={"label": 4})
    with pytest.raises(advnets.UsageError, match="'code' is given, but samples .* latent, label"):
        run.sample(6, given={"code": 4})


def test_a_condition_that_reads_a_label_is_itself_outside_of_a_round() -> None:
    """Not the label that it reads."""
    from advnets.game import AdversarialGame, Condition, Frequencies

    class Opposite(Condition):
        field = advnets.data.Field((), "int64", classes=4)
        fields = ("label",)

        def sample(self, draw: Any, stream: str, examples: Any, batch: Any = None) -> Any:
            return 3 - batch.fields["label"]

    z, y = keras.Input((3,), name="latent"), keras.Input((), name="other", dtype="int64")
    joined = keras.layers.Concatenate()([z, keras.ops.one_hot(y, 4)])
    generator = keras.Model({"latent": z, "other": y}, keras.layers.Dense(2)(joined))
    discriminator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    game = AdversarialGame(generator, discriminator, conditions={"other": Opposite()})
    game.outside = {"label": Frequencies([1.0, 0.0, 0.0, 0.0])}
    assert game.generate(5)[1]["other"].tolist() == [3] * 5
    game.outside = {}
    with pytest.raises(advnets.UsageError, match="'other' comes with real examples"):
        game.generate(5)


def test_an_encounter_draws_nothing_while_it_samples() -> None:
    """Or each part of many samples would get the same numbers, whatever the seed."""
    from advnets.game import AdversarialGame, Encounter

    class Noisy(Encounter):
        def sample(self, scene: Any) -> Any:
            side = self.fake(scene)
            noise = scene.draw.normal("noise", (2,), scene.size)
            return side.having(example=side.example + noise)

    networks = (
        keras.Sequential([keras.Input((n,)), keras.layers.Dense(m)]) for n, m in ((3, 2), (2, 1))
    )
    with pytest.raises(advnets.PluginError, match="'noise'.* while samples are made"):
        AdversarialGame(*networks, encounter=Noisy()).generate(5)


def test_every_network_that_moves_with_g_is_averaged(plain: dict[str, advnets.Run]) -> None:
    game = plain["inference"].game
    assert sorted(game.averages) == ["encoder", "generator"]
    current = game.networks["encoder"].get_weights()[0]
    assert not np.array_equal(game.averages["encoder"].network.get_weights()[0], current)


def test_further_rates_and_single_penalties_are_logged(plain: dict[str, advnets.Run]) -> None:
    last = plain["reading"].metrics[-1]
    assert last["q_learning_rate"] == pytest.approx(3e-3)
    assert [name for name in last if "penalties" in name] == ["g_penalties.0"]
    last = plain["aggregated"].metrics[-1]
    assert last["g_penalties.0"] > 0.0
    assert last["d_penalties.1"] > 0.0


def test_a_frozen_network_stays(plain: dict[str, advnets.Run]) -> None:
    run = plain["distilled"]
    from advnets.train.build import build_game

    fresh = build_game(run.recipe, run.source)
    for one, other in zip(
        fresh.networks["teacher"].get_weights(),
        run.game.networks["teacher"].get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
    moved = fresh.generator.get_weights()[0], run.generator.get_weights()[0]
    assert not np.array_equal(*moved)


def test_networks_start_from_numbers_of_their_own(plain: dict[str, advnets.Run]) -> None:
    run = plain["two_judges"]
    from advnets.train.build import build_game

    fresh = build_game(run.recipe, run.source)
    first, second = (fresh.networks[name].get_weights()[0] for name in ("discriminator", "second"))
    assert first.shape == second.shape
    assert not np.array_equal(first, second)


def test_what_is_wrong_is_told_before_the_first_round(tmp_path: Path) -> None:
    def refused(message: str, variant: str, **changed: Any) -> None:
        wrong, folder = {**recipe(variant), **changed}, tmp_path / message[:20]
        with pytest.raises(advnets.AdvnetsError, match=message) as caught:
            advnets.run(wrong, (), folder, plugins=PLUGINS)
        assert caught.value.exit_code in (1, 2)

    refused("needs a network 'encoder'", "inference", networks={})
    refused("nothing calls it", "conditional", networks={"spare": MLP})
    refused(
        "'colour' neither comes with ring nor",
        "conditional",
        given={"generator": ["colour"]},
    )
    refused(
        "the generator is not told 'label', so generated examples have none",
        "conditional",
        given={"discriminator": ["label"]},
    )
    refused("reads the field label", "auxiliary", given={})
    refused("needs class_logits", "auxiliary", discriminator=PLAIN["discriminator"])


def test_keras_networks_by_hand() -> None:
    keras.utils.set_random_seed(1)
    z = keras.Input((3,), name="latent")
    y = keras.Input((4,), name="label")
    made = keras.layers.Dense(2)(keras.layers.Concatenate()([z, y]))
    x = keras.Input((2,), name="example")
    y2 = keras.Input((4,), name="label")
    said = keras.layers.Dense(1)(keras.layers.Concatenate()([x, y2]))
    from advnets.game import AdversarialGame

    game = AdversarialGame(keras.Model({"latent": z, "label": y}, made), keras.Model([x, y2], said))
    game.compile()
    labels = np.eye(4, dtype="float32")[np.arange(8) % 4]
    history = game.fit(np.ones([8, 2], "float32"), labels, batch_size=4, verbose=0)
    assert math.isfinite(history.history["d_loss"][0])
    with pytest.raises(advnets.UsageError, match="'label' comes with real examples"):
        game.generate(2)
    assert game.generate(2, given={"label": labels[:2]})[0].shape == (2, 2)
