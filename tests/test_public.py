"""What is public is complete and documented, and is all that plugins and documentation import.

The public modules are those of the table in ``docs/public.md``. Their names are those in
``__all__``, or, in a module without one, those that it defines without an underscore in front.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
TABLE = (ROOT / "docs/public.md").read_text(encoding="utf-8").split("## Public modules\n")[1]
PUBLIC = tuple(re.findall(r"^\| `(advnets[\w.]*)` \|", TABLE.split("\n## ")[0], re.MULTILINE))
PAGES = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("plugins/*/README.md")]
FENCE = re.compile(r"^( *)```python\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
MENTION = re.compile(r"`(advnets(?:\.\w+)+)[`(]")


@cache
def source(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(importlib.import_module(module)))


def defined(tree: ast.Module) -> Iterator[str]:
    """The names without an underscore that a module defines, at its top."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
        else:
            continue
        yield from (name for name in names if not name.startswith("_"))


def handed_on(tree: ast.Module) -> Iterator[str]:
    """The names that a module has from others of advnets, at its top or for type checkers."""
    for node in tree.body:
        inside = node.body if isinstance(node, ast.If) else [node]
        for statement in inside:
            if isinstance(statement, ast.ImportFrom) and statement.level:
                yield from (alias.asname or alias.name for alias in statement.names)


@cache
def names(module: str) -> set[str]:
    listed = getattr(importlib.import_module(module), "__all__", None)
    return set(defined(source(module)) if listed is None else listed)


def described(name: str) -> bool:
    """Whether a constant of this name has a docstring below it, where it is assigned."""
    for file in ROOT.glob("advnets/**/*.py"):
        body = ast.parse(file.read_text(encoding="utf-8")).body
        for node, following in pairwise(body):
            if name in defined(ast.Module([node], [])) and isinstance(following, ast.Expr):
                return isinstance(following.value, ast.Constant)
    return False


def imported(code: str) -> Iterator[str]:
    """The names of advnets that some code imports: ``advnets.game``, ``advnets.game.Loss``."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in found if name.split(".")[0] == "advnets")


def is_public(name: str) -> bool:
    module, _, last = name.rpartition(".")
    return name in PUBLIC or (module in PUBLIC and last in names(module))


def test_the_table_lists_modules() -> None:
    assert {"advnets", "advnets.game", "advnets.testing"} <= set(PUBLIC)


@pytest.mark.parametrize("module", PUBLIC)
def test_all_is_complete(module: str) -> None:
    """What is there is in ``__all__``, and the other way round."""
    listed = getattr(importlib.import_module(module), "__all__", None)
    if listed is None:
        return
    assert len(set(listed)) == len(listed)
    # Ruff sorts __all__ (RUF022). Public names that are no part of it would be public by accident.
    tree = source(module)
    handed = {name for name in handed_on(tree) if name.strip("_") and not name.startswith("_")}
    assert (handed | set(defined(tree))) - set(listed) == set()


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_there_and_documented(module: str) -> None:
    home = importlib.import_module(module)
    assert home.__doc__
    undocumented = []
    for name in names(module) - {"__version__"}:
        value = getattr(home, name)
        assert not isinstance(value, ModuleType), f"{module}.{name} is a module"
        own = inspect.isclass(value) or inspect.isroutine(value)
        if not (value.__doc__ if own else described(name)):
            undocumented.append(name)
    assert undocumented == []


@pytest.mark.parametrize(
    "file", sorted(ROOT.glob("plugins/*/src/**/*.py")), ids=lambda file: file.stem
)
def test_plugins_import_public_names_only(file: Path) -> None:
    used = set(imported(file.read_text(encoding="utf-8")))
    assert {name for name in used if not is_public(name)} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_documentation_imports_and_mentions_public_names_only(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    used = {
        name
        for indent, code in FENCE.findall(text)
        for name in imported("\n".join(line[len(indent) :] for line in code.splitlines()))
    }
    used |= set(MENTION.findall(text))
    assert {name for name in used if not is_public(name)} == set()


def test_importing_advnets_imports_no_tensorflow() -> None:
    program = "import advnets, sys; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
