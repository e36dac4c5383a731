from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from advnets.data.image_file import BrokenImage, read_image


def test_a_picture_as_it_is(tmp_path: Path) -> None:
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png", None, 3), pixels)
    assert read_image(tmp_path / "a.png", None, 1).shape == (2, 3, 1)


def test_the_central_square_is_resized(tmp_path: Path) -> None:
    pixels = np.zeros((10, 30), np.uint8)
    pixels[:, 10:20] = 200
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png", 5, 1), np.full((5, 5, 1), 200))


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    pixels = np.zeros((2, 4), np.uint8)
    pixels[:, 3] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    upright = read_image(tmp_path / "a.png", None, 1)
    assert upright.shape == (4, 2, 1)
    assert upright[3].min() == 255


def test_transparency_lies_over_white(tmp_path: Path) -> None:
    Image.new("RGBA", (2, 2), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png", None, 3).min() == 255


def test_palettes_and_animations(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (2, 2), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert read_image(tmp_path / "a.gif", None, 3)[0, 0].tolist() == [255, 0, 0]


def test_broken_files(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for name in ("torn.png", "torn.jpg"):
        Image.fromarray(noise).save(tmp_path / name)
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(BrokenImage):
            read_image(tmp_path / name, None, 3)
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("no picture")
    for name in ("empty.png", "text.png", "missing.png"):
        with pytest.raises(BrokenImage):
            read_image(tmp_path / name, None, 3)


def test_absurd_dimensions_are_refused_before_decoding(tmp_path: Path) -> None:
    Image.new("1", (9000, 9000)).save(tmp_path / "bomb.png")
    with pytest.raises(BrokenImage, match="9000×9000 pixels are too many"):
        read_image(tmp_path / "bomb.png", 8, 1)


def test_sixteen_bits_are_not_cut_off(tmp_path: Path) -> None:
    Image.fromarray(np.full((2, 2), 40_000, np.uint16)).save(tmp_path / "a.png")
    with pytest.raises(BrokenImage, match="more than 8 bits"):
        read_image(tmp_path / "a.png", None, 1)
