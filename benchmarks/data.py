"""The training data of the cases, written once for all contestants: ``.bench/data/*.npz``.

Runs in advnets' own environment: ``python -m benchmarks.data``.
"""

from __future__ import annotations

import numpy as np

from .cases.dcgan import DCGAN
from .cases.mnist import MNIST
from .cases.ring import RING
from .places import DATA


def load(name: str) -> np.ndarray:
    """The examples called ``mnist``, ``ring`` or ``images``, as they are stored."""
    with np.load(DATA / f"{name}.npz") as archive:
        return archive["train"]


def about() -> dict[str, str]:
    """Where each data set came from."""
    return {file.stem: file.read_text() for file in sorted(DATA.glob("*.txt"))}


def prepare(only: str | None = None) -> None:
    """Write whatever is missing; or one data set, if that is.

    Args:
        only: The name of the data set.
    """
    DATA.mkdir(parents=True, exist_ok=True)
    for name, make in {"mnist": _mnist, "images": _images, "ring": _ring}.items():
        if only in (None, name) and not (DATA / f"{name}.txt").exists():
            examples, origin = make(np.random.default_rng(1))
            np.savez(DATA / f"{name}.npz", train=examples)
            (DATA / f"{name}.txt").write_text(origin)


def _images(rng: np.random.Generator) -> tuple[np.ndarray, str]:
    images = rng.integers(0, 256, [DCGAN.examples, *DCGAN.shape], dtype=np.uint8)
    return images, "random bytes"


def _ring(rng: np.random.Generator) -> tuple[np.ndarray, str]:
    angles = 2 * np.pi * rng.integers(0, 8, RING.examples) / 8
    centres = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = centres + 0.01 * rng.standard_normal(centres.shape)
    return points.astype(np.float32), "eight Gaussians of deviation 0.01 on the unit circle"


def _mnist(rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """Real MNIST if TFDS has prepared it, else random bytes of the same shape."""
    from advnets.data.sources.tfds import Tfds
    from advnets.errors import AdvnetsError

    try:
        source = Tfds("mnist", train="train[:50000]")
        source.available()
        return np.asarray(source.load("train")), "MNIST, train[:50000] of TFDS"
    except AdvnetsError as error:
        synthetic = rng.integers(0, 256, [MNIST.examples, *MNIST.shape], dtype=np.uint8)
        return synthetic, f"random bytes, since MNIST is not prepared ({error.message})"


if __name__ == "__main__":
    prepare()
