"""Find plugins, register their components, and attribute errors to them."""

from __future__ import annotations

from .loading import DEFAULT_PLUGINS, VARIABLE, load_plugins
from .registry import BLOCK, PluginRecord, Registry

__all__ = ["BLOCK", "DEFAULT_PLUGINS", "VARIABLE", "PluginRecord", "Registry", "load_plugins"]
