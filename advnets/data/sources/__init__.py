"""Hold the data sets that ship, and read the formats that they come in."""

from __future__ import annotations

from .digits import Digits
from .folder import Folder
from .mixture import Gaussian1d, Grid, Ring
from .npz import Npz
from .stacked_mnist import StackedMnist
from .tfds import Tfds

__all__ = ["Digits", "Folder", "Gaussian1d", "Grid", "Npz", "Ring", "StackedMnist", "Tfds"]
