"""Describe what a session plays with, and say what of it has changed."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from ..runs import RunFolder
from ..runs.manifest import versions
from ..runs.played_with import list_differences

log = logging.getLogger(__name__)


def describe_present(plugins: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return what a session plays with, as the manifest's ``played_with`` keeps it."""
    return {
        "plugins": {each["name"]: each["sha256"] for each in plugins},
        "versions": versions(),
        "devices": [device.name for device in tf.config.list_logical_devices()],
    }


def say_what_changed(folder: RunFolder, present: Mapping[str, Any], step: int) -> None:
    """Say which plugins' code and versions are others than when the run was last taken up."""
    manifest = folder.manifest.data
    before = {
        "plugins": {each["name"]: each.get("sha256") for each in manifest.get("plugins") or []},
        "versions": manifest.get("versions") or {},
        "devices": manifest.get("devices") or [],
    }
    if not manifest.get("devices"):  # never taken up
        del before["devices"]
    if found := list_differences(before, present):
        log.warning(
            "%s: changed since the run was last taken up. Rounds from %s on are played with what "
            "is here now, and the manifest keeps which were played with what",
            *("; ".join(found), f"{step:,}"),
        )
