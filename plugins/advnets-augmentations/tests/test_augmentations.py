"""Augmentations by hand: colours, what is cut, compositions, and p that follows D."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from advnets_augmentations.ada import Ada
from advnets_augmentations.colour import Colour
from advnets_augmentations.cutout import Cutout
from advnets_augmentations.diff_augment import DiffAugment

from advnets import AdvnetsError
from advnets.data import DataSpec
from advnets.errors import PluginError, UsageError
from advnets.game import (
    AdversarialGame,
    Augmentation,
    GameContext,
    InstanceNoise,
    Mirror,
    Translation,
)
from advnets.random import Draw
from advnets.recipe import load_recipe
from advnets.testing import play_of

IMAGES = np.random.default_rng(1).uniform(-1, 1, (64, 8, 8, 3)).astype("float32")


def colour(brightness: float, saturation: float, contrast: float, **more: Any) -> np.ndarray:
    """What the three do to IMAGES."""
    made = Colour(brightness, saturation, contrast, **more)
    return made(tf.constant(IMAGES), Draw(1, 0), "c").numpy()


def test_brightness_adds_one_number_to_an_image_in_halves_of_the_range() -> None:
    for ends, half in (((-1.0, 1.0), 1.0), ((0.0, 1.0), 0.5), ((0.0, 255.0), 127.5)):
        added = colour(0.5, 0, 0, range=ends) - IMAGES
        assert np.ptp(added, axis=(1, 2, 3)).max() < 1e-4 * half
        b = added.mean((1, 2, 3)) / half
        assert -0.5 <= b.min() < -0.4
        assert 0.4 < b.max() <= 0.5


def test_saturation_keeps_the_mean_of_a_pixel_and_contrast_that_of_an_image() -> None:
    """The factors on what is left are from 0 to 2, and from ½ to 3/2."""
    for made, axes, low, high in (
        (colour(0, 1, 0), (3,), 0.0, 2.0),
        (colour(0, 0, 0.5), (1, 2, 3), 0.5, 1.5),
    ):
        before, after = (x.mean(axes, keepdims=True) for x in (IMAGES, made))
        np.testing.assert_allclose(before, after, atol=1e-6)
        factors = ((made - after) * (IMAGES - before)).sum((1, 2, 3)) / np.square(
            IMAGES - before
        ).sum((1, 2, 3))
        rebuilt = before + factors[:, None, None, None] * (IMAGES - before)
        np.testing.assert_allclose(made, rebuilt, atol=1e-5)
        width = high - low
        assert low <= factors.min() < low + 0.1 * width
        assert high - 0.1 * width < factors.max() <= high


def test_grey_images_have_no_saturation() -> None:
    grey = tf.constant(IMAGES[..., :1])
    np.testing.assert_allclose(Colour(0, 1, 0)(grey, Draw(1, 0), "c"), grey, atol=1e-6)


def test_colour_takes_the_range_of_the_data() -> None:
    context = GameContext(DataSpec((8, 8, 1), "uint8", 0, 255, "image"), range=(0.0, 1.0))
    assert Colour(0.5, context=context).range == (0.0, 1.0)
    assert Colour(0.5, context=GameContext(context.spec)).range == (-1.0, 1.0)


@pytest.mark.parametrize(("side", "share"), [(8, 0.5), (7, 0.5), (8, 0.4), (5, 1.0)])
def test_cutout_by_hand(side: int, share: float) -> None:
    """Every place of the middle comes, as often as the others; pixels are 0 there and nowhere."""
    length = round(share * side)
    firsts = range(-(length // 2), side - length // 2 + 1 - length % 2)
    places = {
        tuple(first <= i < first + length for i in range(side)): first - firsts[0]
        for first in firsts
    }
    n = 40 * len(firsts) ** 2
    made = Cutout(share)(tf.ones([n, side, side, 1]), Draw(1, 0), "c").numpy()[..., 0]
    counts = np.zeros((len(firsts), len(firsts)))
    for image in 1 - made:
        rows, columns = tuple(image.any(1)), tuple(image.any(0))
        assert np.array_equal(image, np.outer(rows, columns))
        counts[places[rows], places[columns]] += 1
    np.testing.assert_allclose(counts, 40, atol=36)


MAPS = (
    Colour(),
    Cutout(),
    DiffAugment([Colour(), Translation(), Cutout()]),
    Ada([Mirror(), Translation(), Colour()]),
)


@pytest.mark.parametrize("made", MAPS)
def test_each_example_by_itself(made: Augmentation) -> None:
    x = tf.constant(IMAGES[:6])
    if isinstance(made, Ada):
        made.p.assign(0.5)
    whole = made(x, Draw(1, 0), "a")
    parts = [made(x[i * 3 : i * 3 + 3], Draw(1, 0, i, 2), "a") for i in (0, 1)]
    np.testing.assert_allclose(whole, tf.concat(parts, 0), atol=1e-6)
    assert not np.allclose(whole, x)


@pytest.mark.parametrize("made", MAPS)
def test_the_gradient_is_that_of_finite_differences(made: Augmentation) -> None:
    """Every map is affine in x, so a difference quotient is exact up to rounding."""
    x, towards = tf.constant(IMAGES[:4]), tf.constant(IMAGES[4:8])
    weights = tf.constant(IMAGES[8:12])

    def value(t: float) -> tf.Tensor:
        return tf.reduce_sum(weights * made(x + t * towards, Draw(1, 0), "a"))

    with tf.GradientTape() as tape:
        tape.watch(x)
        said = value(0.0)
    slope = tf.reduce_sum(tape.gradient(said, x) * towards)
    assert float(slope) == pytest.approx(float(value(0.5) - value(-0.5)), rel=1e-3)


def test_diff_augment_is_its_maps_one_after_the_other() -> None:
    maps = [Colour(), Translation(), Cutout()]
    x = tf.constant(IMAGES)
    expected = x
    for index, one in enumerate(maps):
        expected = one(expected, Draw(1, 0), f"a/{index}")
    np.testing.assert_array_equal(DiffAugment(maps)(x, Draw(1, 0), "a"), expected)


def test_an_image_that_a_judge_is_told_is_moved_and_not_recoloured() -> None:
    maps = [Colour(), Mirror(), Cutout(), Translation()]
    mask = tf.constant(np.round(IMAGES[..., :1]))
    ada = Ada(maps)
    ada.p.assign(1.0)
    for made in (DiffAugment(maps), ada):
        assert made.geometric
        moved = Mirror()(mask, Draw(1, 0), "a/1")
        moved = Translation()(moved, Draw(1, 0), "a/3")
        np.testing.assert_array_equal(made.move_along(mask, Draw(1, 0), "a"), moved)
    ada.p.assign(0.5)
    both = ada(tf.concat([mask, mask], 3), Draw(1, 0), "a")  # the same images are moved
    only = Ada([Mirror(), Translation()])
    assert both.shape == (64, 8, 8, 2)
    assert only.geometric
    assert DiffAugment([Colour(), Cutout()]).geometric is False


def test_what_maps_say_of_themselves_is_said_of_the_whole() -> None:
    class Unsaid(Augmentation):
        fields = ("label",)

        def observe(self, play: Any) -> dict[str, tf.Tensor]:
            return {"seen": play.real.logits}

    made = Ada([Unsaid(), InstanceNoise(0.1)])
    assert made.geometric is None
    assert (made.requires, made.fields) == (("logits",), ("label",))
    x = tf.ones([3, 2])
    logs = made.observe(play_of(lambda x: tf.reduce_sum(x, 1), x, x))
    assert {name: value.shape for name, value in logs.items()} == {
        "seen": (3,),
        "augmentation_p": (3,),
    }


def seen(ada: Ada, *signs: int) -> float:
    """p after a round in which D says these of its real examples."""
    x = tf.constant(signs, tf.float32)[:, None]
    ada.update(play_of(lambda x: tf.reduce_sum(x, 1), x, x))
    return float(ada.p)


def test_p_follows_r_by_hand() -> None:
    """Each interval of two rounds of 4 is 8 of 40 images: p moves by 0.2, and r = ½ is no sign."""
    ada = Ada([Mirror()], target=0.5, images=40, interval=2)
    assert seen(ada, 1, 1, 1, 1) == 0.0
    assert seen(ada, 1, 1, 1, -1) == pytest.approx(0.2)  # r = ¾
    assert [seen(ada, 1, 1, 1, 1) for _ in range(2)] == pytest.approx([0.2, 0.4])
    assert [seen(ada, 1, 1, 1, -1) for _ in range(2)] == pytest.approx([0.4, 0.4])  # r = ½
    assert [seen(ada, -1, 1, 1, 0) for _ in range(2)] == pytest.approx([0.4, 0.2])  # r = ¼
    for _ in range(4):
        p = seen(ada, -1, -1, -1, -1)
    assert p == 0.0
    for _ in range(40):
        p = seen(ada, 1, 1)
    assert p == 1.0


def test_ada_augments_a_share_p() -> None:
    class Negate(Augmentation):
        def __call__(self, x: tf.Tensor, draw: Draw, stream: str) -> tf.Tensor:
            return -x

    ada = Ada([Negate()])
    ada.p.assign(0.3)
    made = ada(tf.ones([5000, 2]), Draw(1, 0), "a").numpy()
    assert (made[:, 0] == made[:, 1]).all()
    assert (made[:, 0] < 0).mean() == pytest.approx(0.3, abs=0.02)


def game(ada: Augmentation) -> AdversarialGame:
    layers = keras.layers
    sure = layers.Dense(1, bias_initializer=keras.initializers.Constant(20.0))  # of its data
    generator = keras.Sequential([keras.Input((3,)), layers.Dense(16), layers.Reshape((4, 4, 1))])
    discriminator = keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), sure])
    made = AdversarialGame(generator, discriminator, augmentations=[ada])
    made.compile("adam", "adam")
    return made


def test_ada_in_fit_and_in_files(tmp_path: Path) -> None:
    """p rises and is logged; a Keras file holds it, with the maps and the sums."""
    x = np.random.default_rng(0).normal(5, 1, (41, 4, 4, 1)).astype("float32")
    made = game(Ada([Mirror(), Colour(range=(0.0, 1.0))], target=-0.99, images=80, interval=2))
    logs = made.fit(x, batch_size=8, epochs=1, verbose=0).history
    ada = made.augmentations[0]
    assert 0 < logs["augmentation_p"][0] < float(ada.p)
    made.save(tmp_path / "game.keras")
    again = keras.saving.load_model(tmp_path / "game.keras").augmentations[0]
    assert float(again.p) == float(ada.p)
    assert (again.target, again.images, again.interval) == (-0.99, 80, 2)
    assert repr(again.maps) == repr(ada.maps)


def test_made_by_names_of_a_recipe() -> None:
    """By hand, maps are objects, and what is none is refused."""
    context = GameContext(DataSpec((8, 8, 1), "float32"))
    assert isinstance(Ada([Mirror()], target=0.5, context=context).maps[0], Mirror)
    assert isinstance(DiffAugment([Cutout()], context=context).maps[0], Cutout)
    for wrong in ([tf.image.flip_left_right], ["mirror"], Mirror()):
        with pytest.raises(UsageError, match="Ada is made of augmentations, not of"):
            Ada(wrong)
    assert [type(one) for one in Ada(one for one in [Mirror(), Cutout()]).maps] == [Mirror, Cutout]
    with pytest.raises(UsageError, match="Ada cannot be made so: maps: expected at least 1 entry"):
        Ada([])


def test_points_are_no_images() -> None:
    for made in (Colour(), Cutout(), DiffAugment([Cutout()])):
        with pytest.raises(PluginError, match=r"augments images, .* of the shape \[2\]"):
            made(tf.ones([4, 2]), Draw(1, 0), "a")


def recipe(entry: Any, dataset: str = "digits") -> dict[str, Any]:
    return {
        "dataset": dataset,
        "latent": {"name": "uniform", "size": 4},
        "generator": "mlp",
        "discriminator": "mlp",
        "loss": "non_saturating",
        "augmentations": [entry],
        "optimizers": {"generator": "sgd", "discriminator": "sgd"},
        "training": {"steps": 10, "batch_size": 4},
    }


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        ({"name": "colour", "brightness": -0.1}, "brightness"),
        ({"name": "colour", "contrast": {"from": 1.0, "to": -1.0, "rounds": 5}}, "contrast"),
        ({"name": "cutout", "share": 0}, "share"),
        ({"name": "cutout", "share": 1.1}, "share"),
        ({"name": "diff_augment", "policy": []}, "policy"),
        ({"name": "diff_augment", "policy": ["color"]}, "did you mean 'colour'"),
        ({"name": "ada", "target": 1}, "target"),
        ({"name": "ada", "images": 0}, "images"),
        ({"name": "ada", "interval": 0}, "interval"),
        ({"name": "ada", "maps": [{"name": "cutout", "share": 2}]}, "share"),
    ],
)
def test_bad_parameters_are_refused(entry: dict[str, Any], wrong: str) -> None:
    with pytest.raises(AdvnetsError, match=wrong):
        load_recipe(recipe(entry))


@pytest.mark.parametrize("entry", ["colour", "cutout", "diff_augment", "ada"])
def test_points_are_refused_by_validate(entry: str, tmp_path: Path) -> None:
    """With the data set's shape, before TensorFlow is imported; digits are images."""
    from click.testing import CliRunner

    from advnets.cli.main import cli

    file = tmp_path / "r.json"
    file.write_text(json.dumps(recipe(entry)))
    assert CliRunner().invoke(cli, ["validate", str(file)]).exit_code == 0
    refused = CliRunner().invoke(cli, ["validate", str(file), "dataset=ring"])
    assert refused.exit_code == 2
    assert "takes images, [height, width, channels], and ring has" in refused.stderr
