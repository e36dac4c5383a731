"""What plugins are: components, hooks, the registry, and how they are found and blamed."""

from __future__ import annotations

from .loading import BLOCK, DEFAULT_PLUGINS, VARIABLE, PluginRecord, Registry, load_plugins

__all__ = ["BLOCK", "DEFAULT_PLUGINS", "VARIABLE", "PluginRecord", "Registry", "load_plugins"]
