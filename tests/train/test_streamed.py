"""Streamed training data: the same games as with resident ones, whatever the budget."""

import weakref

import numpy as np
import pytest
import tensorflow as tf
from measured import cost
from PIL import Image

import advnets
from advnets.checkpoint import state_sha256
from advnets.data import DataSpec, Examples, Source
from advnets.data.feed.choose import describe_placement, format_placement, make_feed
from advnets.data.feed.streamed import READ_AHEAD, READ_AT_ONCE, StreamedData
from advnets.data.sources.folder import Folder
from advnets.errors import DataError
from advnets.game.state import state_variables
from advnets.recipe import load_recipe
from advnets.train.build import build_game
from advnets.train.find_data import build_source
from advnets.train.rounds import Rounds

pytestmark = pytest.mark.usefixtures("without_reports")

ONE = tf.distribute.get_strategy()
STREAMED = {"distribution": {"memory_budget": 0}}
STEPS = {
    k: {"updates": {"name": "alternating", "discriminator_steps": k}} if k > 1 else {}
    for k in (1, 2)
}


@pytest.fixture
def images(tmp_path):
    """A folder of 130 noisy 8×8 pictures in two classes, and its recipe entry."""
    rng = np.random.default_rng(0)
    for i in range(130):
        folder = tmp_path / "images" / ("odd" if i % 2 else "even")
        folder.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (8, 8), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i:03}.png")
    return {
        "name": "folder",
        "path": str(tmp_path / "images"),
        "channels": 1,
        "validation": 0,
        "test": 0,
    }


def made(recipe):
    """Game and rounds of a recipe, and its feed."""
    recipe = load_recipe(recipe)
    source = build_source(recipe)
    game = build_game(recipe, source)
    feed = make_feed(recipe, source, game.updates.batches, ONE)
    return game, Rounds(game, feed, ONE), feed


@pytest.mark.parametrize("k", [1, 2])
def test_streamed_plays_the_same_game_bit_for_bit(small, images, k):
    recipe = small(dataset=images, training={"steps": 9, "batch_size": 50}, **STEPS[k])
    states = []
    for entries in ({}, STREAMED):  # 130 examples: an epoch is two batches of 50
        game, rounds, feed = made(recipe | entries)
        feed.seek(0)
        assert isinstance(feed, StreamedData) == bool(entries)
        sums = rounds.play(1), rounds.play(6)
        states.append((state_sha256(state_variables(game)), sums))
    assert states[0] == states[1]


def test_a_feed_can_be_set_to_any_round_without_a_new_trace(small, images):
    game, rounds, feed = made(small(dataset=images, **STREAMED))
    played = []
    start = {name: value.numpy() for name, value in state_variables(game).items()}
    for _ in range(2):
        for name, value in state_variables(game).items():
            value.assign(start[name])
        feed.seek(int(game.rounds.numpy()))
        rounds.play(3)
        played.append(state_sha256(state_variables(game)))
    assert played[0] == played[1]
    assert rounds.traces == 1


def test_sessions_may_differ_in_where_the_data_live(small, images, tmp_path):
    recipe = small(dataset=images, training={"steps": 12, "batch_size": 50})
    whole = advnets.run(recipe, run_dir=tmp_path / "whole").manifest
    seen = []
    for steps, entries in ((5, STREAMED), (9, STREAMED), (12, {})):
        run = advnets.run(recipe | entries, {"training.steps": steps}, run_dir=tmp_path / "parts")
        seen.append(run.manifest["data"]["kept"])
    assert seen == ["streamed", "streamed", "resident"]
    for key in ("state_sha256", "identity", "data"):
        assert run.manifest[key] == whole[key]


class Noise(Source):
    """Two million images, made when they are asked for; 5.7 GiB between them."""

    name = "noise"
    spec = DataSpec((32, 32, 3), "uint8", 0, 255, "image")
    splits = ("train",)

    def __init__(self):
        super().__init__("symmetric")
        self.made, self.most = [], 0

    def read(self, split):
        raise AssertionError("a whole split was read")

    def count(self, split):
        return 2_000_000

    def read_some(self, split, indices):
        pixels = np.full((len(indices), *self.spec.shape), 7, np.uint8)
        self.made.append(weakref.ref(pixels))  # by several threads
        self.most = max(self.most, sum(made() is not None for made in self.made))
        return Examples(pixels)


def test_memory_is_bounded():
    source = Noise()
    assert describe_placement(source) == {"kept": "streamed", "bytes": 2_000_000 * 3072}
    feed = StreamedData(source, 1, 100, 1)
    assert format_placement(source, feed) == "data: streamed, 5.72 GiB, at most 2.64 MiB read ahead"
    feed.seek(5)
    # Counted, not traced: tracemalloc crashes Python 3.11 where threads that are not Python's
    # allocate while it is stopped (github.com/python/cpython/issues/128679).
    for drawn in range(20):
        read = feed.draw(None, tf.constant(0), tf.constant(5 + drawn))
        assert read.shape == (1, 100, 32, 32, 3)
        assert len(source.made) <= 1 + drawn + 1 + READ_AHEAD + READ_AT_ONCE + 1
    assert 0 < source.most <= READ_AHEAD + READ_AT_ONCE + 1
    assert feed.bytes_ahead == 100 * 3072 * (READ_AHEAD + READ_AT_ONCE + 1)


def test_a_large_folder_is_never_decoded_whole(small, images, monkeypatch):
    monkeypatch.setattr(Folder, "read", lambda *_: pytest.fail("a whole split was read"))
    _, rounds, feed = made(small(dataset=images, **STREAMED))
    feed.seek(0)
    assert 0 < rounds.play(4)["d_real"] < 4


def test_a_file_that_vanishes_is_named(small, images, tmp_path):
    _, rounds, feed = made(small(dataset=images, **STREAMED))
    (tmp_path / "images" / "odd" / "007.png").unlink()
    (tmp_path / "images" / "even" / "008.png").write_bytes(b"torn")
    feed.seek(0)
    with pytest.raises(DataError, match=r"00[78]\.png can no longer be read") as caught:
        rounds.play(3)
    assert caught.value.exit_code == 2


def test_whatever_a_source_raises_is_told():
    source = Noise()
    feed = StreamedData(source, 1, 10, 1)

    def fail(split, indices):
        raise OSError("the cable is loose")

    source.read_some = fail
    feed.seek(0)
    with pytest.raises(tf.errors.OpError):
        feed.draw(None, tf.constant(0), tf.constant(0))
    assert "noise: examples cannot be read: OSError: the cable is loose" in str(feed.failure())


def test_a_run_whose_data_vanish_fails_as_such(small, images, tmp_path, monkeypatch, measured):
    read_some, picture = Folder.read_some, tmp_path / "images" / "even" / "014.png"
    content = picture.read_bytes()

    def vanishing(self, split, indices):
        if len(indices) == 50:  # a batch: the run has begun
            picture.unlink(missing_ok=True)
        return read_some(self, split, indices)

    recipe = small(dataset=images, training={"steps": 50, "batch_size": 50})
    with monkeypatch.context() as patch:
        patch.setattr(Folder, "read_some", vanishing)
        with pytest.raises(DataError, match=r"even/014\.png can no longer be read"):
            advnets.run(recipe | STREAMED, run_dir=tmp_path / "run")
    manifest = advnets.open_run(tmp_path / "run").manifest
    assert manifest["status"] == "failed"
    assert "014.png" in manifest["error"]

    # Brought back, it is the run of the same data in memory.
    picture.write_bytes(content)
    again = advnets.run(recipe | STREAMED, run_dir=tmp_path / "run").manifest
    whole = advnets.run(recipe, run_dir=tmp_path / "whole").manifest
    assert again["state_sha256"] == whole["state_sha256"]
    measured("streamed_images_vanish", True, *cost(manifest, again))
