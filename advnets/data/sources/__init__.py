"""The data sets that ship, and the formats that they are read from."""

from __future__ import annotations

from .digits import Digits
from .folder import Folder
from .gaussian_1d import Gaussian1d
from .grid import Grid
from .npz import Npz
from .ring import Ring
from .stacked_mnist import StackedMnist
from .tfds import Tfds

__all__ = ["Digits", "Folder", "Gaussian1d", "Grid", "Npz", "Ring", "StackedMnist", "Tfds"]
