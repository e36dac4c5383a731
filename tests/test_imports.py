"""A file imports only from lower storeys, and the lower half of the house needs no TensorFlow.

Imports inside functions and for type checkers run downwards as well; those inside functions
put off what takes long (TensorFlow), and hide no circle.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parents[1] / "advnets"

STOREYS = (
    "errors",
    "_version",
    "safe_io",
    "log",
    "plugins",
    "builtin",
    "recipe",
    "scaffold",
    "runs",
    "compare",
    # TensorFlow is allowed from here on
    "random",
    "schedule",
    "distribute",
    "checkpoint",
    "data",
    "optimizers",
    "networks",
    "game",
    "evaluate",
    "monitor",
    "observe",
    "train",
    "session",
    "verify",
    "sweep",
    "testing",
    "cli",
    "__main__",
)
"""Ground floor first."""

WITHOUT_TENSORFLOW = (*STOREYS[: STOREYS.index("random")], "sweep", "cli", "__main__")
"""What must not load TensorFlow when it is imported (commands load it when they are called)."""

WALLS = {
    # knows processes, devices and messages, and no game
    "distribute": {"errors", "_version", "safe_io", "distribute"},
    # watches a game and never moves it
    "observe": {
        *("errors", "safe_io", "plugins", "builtin", "recipe", "runs", "random", "distribute"),
        *("checkpoint", "data", "game", "evaluate", "monitor", "observe"),
    },
}
"""All that these storeys import from: less than what is below them."""

MOVING_NAMES = {"Alternating", "Simultaneous", "UpdateRule"}
MOVING_MODULES = {"advnets.game.updates", "advnets.game.players", "advnets.game.averaging"}
MOVING_CALLS = {
    *("train_step", "gradients", "descend", "conclude", "slow_down", "apply_gradients"),
    *("assign", "assign_add", "assign_sub", "set_weights", "load_weights"),
}
"""What moves a game: its update rules and methods, and whatever writes to a variable."""

FILES = sorted(PACKAGE.rglob("*.py"))


def module_of(file: Path) -> str:
    parts = ("advnets", *file.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def storey(module: str) -> str:
    """The storey of ``advnets.<storey>.…``; the package itself, being a façade, has none."""
    return module.split(".")[1] if "." in module else ""


def facade() -> dict[str, str]:
    """Where the names come from that ``advnets/__init__.py`` hands on."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    return {
        alias.asname or alias.name: node.module or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for alias in node.names
    }


class Import(NamedTuple):
    """One name of advnets' own that a file imports.

    Attributes:
        line: Where.
        late: Whether inside a function.
        typing: Whether for type checkers alone.
        module: The module that it comes from, or is.
        name: The name.
    """

    line: int
    late: bool
    typing: bool
    module: str
    name: str


@cache
def imports(file: Path) -> tuple[Import, ...]:
    """Everything of advnets' own that ``file`` imports, wherever in it."""
    package = module_of(file).split(".")
    if file.name != "__init__.py":
        package = package[:-1]
    modules, names = {module_of(other) for other in FILES}, facade()

    def walk(node: ast.AST, late: bool, typing: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    if alias.name.split(".")[0] == "advnets":
                        yield Import(child.lineno, late, typing, alias.name, "")
            elif isinstance(child, ast.ImportFrom):
                base = package[: len(package) - child.level + 1] if child.level else []
                module = ".".join([*base, *([child.module] if child.module else [])])
                for alias in child.names if module.split(".")[0] == "advnets" else ():
                    home = f"{module}.{alias.name}"
                    if home not in modules:  # a name, that of the façade perhaps
                        home = f"advnets.{names[alias.name]}" if module == "advnets" else module
                    yield Import(child.lineno, late, typing, home, alias.name)
            else:
                function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
                guard = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
                yield from walk(child, late or function, typing or guard)

    return tuple(walk(ast.parse(file.read_text(encoding="utf-8")), False, False))


def loaded_with(module: str, importer: str) -> set[str]:
    """A module, and the packages around it that are not around the importer too."""
    parts = module.split(".")
    around = {".".join(parts[:length]) for length in range(2, len(parts) + 1)}
    return {name for name in around if not f"{importer}.".startswith(f"{name}.")} | {module}


@cache
def loaded_by(module: str) -> frozenset[str]:
    """The modules that importing ``module`` imports, by imports at the top of files."""
    files = {module_of(file): file for file in FILES}
    loaded: set[str] = set()
    waiting = [module]
    while waiting:
        importer = waiting.pop()
        for found in imports(files[importer]):
            if not found.late and not found.typing:
                new = loaded_with(found.module, importer) - loaded
                loaded |= new
                waiting += new
    return frozenset(loaded)


def place(file: Path, line: int) -> str:
    return f"{file.relative_to(PACKAGE.parent)}:{line}"


def test_every_file_has_a_storey() -> None:
    found = {storey(module_of(file)) for file in FILES} - {""}
    assert found <= set(STOREYS), "new parts of advnets need a place in STOREYS"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_only_from_its_own_storey_or_below(file: Path) -> None:
    here = storey(module_of(file))
    if not here:
        pytest.skip("the façade hands on names from every storey")
    upward = [
        f"{place(file, found.line)}: {here} imports {storey(found.module)}"
        for found in imports(file)
        if (there := storey(found.module)) and STOREYS.index(there) > STOREYS.index(here)
    ]
    assert not upward, "\n".join(upward)


@pytest.mark.parametrize("room", WALLS)
def test_walls(room: str) -> None:
    through = [
        f"{place(file, found.line)}: {room} imports {found.module}"
        for file in FILES
        if storey(module_of(file)) == room
        for found in imports(file)
        if storey(found.module) not in WALLS[room]
    ]
    assert not through, "\n".join(through)


def test_what_watches_a_game_cannot_move_it() -> None:
    moving = []
    for file in PACKAGE.glob("observe/**/*.py"):
        moving += [
            f"{place(file, found.line)}: imports {found.module}.{found.name}"
            for found in imports(file)
            if found.module in MOVING_MODULES or found.name in MOVING_NAMES
        ]
        moving += [
            f"{place(file, node.lineno)}: calls {node.func.attr}"
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in MOVING_CALLS
        ]
    assert not moving, "\n".join(moving)


def test_no_circle() -> None:
    assert [module for file in FILES if (module := module_of(file)) in loaded_by(module)] == []


def test_no_late_import_hides_a_circle() -> None:
    """Each could stand at the top of its file, but for the time that it takes."""
    hidden = [
        f"{place(file, found.line)}: {module} imports {module_of(file)}"
        for file in FILES
        if storey(module_of(file))
        for found in imports(file)
        for module in loaded_with(found.module, module_of(file))
        if found.late and module_of(file) in loaded_by(module) | {module}
    ]
    assert not hidden, "\n".join(hidden)


def test_the_lower_half_imports_no_tensorflow() -> None:
    modules = [
        module_of(file) for file in FILES if storey(module_of(file)) in {*WITHOUT_TENSORFLOW, ""}
    ]
    program = """
import importlib, json, sys
heavy = ("tensorflow", "keras", "tensorflow_datasets", "tensorboard")
loaded = {}
for module in json.loads(sys.argv[1]):
    importlib.import_module(module)
    for name in heavy:
        if name in sys.modules and name not in loaded:
            loaded[name] = module
print(json.dumps(loaded))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(modules)],
        capture_output=True,
        text=True,
        check=False,
        cwd=PACKAGE.parent,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {}, "loaded by the import of this module"


def test_what_tests_share_is_found_by_one_name_alone() -> None:
    """Tests put their folder on the path: of two files of one name, the last folder's is found.

    Many files of tests are called the same, so nothing is imported from them.
    """
    root = PACKAGE.parent
    places: dict[str, list[str]] = {}
    names: dict[str, list[str]] = {}
    for folder in (*root.glob("plugins/*/tests"), root / "tests", root / "tools"):
        for file in folder.rglob("*.py"):
            where = str(file.relative_to(root))
            places.setdefault(file.stem, []).append(where)
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                found = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found = [node.module]
                for name in found:
                    names.setdefault(name, []).append(where)
    faults = [
        f"{', '.join(names[name])}: imports {name}, which is {' or '.join(places[name])}"
        for name in names.keys() & places.keys()
        if len(places[name]) > 1 or name.startswith("test_")
    ]
    assert not faults, "\n".join(faults)
