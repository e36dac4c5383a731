"""Plugins are found in four places; a broken one is set aside, and everything else goes on."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from measured import Measured

from advnets import PluginError
from advnets.plugins import DEFAULT_PLUGINS, load_plugins

from .conftest import LOSS, Write, load, record


def test_built_ins_are_plugins_like_any_other() -> None:
    registry = load()
    built_in = [r for r in registry.plugins if r.source == "built in"]
    assert [r.name for r in built_in] == [
        f"builtin-{module.rpartition('.')[2]}" for module in DEFAULT_PLUGINS
    ]
    assert {str(r) for r in built_in} == {"advnets (built in)"}
    assert [(r.name, r.error) for r in built_in if r.status != "ok"] == []
    assert "minimax" in registry.names("losses")
    assert registry.warnings == []


def test_a_file(write: Write) -> None:
    path = write(LOSS.format(name="mine"))
    registry = load(path)
    assert registry.component("losses", "mine").summary == "a loss"
    owner = registry.owner("losses", "mine")
    assert (owner.name, owner.source) == (path.stem, str(path))
    assert len(owner.fingerprint) == 16
    assert str(owner) == f"{path.stem} ({path})"


def test_a_path_and_one_alone(write: Write) -> None:
    path = write(LOSS.format(name="mine"))
    for given in ([path], path, str(path)):
        assert "mine" in load_plugins(given, environ={}).names("losses")


def test_a_file_on_pythons_path(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m advnets --plugin mine.py` finds mine.py as a module too: the same one."""
    path = write(LOSS.format(name="mine"))
    monkeypatch.syspath_prepend(str(path.parent))
    registry = load(path)
    assert record(registry, path.stem).status == "ok"


def test_a_module(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(LOSS.format(name="mine"))
    monkeypatch.syspath_prepend(str(path.parent))
    assert load(path.stem).owner("losses", "mine").source == f"module {path.stem}"


def test_the_variable(write: Write) -> None:
    first, second = write(LOSS.format(name="first")), write(LOSS.format(name="second"))
    registry = load(environ={"ADVNETS_PLUGINS": f"{first}, {second},"})
    assert {"first", "second"} <= set(registry.names("losses"))


def test_an_entry_point(install: Callable[[str, str, str], None]) -> None:
    install("advnets-mine", "mine", LOSS.format(name="mine"))
    owner = load().owner("losses", "mine")
    assert (owner.name, owner.source, owner.version) == ("mine", "advnets-mine 1.2", "1.2")


def test_an_entry_point_that_raises(install: Callable[[str, str, str], None]) -> None:
    install("advnets-broken", "broken", "raise RuntimeError('no luck')")
    install("advnets-mine", "mine", LOSS.format(name="mine"))
    registry = load()
    assert record(registry, "broken").status == "quarantined"
    assert registry.owner("losses", "mine").name == "mine"


def test_entry_points_of_one_name(install: Callable[[str, str, str], None]) -> None:
    install("advnets-one", "mine", LOSS.format(name="one"))
    install("advnets-two", "mine", LOSS.format(name="two"))
    registry = load()
    usable = [r for r in registry.plugins if r.name == "mine" and r.status == "ok"]
    other = [r for r in registry.plugins if r.name == "mine" and r.status == "quarantined"]
    assert len(usable) == len(other) == 1
    assert "already called 'mine'" in other[0].error


def test_the_same_plugin_twice_is_once(write: Write) -> None:
    path = write(LOSS.format(name="mine"))
    registry = load(path, path, environ={"ADVNETS_PLUGINS": str(path)})
    assert [r.name for r in registry.plugins].count(path.stem) == 1
    assert registry.component("losses", "mine")


BROKEN = {
    "raises at import": ("raise RuntimeError('no luck')", "RuntimeError: no luck"),
    "exits at import": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "has a syntax error": ("def (", "SyntaxError"),
    "implements nothing": ("x = 1", "it is no plugin: nothing in it implements a hook"),
    "misspells a hook": (
        LOSS.format(name="mine").replace("advnets_losses", "advnets_loses"),
        "advnets_loses is not a hook of advnets",
    ),
    "forgets the decorator": (
        LOSS.format(name="mine").replace("@hookimpl", ""),
        "advnets_losses is not decorated",
    ),
    "takes an argument": (
        LOSS.format(name="mine").replace("losses()", "losses(registry)"),
        "PluginValidationError",
    ),
    "raises in a hook": (
        LOSS.format(name="mine").replace("return", "raise KeyError('x')\n    return"),
        "KeyError",
    ),
    "returns something else": (
        "from advnets import hookimpl\n@hookimpl\ndef advnets_losses(): return ['mine']",
        "which is no advnets.Component",
    ),
    "returns nothing": (
        "from advnets import hookimpl\n@hookimpl\ndef advnets_losses(): pass",
        "not a list of advnets.Component",
    ),
    "registers a bad name": (LOSS.format(name="Bad Name"), "'Bad Name' is not a component name"),
    "registers a name twice": (
        LOSS.format(name="mine").replace("]", ", Component('mine', 'os:getcwd')]"),
        "two components called 'mine'",
    ),
    "uses a reserved parameter": (
        "from advnets import Component, Parameters, hookimpl\n"
        "class P(Parameters):\n    name: str = 'x'\n"
        "@hookimpl\ndef advnets_losses(): return [Component('mine', 'os:getcwd', parameters=P)]",
        "has a parameter called 'name'",
    ),
    "has a parameter of the target's own name for what it is given": (
        "from advnets import Component, Parameters, hookimpl\n"
        "class P(Parameters):\n    context: str = 'x'\n"
        "@hookimpl\ndef advnets_losses(): return [Component('mine', 'os:getcwd', parameters=P)]",
        "has a parameter called 'context'",
    ),
}


@pytest.mark.parametrize(("text", "error"), BROKEN.values(), ids=BROKEN)
def test_quarantine(write: Write, measured: Measured, text: str, error: str) -> None:
    path, sound = write(text), write(LOSS.format(name="sound"))
    began = time.perf_counter()
    registry = load(path, sound)
    seconds = time.perf_counter() - began
    broken = record(registry, path.stem)
    assert broken.status == "quarantined"
    assert error in broken.error
    assert "\n" not in broken.error
    assert "Traceback" in broken.traceback
    assert broken.components == {}
    assert path.stem in registry.warnings[0]
    assert {"sound", "minimax"} <= set(registry.names("losses"))
    with pytest.raises(PluginError) as raised:
        registry.component("losses", "mine")
    assert f"plugin '{path.stem}' is quarantined" in str(raised.value.hint)
    measured("broken_plugin", None, 0, seconds)


def test_the_traceback_shows_the_plugins_own_line(write: Write) -> None:
    path = write("def helper():\n    raise RuntimeError('deep')\nhelper()\n")
    assert f'{path}", line 2, in helper' in record(load(path), path.stem).traceback


def test_a_misspelt_hook_gets_a_hint(write: Write) -> None:
    path = write(LOSS.format(name="mine").replace("advnets_losses", "advnets_loses"))
    assert record(load(path), path.stem).hint == "did you mean advnets_losses?"


@pytest.mark.parametrize("stem", ["os", "json", "not-a-name", "2fast"])
def test_file_names_that_cannot_be_modules(write: Write, stem: str) -> None:
    path = write(LOSS.format(name="mine"), stem)
    broken = record(load(path), stem)
    assert broken.status == "quarantined"
    assert "rename the file" in broken.hint


def test_two_owners_of_one_name(write: Write, measured: Measured) -> None:
    first, second = write(LOSS.format(name="mine")), write(LOSS.format(name="mine"))
    began = time.perf_counter()
    registry = load(first, second)
    seconds = time.perf_counter() - began
    with pytest.raises(PluginError, match="'mine' of losses is registered twice") as error:
        registry.component("losses", "mine")
    assert str(first) in str(error.value)
    assert str(second) in str(error.value)
    assert "mine" not in registry.names("losses")
    assert registry.conflicts.keys() == {("losses", "mine")}
    assert "minimax" in registry.names("losses")
    assert load(first, second, f"no:{second.stem}").component("losses", "mine")
    measured("two_of_one_name", None, 0, seconds)


def test_a_built_in_name_cannot_be_taken(write: Write) -> None:
    path = write(LOSS.format(name="minimax"))
    with pytest.raises(PluginError, match=r"by advnets \(built in\) and by plugin_file"):
        load(path).component("losses", "minimax")


def test_one_name_in_two_kinds_is_fine(write: Write) -> None:
    text = LOSS.format(name="mine") + LOSS.format(name="mine").replace("losses", "penalties")
    registry = load(write(text))
    assert registry.component("losses", "mine")
    assert registry.component("penalties", "mine")


def test_a_hook_under_another_name(write: Write) -> None:
    text = LOSS.format(name="mine").replace(
        "@hookimpl\ndef advnets_losses", '@hookimpl(specname="advnets_losses")\ndef losses'
    )
    assert load(write(text)).component("losses", "mine")


def test_unknown_names_and_kinds() -> None:
    registry = load()
    with pytest.raises(PluginError) as error:
        registry.component("losses", "minimaks")
    assert error.value.hint == "did you mean 'minimax'?"
    with pytest.raises(PluginError) as error:
        registry.component("losses", "zzz")
    assert str(error.value.hint).startswith("there are: ")
    assert "minimax, " in str(error.value.hint)
    with pytest.raises(PluginError, match="'loses' is not a kind of component") as error:
        registry.names("loses")
    assert error.value.hint == "did you mean 'losses'?"


def test_entry_points_of_other_groups_are_left_alone() -> None:
    points = importlib.metadata.entry_points(group="advnets")
    found = [r.name for r in load().plugins if r.source != "built in"]
    assert sorted(found) == sorted({point.name for point in points})


def test_the_fingerprint_of_a_package_is_of_all_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    found = []
    written = [("x = 1", ""), ("x = 1", ""), ("x = 2", ""), ("x = 1", "!")]
    for number, (helper, note) in enumerate(written):
        name = "fingerprinted_package"
        package = tmp_path / str(number) / name
        (package / "inner").mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "plugin.py").write_text(LOSS.format(name="mine"))
        (package / "inner" / "helper.py").write_text(helper)
        (package / "inner" / "note.txt").write_text(note)
        sys.path.insert(0, str(package.parent))
        importlib.invalidate_caches()
        record = load_plugins([f"{name}.plugin"], {}).plugins[-1]
        assert record.status == "ok"
        found.append(record.fingerprint)
        (package / "inner" / "helper.py").write_text("changed since it was imported")
        assert load_plugins([f"{name}.plugin"], {}).plugins[-1].fingerprint == found[-1]
        for module in [each for each in sys.modules if each.startswith(name)]:
            del sys.modules[module]
    assert found[0] == found[1]  # wherever it lies
    assert len(set(found)) == 3
    assert {len(each) for each in found} == {16}
    built_in = [each for each in load_plugins((), {}).plugins if each.source == "built in"]
    assert {each.fingerprint for each in built_in} == {""}


def test_the_fingerprint_of_a_file_is_of_the_file_alone(write: Write) -> None:
    one, other = write(LOSS.format(name="a")), write(LOSS.format(name="b"))
    records = load_plugins([str(one), str(other)], {}).plugins[-2:]
    assert records[0].fingerprint != records[1].fingerprint
    assert records[0].fingerprint == hashlib.sha256(one.read_bytes()).hexdigest()[:16]


def test_an_exception_that_cannot_say_what_it_is_is_quarantined(tmp_path, measured):
    file = tmp_path / "mute_plugin.py"
    file.write_text(
        "class Mute(Exception):\n    def __str__(self): raise ValueError('no text')\nraise Mute()\n"
    )
    with measured.timed("mute_exception"):
        registry = load_plugins(environ={"ADVNETS_PLUGINS": str(file)})
    (record,) = (each for each in registry.plugins if each.name == "mute_plugin")
    assert record.status == "quarantined"
    assert record.error.startswith("Mute: (its text cannot be made: ValueError)")
    assert registry.names("losses")


def test_where_paths_begin_and_what_signals_do_is_not_the_plugins(write: Write) -> None:
    text = """
import os, signal
os.chdir(os.sep)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
{raises}
"""
    place, handler = os.getcwd(), signal.getsignal(signal.SIGTERM)
    assert place != os.sep
    for raises in ("", "raise OSError"):
        load_plugins([str(write(text.format(raises=raises)))])
        assert os.getcwd() == place
        assert signal.getsignal(signal.SIGTERM) == handler


def test_nor_when_a_component_is_made(write: Write) -> None:
    text = (
        LOSS
        + """
class Moves:
    def __init__(self):
        import os
        os.chdir(os.sep)
"""
    )
    path = write("")
    path.write_text(text.format(name="mine").replace("os:getcwd", f"{path.stem}:Moves"))
    place = os.getcwd()
    load_plugins([str(path)]).component("losses", "mine").make(object, {})
    assert os.getcwd() == place


def test_a_loop_of_links_is_quarantined(tmp_path, measured):
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.symlink_to(other)
    other.symlink_to(one)
    with measured.timed("loop_of_links"):
        registry = load_plugins(environ={"ADVNETS_PLUGINS": str(one)})
    (record,) = (each for each in registry.plugins if each.name == str(one))
    assert record.status == "quarantined"
    assert "cannot be found" in record.error
    with pytest.raises(PluginError, match="cannot be found"):
        load_plugins([str(one)], environ={})
