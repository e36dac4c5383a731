"""A file imports only from lower storeys, and the lower half of the house needs no TensorFlow."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

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
    "runs",
    "compare",
    # TensorFlow is allowed from here on
    "random",
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
    "cli",
    "testing",
    "__main__",
)
"""Ground floor first."""

WITHOUT_TENSORFLOW = (*STOREYS[: STOREYS.index("random")], "sweep", "cli", "__main__")
"""What must not load TensorFlow when it is imported (commands load it when they are called)."""

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


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """Line and storey of everything of advnets' own that ``file`` imports, wherever in it."""
    package = module_of(file).split(".")
    if file.name != "__init__.py":
        package = package[:-1]
    names = facade()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "advnets":
                    yield node.lineno, storey(alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            if module.split(".")[0] != "advnets":
                continue
            for alias in node.names:
                if module == "advnets":  # a sub-module, or a name of the façade
                    yield node.lineno, storey(f"advnets.{names.get(alias.name, alias.name)}")
                else:
                    yield node.lineno, storey(module)


def test_every_file_has_a_storey() -> None:
    found = {storey(module_of(file)) for file in FILES} - {""}
    assert found <= set(STOREYS), "new parts of advnets need a place in STOREYS"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_only_from_its_own_storey_or_below(file: Path) -> None:
    here = storey(module_of(file))
    if not here:
        pytest.skip("the façade hands on names from every storey")
    upward = [
        f"{file.relative_to(PACKAGE.parent)}:{line}: {here} imports {there}"
        for line, there in imports(file)
        if there in STOREYS and STOREYS.index(there) > STOREYS.index(here)
    ]
    assert not upward, "\n".join(upward)


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
