"""Fill in the templates: one a kind, which serves a file of its own and a distribution."""

from __future__ import annotations

import ast
import builtins
import keyword
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .names import KIND_OF

TEMPLATES = Path(__file__).parent / "templates"
OPTIONAL = (
    *("stdlib", "schema_stdlib", "plain", "froms", "parameters", "late", "code", "described"),
    "test",
)
"""What a kind's template sets if it has it; the rest it has to."""

DOCUMENTS = ("recipe", "sweep")
"""Kinds whose components are YAML files."""


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


def _render(word: str, layout: str, name: str) -> Any:
    """Render a kind's template in a layout: its text is its ``str``, what it sets attributes."""
    camel = "".join(part.capitalize() for part in name.split("_"))
    values: dict[str, Any] = {
        "word": word,
        "kind": KIND_OF[word],
        "layout": layout,
        "name": name,
        "package": f"advnets_{name}",
        "in_file": layout == "file.py.j2",
    }
    made = _fill(f"kinds/{word}.py.j2", Name=camel, attribute=camel, **values)
    if _clashes(camel, str(made)):
        camel = f"My{camel}"
        made = _fill(f"kinds/{word}.py.j2", Name=camel, attribute=camel, **values)
    return made


def _fill(template: str, **values: Any) -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=False,  # what is written is Python, YAML and Markdown
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    defaults = dict.fromkeys(OPTIONAL, "") | dict.fromkeys(("base", "shared"), "Parameters")
    return environment.get_template(template).make_module(defaults | values)


def _clashes(camel: str, text: str) -> bool:
    """Tell whether a class of that name hides what the file imports, or a word of Python."""
    if keyword.iskeyword(camel):
        return True
    imports = (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Import | ast.ImportFrom))
    taken = {alias.asname or alias.name for node in imports for alias in node.names}
    return bool({camel, f"{camel}Parameters"} & (taken | set(dir(builtins))))
