"""Fill in the templates: one a kind, which serves a file of its own and a distribution."""

from __future__ import annotations

import ast
import builtins
import keyword
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .._version import __version__
from .names import KIND_OF, name_component, name_distribution

TEMPLATES = Path(__file__).parent / "templates"
OPTIONAL = (
    *("stdlib", "schema_stdlib", "plain", "froms", "parameters", "late", "code", "described"),
    *("entry", "test"),
)
"""What a kind's template sets if it has it; the rest it has to."""

DOCUMENTS = ("recipe", "sweep")
"""Kinds whose components are YAML files."""
FILES = {
    "setup.cfg": "setup.cfg.j2",
    "pyproject.toml": "pyproject.toml.j2",
    "README.md": "README.md.j2",
    "CHANGELOG.md": "CHANGELOG.md.j2",
    ".gitignore": "gitignore.j2",
    ".github/workflows/test.yml": "test.yml.j2",
    "tests/test_conformance.py": "test_conformance.py.j2",
}
"""What all distributions have, and of which template."""


@dataclass(frozen=True)
class Draft:
    """Hold what is to be written.

    Attributes:
        files: The texts, by path.
        trial: Commands that try it.
    """

    files: dict[str, str]
    trial: list[str]


def render_file(word: str, name: str) -> Draft:
    """Render a plugin of one file.

    Args:
        word: The kind, of :data:`.names.KIND_OF`.
        name: Of the component and of the file.
    """
    plugin = _render(word, "file.py.j2", name)
    files = {f"{name}.py": str(plugin)}
    if word in DOCUMENTS:
        files[f"{name}.yaml"] = str(_fill(f"kinds/{word}.yaml.j2", name=name))
    return Draft(files, plugin.trial)


def render_distribution(word: str, name: str) -> Draft:
    """Render a distribution, the same component in a package of its own.

    Args:
        word: The kind, of :data:`.names.KIND_OF`.
        name: Of the component, and of the plugin.
    """
    hooks = _render(word, "distribution/init.py.j2", name)
    package = f"src/advnets_{name}"
    files = {
        file: _render(word, f"distribution/{template}", name) for file, template in FILES.items()
    }
    files |= {f"{package}/__init__.py": hooks, f"{package}/py.typed": ""}
    if word in DOCUMENTS:
        files[f"{package}/{name}.yaml"] = _fill(f"kinds/{word}.yaml.j2", name=name)
    else:
        files[f"{package}/{word}.py"] = _render(word, "distribution/module.py.j2", name)
    if getattr(hooks, "test", ""):
        files[f"tests/test_{word}.py"] = _render(word, "distribution/test.py.j2", name)
    return Draft({file: str(text) for file, text in files.items()}, hooks.trial)


def pin_versions(version: str) -> str:
    """Return the versions of advnets that promise not to break what works with ``version``.

    >>> pin_versions("0.1.3"), pin_versions("1.2.0")
    ('>=0.1,<0.2', '>=1.2,<2')
    """
    major, minor = map(int, version.split(".")[:2])
    return f">={major}.{minor},<" + (f"{major + 1}" if major else f"0.{minor + 1}")


def _render(word: str, layout: str, name: str) -> Any:
    """Render a kind's template in a layout: its text is its ``str``, what it sets attributes."""
    values = {
        "word": word,
        "kind": KIND_OF[word],
        "name": name,
        "component": name_component(word, name),
        "layout": layout,
        "package": f"advnets_{name}",
        "distribution": name_distribution(name),
        "in_file": layout == "file.py.j2",
        "document": word in DOCUMENTS,
        "versions": pin_versions(__version__),
    }
    return _fill(f"kinds/{word}.py.j2", **values, Name=_choose_class(word, name, values))


def _choose_class(word: str, name: str, values: dict[str, Any]) -> str:
    """Return the name in CamelCase, unless it is a word of Python or something's that is used."""
    camel = "".join(part.capitalize() for part in name.split("_"))
    in_file = {**values, "layout": "file.py.j2", "Name": "Class"}
    made = _fill(f"kinds/{word}.py.j2", **in_file)
    tree = ast.parse(f"{made}\n{getattr(made, 'test', '')}")
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    used = {alias.asname or alias.name for node in nodes for alias in node.names}
    used |= {*dir(builtins), *keyword.kwlist}
    return f"My{camel}" if {camel, f"{camel}Parameters"} & used else camel


def _fill(template: str, **values: Any) -> Any:
    defaults = dict.fromkeys(OPTIONAL, "") | dict.fromkeys(("base", "shared"), "Parameters")
    defaults["attribute"] = values.get("Name", "")
    return _templates().get_template(template).make_module(defaults | values)


@cache
def _templates() -> Any:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=False,  # what is written is Python, YAML and Markdown
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
