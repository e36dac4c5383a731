"""All checks of all components of a plugin, one test each."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from ..errors import PluginError
from ..plugins import load_plugins
from ..plugins.components import KINDS, Component
from ..plugins.registry import PluginRecord, Registry
from .check import attempt, checks_for
from .failure import ConformanceError, fail
from .subject import subject_of


@dataclass(frozen=True)
class Case:
    """One check of one component.

    Attributes:
        kind: The component's kind, or ``plugin`` for checks of the plugin itself.
        name: The component's name, or the plugin's.
        check: The check's name.
        run: Does it; raises :class:`ConformanceError` if it fails.
        reason: Why it is skipped, or ``""``.
    """

    kind: str
    name: str
    check: str
    run: Callable[[], None]
    reason: str = ""

    @property
    def id(self) -> str:
        """``kind/name/check``, the key for ``skip``."""
        return f"{self.kind}/{self.name}/{self.check}"


def conformance(
    *plugins: str,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    skip: Mapping[str, str] | None = None,
) -> Callable[..., None]:
    """A parametrised pytest function: every check of every component of the plugins.

    Args:
        plugins: Names as in ``advnets plugins list``: of an installed plugin or of its
            distribution; or, as for ``--plugin``, a file or a module.
        parameters: Parameters to check a component with, by its name or ``kind/name``;
            needed where its schema has no defaults.
        skip: Checks that are expected to fail, by their test's id
            (``losses/hinge/one_value_per_example``), each with the reason.

    Returns:
        The test function; give it a name that starts with ``test_``.

    Example::

        test_conformance = conformance("hinge")
    """
    params = [
        pytest.param(
            case,
            id=case.id,
            marks=[pytest.mark.skip(reason=case.reason)] if case.reason else [],
        )
        for case in cases(*plugins, parameters=parameters, skip=skip)
    ]

    @pytest.mark.parametrize("case", params)
    def test_conformance(case: Case) -> None:
        __tracebackhide__ = True
        case.run()

    return test_conformance


def cases(
    *plugins: str,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    skip: Mapping[str, str] | None = None,
) -> list[Case]:
    """What :func:`conformance` runs, as a list; see there for the arguments.

    Raises:
        ValueError: If a key of ``skip`` or ``parameters`` names nothing.
    """
    found: list[Case] = []
    for plugin in plugins:
        found.extend(_cases_of(plugin, parameters or {}))
    components = {case.name for case in found} | {f"{case.kind}/{case.name}" for case in found}
    idle = [*set(skip or {}) - {case.id for case in found}, *set(parameters or {}) - components]
    # A plugin that could not be loaded has no components to skip anything of.
    if idle and all(case.check != "loads" for case in found):
        raise ValueError(f"no check or component is called {', '.join(sorted(idle))}")
    reasons = skip or {}
    return [
        Case(case.kind, case.name, case.check, case.run, reasons.get(case.id, "")) for case in found
    ]


def _cases_of(plugin: str, parameters: Mapping[str, Mapping[str, Any]]) -> Iterator[Case]:
    registry, record, problem = _find(plugin)
    if record is None or record.status != "ok":
        yield Case("plugin", plugin, "loads", partial(_fail_to_load, plugin, record, problem))
        return
    yield Case(
        "plugin", record.name, "imports_no_tensorflow", partial(_imports_no_tensorflow, plugin)
    )
    for kind in KINDS:
        for component in record.components.get(kind, []):
            given = parameters.get(f"{kind}/{component.name}", parameters.get(component.name, {}))
            for check in checks_for(kind):
                run = partial(_run, check, kind, component, given, registry)
                yield Case(kind, component.name, check.__name__, run)


def _run(
    check: Callable[[Any], None],
    kind: str,
    component: Component,
    given: Mapping[str, Any],
    registry: Registry,
) -> None:
    __tracebackhide__ = True
    if (kind, component.name) in registry.conflicts:
        first, second = registry.conflicts[kind, component.name]
        fail(f"the name {component.name!r} of {kind} is taken: by {first} and by {second}")
    subject = subject_of(kind, component, given)
    try:
        attempt(check, subject)
        return
    except ConformanceError as error:
        problem = str(error)
    fail(f"{subject}: {problem}")


def _find(plugin: str) -> tuple[Registry, PluginRecord | None, str]:
    """The registry with the plugin, its record, and what is wrong if there is none."""
    registry = load_plugins()
    for record in registry.plugins:
        distribution = record.source.rpartition(" ")[0]
        if plugin in (record.name, distribution):
            return registry, record, ""
    known = {record.source for record in registry.plugins}
    try:
        registry = load_plugins([plugin])
    except PluginError as error:
        installed = ", ".join(r.name for r in registry.plugins if r.source != "built in") or "none"
        return registry, None, f"{error.message}; installed plugins: {installed}"
    new = [record for record in registry.plugins if record.source not in known]
    return registry, (new or registry.plugins)[-1], ""


def _fail_to_load(plugin: str, record: PluginRecord | None, problem: str) -> None:
    __tracebackhide__ = True
    if record is None:
        fail(
            f"there is no plugin {plugin!r}: {problem}",
            hint="install its distribution (pip install -e .), or give its file",
        )
    fail(f"the plugin is {record.status}: {record.error}\n{record.traceback}".rstrip(), record.hint)


WITHOUT_TENSORFLOW = """
import sys
from advnets.plugins import load_plugins
from advnets.testing.suite import _find
_, record, _ = _find(sys.argv[1])
for command in record.components.get("commands", []):
    command.load()
sys.exit("tensorflow" in sys.modules or "keras" in sys.modules)
"""


def _imports_no_tensorflow(plugin: str) -> None:
    """Hooks, schemas and commands are imported by every command, `advnets --help` included."""
    __tracebackhide__ = True
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, plugin],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        fail(
            f"registering plugin {plugin!r} imports TensorFlow or Keras, or fails\n"
            f"{done.stderr.strip()}".rstrip(),
            hint="import it in the modules that components name as their targets, not in the "
            "module that has the hooks; in commands, inside the function",
        )
