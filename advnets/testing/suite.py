"""All checks of all components of a plugin, one test each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from unittest import SkipTest

from ..errors import PluginError
from ..plugins import load_plugins
from ..plugins.components import KINDS, Component
from ..plugins.lookup import find_plugins
from ..plugins.registry import PluginRecord, Registry
from ..plugins.tracebacks import describe_error
from .check import attempt, checks_for
from .failure import ConformanceError, fail, suggest_example
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

    def outcome(self) -> Outcome:
        """Run it, where nothing else does; what it prints goes to standard error."""
        if self.reason:
            return Outcome(self.check, "skipped", self.reason)
        whose = f"{self.name!r} of {self.kind}: "
        try:
            with redirect_stdout(sys.stderr):
                self.run()
        except SkipTest as error:
            return Outcome(self.check, "skipped", str(error).removeprefix(whose))
        except ConformanceError as error:
            return Outcome(self.check, "failed", str(error).removeprefix(whose))
        except Exception as error:  # of its schema, say
            return Outcome(self.check, "failed", describe_error(error))
        return Outcome(self.check, "passed")


@dataclass(frozen=True)
class Outcome:
    """How a check went.

    Attributes:
        check: Its name.
        status: ``passed``, ``skipped`` or ``failed``.
        text: Why it was skipped, or what is wrong.
    """

    check: str
    status: str
    text: str = ""


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
    import pytest  # not needed by `advnets plugins check --play`

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
        try:
            registry, records = find_plugins(plugin)
        except PluginError as error:
            run = partial(_fail_to_find, plugin, error)
            found.append(Case("plugin", plugin, "loads", run))
            continue
        for record in records:
            found.extend(cases_of(record, registry, (plugin,), parameters or {}))
    components = {case.name for case in found} | {f"{case.kind}/{case.name}" for case in found}
    idle = [*set(skip or {}) - {case.id for case in found}, *set(parameters or {}) - components]
    # A plugin that could not be loaded has no components to skip anything of.
    if idle and all(case.check != "loads" for case in found):
        raise ValueError(f"no check or component is called {', '.join(sorted(idle))}")
    return [replace(case, reason=(skip or {}).get(case.id, "")) for case in found]


def cases_of(
    record: PluginRecord,
    registry: Registry,
    words: Sequence[str] = (),
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
) -> Iterator[Case]:
    """Yield the cases of a plugin that was found.

    Args:
        record: The plugin.
        registry: All plugins, whose components its own may name.
        words: What these were found by, as ``--plugin`` takes it, for other processes.
        parameters: As of :func:`conformance`.
    """
    if record.status != "ok":
        yield Case("plugin", record.name, "loads", partial(_fail_to_load, record))
        return
    alone = partial(_imports_no_tensorflow, record.name, tuple(words))
    yield Case("plugin", record.name, "imports_no_tensorflow", alone)
    known = parameters or {}
    for kind in KINDS:
        for component in record.components.get(kind, []):
            given = known.get(f"{kind}/{component.name}", known.get(component.name, {}))
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
    subject = subject_of(kind, component, given, registry=registry)
    try:
        attempt(check, subject)
        return
    except ConformanceError as error:
        problem = suggest_example(kind, component.example, str(error))
    fail(f"{subject}: {problem}")


def _fail_to_find(plugin: str, error: PluginError) -> None:
    __tracebackhide__ = True
    installed = ", ".join(r.name for r in load_plugins().plugins if r.source != "built in")
    fail(
        f"{error.message}; installed plugins: {installed or 'none'}",
        hint="; ".join(
            [*filter(None, [error.hint]), "install its distribution (pip install -e .)"]
        ),
    )


def _fail_to_load(record: PluginRecord) -> None:
    __tracebackhide__ = True
    fail(f"the plugin is {record.status}: {record.error}\n{record.traceback}".rstrip(), record.hint)


WITHOUT_TENSORFLOW = """
import json, sys
name, words, sys.path[:] = json.loads(sys.argv[1])
from advnets.plugins.lookup import find_plugins
for record in find_plugins(words[-1] if words else name, words[:-1])[1]:
    if record.name == name:
        if record.status != "ok":
            print(record.error, record.traceback, sep="\\n")
            sys.exit(1)
        for command in record.components.get("commands", []):
            command.load()
for module in ("tensorflow", "keras"):
    if module in sys.modules:
        print(module, "is imported")
        sys.exit(1)
"""


def _imports_no_tensorflow(name: str, words: tuple[str, ...]) -> None:
    """Hooks, schemas and commands are imported by every command, `advnets --help` included."""
    __tracebackhide__ = True
    path = [os.path.abspath(one) for one in sys.path]  # what pytest, say, has put there
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, json.dumps([name, words, path])],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        fail(
            f"registering plugin {name!r} imports TensorFlow or Keras, or fails\n"
            f"{done.stdout.strip() or done.stderr.strip()}",
            hint="import it in the modules that components name as their targets, not in the "
            "module that has the hooks; in commands, inside the function",
        )
