from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

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

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunk(*each) for each in chunks)


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
