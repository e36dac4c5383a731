"""Open the data set that a recipe names, and prepare one of TFDS."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..plugins.components import Component
from .context import DataContext
from .source import Source
from .sources import tfds_builder


def open_source(component: Component, parameters: Mapping[str, Any]) -> Source:
    """Return the source that a recipe's ``dataset`` names. Reads no data yet.

    Args:
        component: Of kind ``datasets``.
        parameters: Validated, with all defaults filled in; ``offline`` is left aside.

    Returns:
        The source, its ``preprocess`` checked against its spec.

    Raises:
        PluginError: If the component makes something that is no source.
        DataError: If there is no such data set, or if ``preprocess`` doesn't fit it.
    """
    given = {key: value for key, value in parameters.items() if key not in ("name", "offline")}
    source: Source = component.make(Source, given, context=DataContext(component.name))
    source.preprocess  # noqa: B018  (made now, so that what doesn't fit fails at set-up)
    return source


def prepare_data(
    name: str,
    from_dir: str | os.PathLike[str] | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    file_format: str | None = None,
) -> Path:
    """Prepare a TFDS data set on this machine, from the network or from a folder.

    Args:
        name: TFDS's id, such as ``mnist``.
        from_dir: A folder with the official files, under their own names.
        data_dir: Where TFDS keeps its data; by default ``TFDS_DATA_DIR``, or
            ~/tensorflow_datasets.
        file_format: ``array_record`` for a data set larger than memory, which is then read
            in parts; or ``tfrecord``. By default TFDS's own.

    Returns:
        The folder of the prepared data set.

    Raises:
        DataError: If there is no such data set, if a file is not the official one, …
        DataUnavailable: If files are missing and can't be downloaded.
    """
    return tfds_builder.prepare(tfds_builder.find_builder(name, data_dir), from_dir, file_format)
