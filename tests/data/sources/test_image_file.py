from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from advnets.data.sources import image_file
from advnets.data.sources.image_file import BrokenImage


def read_image(path: Path, size: int | None, channels: int) -> np.ndarray:
    return image_file.read_image(path, None if size is None else (size, size), channels).pixels


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


def png_file(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of the chunks given."""
    packed = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def png_of_16_bits(colour: int, samples: int) -> bytes:
    """A PNG of 2×2 pixels with 16 bits per channel."""
    rows = b"".join(b"\0" + bytes(range(4 * samples)) for _ in range(2))
    header = struct.pack(">IIBBBBB", 2, 2, 16, colour, 0, 0, 0)
    return png_file((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))


DEEP = {
    "grey.png": png_of_16_bits(0, 1),
    "colours.png": png_of_16_bits(2, 3),
    "grey and opacity.png": png_of_16_bits(4, 2),
    "colours and opacity.png": png_of_16_bits(6, 4),
    "colours.ppm": b"P6 2 2 65535\n" + bytes(24),
    "grey.pgm": b"P5 2 2 1023\n" + bytes(8),
    "colours.tiff": b"II*\0\x08\0\0\0\x09\0"
    + b"".join(
        struct.pack("<HHII", tag, kind, count, value)
        for tag, kind, count, value in (
            *((256, 3, 1, 2), (257, 3, 1, 2), (258, 3, 3, 122), (259, 3, 1, 1), (262, 3, 1, 2)),
            *((273, 4, 1, 128), (277, 3, 1, 3), (278, 3, 1, 2), (279, 4, 1, 24)),
        )
    )
    + bytes(4)
    + struct.pack("<HHH", 16, 16, 16)
    + bytes(24),
}


@pytest.mark.parametrize("name", DEEP)
def test_the_file_s_bits_count_not_those_that_were_decoded(
    tmp_path: Path, name: str, measured: Any
) -> None:
    """Pillow gives most of these as 8 bits per channel."""
    (tmp_path / name).write_bytes(DEEP[name])
    with Image.open(tmp_path / name) as image:
        image.load()
        assert image.size == (2, 2)
    with measured.timed("bits_cut", None, None):
        for channels in (1, 3, 4):
            with pytest.raises(BrokenImage, match="more than 8 bits per channel"):
                read_image(tmp_path / name, None, channels)


SHALLOW = {
    "png": ("1", "L", "LA", "P", "RGB", "RGBA"),
    "tiff": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "LAB", "YCbCr"),
    "bmp": ("1", "L", "P", "RGB", "RGBA"),
    "ppm": ("1", "L", "RGB"),
    "jpg": ("1", "L", "RGB", "CMYK"),
}


@pytest.mark.parametrize("kind", SHALLOW)
def test_up_to_eight_bits_are_read(tmp_path: Path, kind: str) -> None:
    for mode in SHALLOW[kind]:
        Image.new(mode, (4, 4)).save(tmp_path / f"a.{kind}")
        for channels in (1, 3, 4):
            read = read_image(tmp_path / f"a.{kind}", None, channels)
            assert read.shape == (4, 4, channels)


def test_what_colours_come_to(tmp_path: Path) -> None:
    """Magenta ink, a transparent entry of a palette, and one bit."""
    Image.new("CMYK", (4, 4), (0, 255, 0, 0)).save(tmp_path / "cmyk.tif")
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    palette.save(tmp_path / "palette.png", transparency=1)
    Image.new("1", (4, 4), 1).save(tmp_path / "bit.png")
    for name, expected in {
        "cmyk.tif": {3: [255, 0, 255], 4: [255, 0, 255, 255], 1: [105]},
        "palette.png": {3: [255] * 3, 4: [255, 0, 0, 0], 1: [255]},
        "bit.png": {3: [255] * 3, 4: [255] * 4, 1: [255]},
    }.items():
        for channels, values in expected.items():
            assert read_image(tmp_path / name, None, channels)[0, 0].tolist() == values


@pytest.mark.parametrize("kind", ["gif", "tiff", "webp", "png"])
def test_further_pages_are_counted_and_the_first_is_read(tmp_path: Path, kind: str) -> None:
    pages = [Image.new("RGB", (2, 2), colour) for colour in ("red", "blue", "lime")]
    pages[0].save(tmp_path / f"a.{kind}", save_all=True, append_images=pages[1:], lossless=True)
    pages[0].save(tmp_path / f"b.{kind}")
    picture = image_file.read_image(tmp_path / f"a.{kind}", None, 3)
    assert picture.pages == 3
    assert picture.pixels[0, 0].tolist() == [255, 0, 0]
    assert image_file.read_image(tmp_path / f"b.{kind}", None, 3).pages == 1


def test_opacity_is_read_as_a_fourth_channel(tmp_path: Path) -> None:
    pixels = np.array([[[255, 0, 0, 255], [0, 0, 255, 51]]], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png", None, 4), pixels)
    # 51 / 255 = 0.2 of blue over white
    assert read_image(tmp_path / "a.png", None, 3)[0, 1].tolist() == [204, 204, 255]
    Image.new("L", (1, 1), 7).save(tmp_path / "grey.png")
    assert read_image(tmp_path / "grey.png", None, 4)[0, 0].tolist() == [7, 7, 7, 255]


def test_the_largest_part_of_a_rectangular_size_is_resized(tmp_path: Path) -> None:
    pixels = np.zeros((10, 30), np.uint8)
    pixels[:, 5:25] = 200
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    Image.fromarray(pixels.T).save(tmp_path / "high.png")
    wide = image_file.read_image(tmp_path / "wide.png", (5, 10), 1).pixels
    np.testing.assert_array_equal(wide, np.full((5, 10, 1), 200))
    high = image_file.read_image(tmp_path / "high.png", (10, 5), 1).pixels
    np.testing.assert_array_equal(high, np.full((10, 5, 1), 200))
    # of the high one, 5 rows of 10 columns about the middle
    part = image_file.read_image(tmp_path / "high.png", (5, 10), 1).pixels
    np.testing.assert_array_equal(part, np.full((5, 10, 1), 200))


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "bmp", "tiff", "webp", "ppm"])
def test_truncated_anywhere(tmp_path: Path, kind: str) -> None:
    """Every file of this kind that breaks off is an image, or refused: nothing else is raised."""
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    path = tmp_path / f"a.{kind}"
    Image.fromarray(noise).save(path)
    whole = path.read_bytes()
    refused = 0
    for length in range(0, len(whole), max(1, len(whole) // 40)):
        path.write_bytes(whole[:length])
        try:
            assert read_image(path, None, 3).shape == (16, 16, 3)
        except BrokenImage:
            refused += 1
    assert refused > 20


def test_only_formats_of_images_are_decoded(tmp_path: Path) -> None:
    """By its content Pillow takes this for PostScript, and would have Ghostscript run it."""
    script = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) run\n%%EOF\n"
    (tmp_path / "a.png").write_text(script)
    with Image.open(tmp_path / "a.png") as image:
        assert image.format == "EPS"
    with pytest.raises(BrokenImage, match="not an image"):
        read_image(tmp_path / "a.png", None, 3)


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG with a header and the chunks given."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return png_file((b"IHDR", header), *chunks)


@pytest.mark.parametrize(
    "content",
    [
        png(2**31 - 1, 2**31 - 1, (b"IDAT", zlib.compress(b"0"))),
        png(0, 0, (b"IDAT", b"")),
        png(1, 64_000_001, (b"IDAT", zlib.compress(bytes(9)))),
        png(8, 8, (b"zTXt", b"a\0\0" + zlib.compress(bytes(2**27))), (b"IDAT", b"")),
        png(8, 8, (b"iCCP", b"a\0\0" + zlib.compress(bytes(2**27))), (b"IDAT", b"")),
        png(8, 8, (b"IDAT", zlib.compress(bytes(2))), (b"IEND", b"")),
        b"II*\0" + struct.pack("<IHHHII", 8, 65535, 256, 4, 1, 2**31),
        b"P6 99999999999 99999999999 255\n",
        b"GIF89a" + b"\xff" * 600,
        b"RIFF\xff\xff\xff\xffWEBPVP8X" + b"\xff" * 40,
    ],
    ids=lambda content: str(content[:8]),
)
def test_headers_that_claim_absurd_things(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(BrokenImage):
        read_image(tmp_path / "a.png", None, 3)


def test_a_file_too_large_for_any_image(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.write(png(8, 8))
        file.truncate(2**40)  # a hole, that takes no room on the disk
    with pytest.raises(BrokenImage, match="more than 536,870,912 bytes"):
        read_image(tmp_path / "a.png", None, 3)


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "device.png").symlink_to("/dev/zero")
    (tmp_path / "loop.png").symlink_to("loop.png")
    (tmp_path / "folder.png").mkdir()
    for name in ("pipe", "device", "folder"):
        with pytest.raises(BrokenImage, match="not a file"):
            read_image(tmp_path / f"{name}.png", None, 3)
    with pytest.raises(BrokenImage, match="symbolic links"):
        read_image(tmp_path / "loop.png", None, 3)


def test_one_large_image_at_a_time(tmp_path: Path) -> None:
    """And the next one after it, also if the first was broken."""
    Image.new("L", (2100, 2100), 7).save(tmp_path / "large.png")
    whole = (tmp_path / "large.png").read_bytes()
    (tmp_path / "torn.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BrokenImage):
        read_image(tmp_path / "torn.png", 8, 1)
    assert read_image(tmp_path / "large.png", 8, 1).tolist() == [[[7]] * 8] * 8
