"""Register the components of all usable plugins, by kind and name, and who provides them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field

from ..errors import PluginError
from .components import KINDS, Component
from .directory import describe_absent, distributions_of

BUILT_IN = "built in"
BLOCK = "no:"


@dataclass
class PluginRecord:
    """Record what became of one plugin.

    Attributes:
        name: The entry point's name, the module's name, the file's stem, or
            ``builtin-GROUP`` for what ships with advnets.
        source: Where it was found: ``built in``, ``NAME VERSION`` of a distribution,
            ``module NAME``, or a path.
        version: The distribution's version, or ``""``.
        status: ``ok``, ``blocked`` or ``quarantined``.
        error: For a quarantined plugin, one line saying why.
        hint: For a quarantined plugin, how to mend it, or ``""``.
        traceback: For a quarantined plugin, the traceback, or ``""`` if nothing was raised.
        components: The components it registered, by kind.
        doubts: What looks like a mistake in a usable plugin.
        fingerprint: A short hash of its code (:mod:`advnets.plugins.fingerprint`); of what ships
            with advnets ``""``, since its version says it.
        module: The name of the module that it is, or that its class is from.
        slow: Whether importing it imported TensorFlow, which makes every command slow.
    """

    name: str
    source: str
    version: str = ""
    status: str = "ok"
    error: str = ""
    hint: str = ""
    traceback: str = ""
    components: dict[str, list[Component]] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    fingerprint: str = ""
    module: str = ""
    slow: bool = False

    def __str__(self) -> str:
        """Return its name and source, for messages.

        >>> str(PluginRecord("builtin-games", "built in"))
        'advnets (built in)'
        >>> str(PluginRecord("hinge", "advnets-hinge 1.0"))
        'hinge (advnets-hinge 1.0)'
        """
        return f"{'advnets' if self.source == BUILT_IN else self.name} ({self.source})"


class Registry:
    """Hold the components of all usable plugins, by kind and name.

    Attributes:
        plugins: One record per plugin found, in the order of loading.
        warnings: What a user should know about the plugins, one line each.
        conflicts: Names registered twice: ``(kind, name)`` → the two owners.

    >>> from advnets.plugins import load_plugins
    >>> registry = load_plugins(environ={})
    >>> registry.component("losses", "minimax").name
    'minimax'
    """

    def __init__(self) -> None:
        self.plugins: list[PluginRecord] = []
        self.warnings: list[str] = []
        self._components: dict[str, dict[str, tuple[Component, PluginRecord]]] = {
            kind: {} for kind in KINDS
        }
        self.conflicts: dict[tuple[str, str], tuple[PluginRecord, PluginRecord]] = {}

    def add(self, record: PluginRecord) -> None:
        """Register a plugin's components; a name registered twice becomes unusable for both."""
        self.plugins.append(record)
        if record.status == "quarantined":
            self.warnings.append(
                f"plugin {record.name!r} ({record.source}) is not used: {record.error}; "
                "see `advnets plugins list`"
            )
        if record.status != "ok":
            return
        self.warnings.extend(f"plugin {record}: {doubt}" for doubt in record.doubts)
        for kind, components in record.components.items():
            for component in components:
                taken = self._components[kind].get(component.name)
                if taken is None:
                    self._components[kind][component.name] = (component, record)
                else:
                    self.conflicts[kind, component.name] = (taken[1], record)
                    self.warnings.append(
                        f"{component.name!r} of {kind} is registered by {taken[1]} "
                        f"and by {record}, so neither can be used"
                    )

    def names(self, kind: str) -> list[str]:
        """Return the usable names of ``kind``, sorted."""
        self._check_kind(kind)
        return sorted(n for n in self._components[kind] if (kind, n) not in self.conflicts)

    def components(self, kind: str) -> list[Component]:
        """Return the usable components of ``kind``, sorted by name."""
        return [self._components[kind][name][0] for name in self.names(kind)]

    def owner(self, kind: str, name: str) -> PluginRecord:
        """Return the plugin that registered component ``name`` of ``kind``."""
        self.component(kind, name)
        return self._components[kind][name][1]

    def component(self, kind: str, name: str) -> Component:
        """Return the component ``name`` of ``kind``.

        Raises:
            PluginError: If nobody registered it (with the distribution that would bring it, or
                the nearest names and the quarantined plugins that might have), or if two did.
        """
        self._check_kind(kind)
        if (kind, name) in self.conflicts:
            first, second = self.conflicts[kind, name]
            raise PluginError(
                f"{name!r} of {kind} is registered twice: by {first} and by {second}",
                hint=f"rename one of them, or block its plugin with --plugin {BLOCK}{second.name}",
            )
        if name not in self._components[kind]:
            message, hint = self.absent(kind, name) or (
                f"{name!r} is not among the registered {kind}",
                self._hint(kind, name),
            )
            raise PluginError(message, hint=hint)
        return self._components[kind][name][0]

    def absent(self, kind: str, name: str) -> tuple[str, str] | None:
        """Say, as a message and a hint, which distribution would bring what nobody registered.

        ``None`` if none is known to, or if it is there and cannot be used.
        """
        return describe_absent(kind, name, [one.source.rpartition(" ")[0] for one in self.plugins])

    def _check_kind(self, kind: str) -> None:
        if kind not in KINDS:
            near = difflib.get_close_matches(kind, KINDS, n=1)
            raise PluginError(
                f"{kind!r} is not a kind of component",
                hint=f"did you mean {near[0]!r}?" if near else f"the kinds are {', '.join(KINDS)}",
            )

    def _hint(self, kind: str, name: str) -> str:
        names = self.names(kind)
        near = difflib.get_close_matches(str(name), names, n=1)
        known = f"there are: {', '.join(names)}" if names else f"there are no {kind} at all"
        unused = [record for record in self.plugins if record.status != "ok"]
        its = distributions_of(kind, name)  # which is there, and cannot be used
        told = not any(record.source.rpartition(" ")[0] in its for record in unused)
        parts = [f"did you mean {near[0]!r}?" if near else known] if told else []
        for record in unused:
            reason = f" ({record.error})" if record.error else ""
            parts.append(f"plugin {record.name!r} is {record.status}{reason}")
        if any(record.status == "quarantined" for record in unused):
            parts.append("see `advnets plugins list`")
        return "; ".join(parts)
