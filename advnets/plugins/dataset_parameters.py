"""Define the parameters that all data sets share: preprocessing. Imports no TensorFlow."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .parameters import Parameters


class GlobalContrastNormalisation(Parameters):
    """Define the form ``{gcn: SCALE}`` of ``preprocess``."""

    gcn: float = Field(
        gt=0, description="the scale that each centred example's L2 norm is brought to"
    )


class DatasetParameters(Parameters):
    """Define ``preprocess`` for every data set alike, as base class of parameter schemas.

    Subclass it, add fields, and hand all of them to the source's constructor, which passes
    ``preprocess`` on to :class:`advnets.data.Source`.

    ``preprocess`` is one of

    * ``auto``: ``unit`` for images stored as uint8, ``none`` for everything else;
    * ``none``: the stored values, as float32;
    * ``unit``: the data set's own range to [0, 1];
    * ``symmetric``: the data set's own range to [-1, 1];
    * ``{gcn: 55}``: global contrast normalisation; subtract each example's mean, divide by
      its L2 norm / 55 (a divisor below 1e-8 becomes 1).

    >>> DatasetParameters().preprocess
    'auto'
    >>> DatasetParameters.model_validate_json('{"preprocess": {"gcn": 55}}').preprocess.gcn
    55.0
    """

    preprocess: Literal["auto", "none", "unit", "symmetric"] | GlobalContrastNormalisation = Field(
        "auto",
        description="auto, none, unit ([0, 1]), symmetric ([-1, 1]), or {gcn: SCALE}; "
        "auto is unit for uint8 images and none for everything else",
    )
