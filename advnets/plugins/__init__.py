"""Find plugins, register their components, and attribute errors to them."""

from __future__ import annotations

from .loading import BLOCK, DEFAULT_PLUGINS, VARIABLE, PluginRecord, Registry, load_plugins

__all__ = ["BLOCK", "DEFAULT_PLUGINS", "VARIABLE", "PluginRecord", "Registry", "load_plugins"]
