"""Write what is generated of docs/ and of recipes' headers: commands, components, measurements.

usage: python tools/write_docs.py [--check]

A generated part stands between ``<!-- generated: NAME -->`` and ``<!-- end of generated part -->``.
``advnets/plugins/directory.json`` is written as well: which distribution has which component.
With ``--check`` nothing is written; the exit code is 1 if something is out of date. Only what
ships with advnets itself is described, whatever plugins are installed.
"""

from __future__ import annotations

import json
import re
import sys
import typing
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from coverage_table import coverage
from directory_table import KNOWN, directory, known
from gallery_tables import gallery, write_headers
from keras_lines import keras_section
from markdown_table import table
from pydantic import BaseModel
from reliability_tables import fault_matrix, kills
from results_tables import experiment
from support_tables import support

from advnets.cli.main import cli
from advnets.plugins import load_plugins
from advnets.plugins.components import KINDS, Component
from advnets.plugins.registry import BUILT_IN, Registry
from advnets.recipe.schema import RecipeSchema, Slot

DOCS = Path(__file__).parents[1] / "docs"
PART = re.compile(
    r"(?P<begin><!-- generated: (?P<name>[\w -]+) -->\n).*?(?P<end><!-- end of generated part -->)",
    flags=re.DOTALL,
)
COMMON = {"--plugin", "--traceback", "--help"}


def commands(registry: Registry) -> Iterator[str]:
    """One section for each command, and for each of its sub-commands."""
    root = click.Context(cli, info_name="advnets")
    for component in own(registry, "commands"):
        command = component.load()
        yield from section(command, click.Context(command, root, component.name), "##")


def section(command: click.Command, context: click.Context, level: str) -> Iterator[str]:
    """A command: its usage, its help, its options."""
    yield f"{level} `{context.command_path}`\n"
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"```text\n{usage}\n```\n"
    yield paragraphs(command.help or "")
    rows = [
        (", ".join(f"`{name}`" for name in [*p.opts, *p.secondary_opts]), value(p), meaning(p))
        for p in command.get_params(context)
        if isinstance(p, click.Option) and COMMON.isdisjoint(p.opts) and not p.hidden
    ]
    if rows:
        yield table(("option", "value", "meaning"), rows)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            sub = command.get_command(context, name)
            if sub is not None and not sub.hidden:
                yield from section(sub, click.Context(sub, context, name), level + "#")


def value(option: click.Option) -> str:
    """What an option takes."""
    if option.is_flag:
        return ""
    if isinstance(option.type, click.Choice):
        return " or ".join(f"`{choice}`" for choice in option.type.choices)
    return f"`{option.metavar or option.type.name.removesuffix(' range').upper()}`"


def meaning(option: click.Option) -> str:
    """An option's help, with its default."""
    text = option.help or ""
    shown = option.default
    if not option.is_flag and isinstance(shown, str | int | float) and "default" not in text:
        text += f" Default: `{shown}`."
    return text


def paragraphs(text: str) -> str:
    """Click's help text as Markdown: its verbatim paragraphs become blocks."""
    done = []
    for paragraph in re.split(r"\n\s*\n", text.split("\f")[0].strip()):
        if paragraph.startswith("\b"):
            done.append("```text\n" + paragraph.removeprefix("\b").strip("\n") + "\n```")
        else:
            done.append(" ".join(line.strip() for line in paragraph.splitlines()))
    return "\n\n".join(done) + "\n"


def own(registry: Registry, kind: str) -> list[Component]:
    """The components of a kind that ship with advnets."""
    return [c for c in registry.components(kind) if registry.owner(kind, c.name).source == BUILT_IN]


def keys(registry: Registry) -> Iterator[str]:
    """The keys of a recipe, sections as dotted paths."""
    yield table(("key", "what", "default", "meaning"), list(key_rows(RecipeSchema, "")))


def key_rows(model: type[BaseModel], prefix: str) -> Iterator[Sequence[str]]:
    """One row per key; a nested model's keys follow as dotted paths."""
    properties = model.model_json_schema()["properties"]
    for name, field in model.model_fields.items():
        slot = next((s for s in field.metadata if isinstance(s, Slot)), None)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from key_rows(field.annotation, f"{prefix}{name}.")
            if slot is None:
                continue
        by_name = typing.get_origin(field.annotation) is dict and any(
            isinstance(held, type) and issubclass(held, BaseModel)
            for held in typing.get_args(field.annotation)
        )
        if slot is None:
            what = kind_of(properties[name], {})
            if what == "mapping" and by_name:
                what, properties[name]["default"] = "mapping of the keys below", "{}"
            elif what == "mapping":  # from names to lists of names
                what, properties[name]["default"] = "lists of names, by network", "{}"
        else:
            anchor = f"[{slot.kind}](#{slot.kind})"
            what = f"list of {anchor}" if slot.many else f"one of the {anchor}"
        is_open = by_name or (slot is not None and slot.open)
        default = "none" if is_open else default_of(field.is_required(), properties[name])
        if prefix + name == "name":
            default = "the file's name"
        yield (
            f"`{prefix}{name}{'.NAME' if is_open else ''}`",
            what,
            default,
            field.description or "",
        )
        for choice in typing.get_args(field.annotation):  # of a section that may be left out
            if isinstance(choice, type) and issubclass(choice, BaseModel):
                yield from key_rows(choice, f"{prefix}{name}{'.NAME' if by_name else ''}.")
    for named in typing.get_args(typing.get_type_hints(model).get("__pydantic_extra__")):
        if isinstance(named, type) and issubclass(named, BaseModel):  # names of its choice
            yield from key_rows(named, f"{prefix}NAME.")


def components(registry: Registry) -> Iterator[str]:
    """Every component of every kind that recipes name."""
    for kind, purpose in KINDS.items():
        if kind in ("recipes", "sweeps", "commands"):
            continue
        found = own(registry, kind)
        yield f"### {kind.capitalize()}\n"
        none = "" if found else " None ships with advnets; plugins bring them."
        yield f"{purpose[0].upper()}{purpose[1:]}.{none}\n"
        for component in found:
            yield f"#### `{component.name}`\n"
            roles = f" For: {', '.join(component.roles)}." if kind == "architectures" else ""
            yield f"{component.summary}.{roles}\n"
            rows = list(parameter_rows(component.parameters))
            if rows:
                yield table(("parameter", "what", "default", "meaning"), rows)


def parameter_rows(model: type[BaseModel]) -> Iterator[Sequence[str]]:
    """One row per parameter, then those of the models that parameters are made of."""
    schema = model.model_json_schema()
    yield from property_rows(schema, schema.get("$defs", {}), "")


def property_rows(
    schema: dict[str, Any], definitions: dict[str, Any], prefix: str
) -> Iterator[Sequence[str]]:
    for name, prop in schema.get("properties", {}).items():
        default = default_of(name in schema.get("required", ()), prop)
        meaning = prop.get("description", "")
        yield f"`{prefix}{name}`", kind_of(prop, definitions), default, meaning
        for inner, path in nested(prop, definitions, prefix + name):
            yield from property_rows(inner, definitions, path + ".")


def nested(
    prop: dict[str, Any], definitions: dict[str, Any], path: str
) -> Iterator[tuple[dict[str, Any], str]]:
    """The models that a property refers to, with the path that their keys have."""
    for option in [prop, *prop.get("anyOf", ()), *prop.get("oneOf", ())]:
        if "$ref" in option:
            model = definitions[option["$ref"].rsplit("/", 1)[1]]
            if len(model.get("properties", {})) > 1:  # one alone says all in its type
                yield model, path
        if "items" in option:
            yield from nested(option["items"], definitions, f"{path}[i]")


def kind_of(prop: dict[str, Any], definitions: dict[str, Any]) -> str:
    """A property's type and range in words."""
    options = prop.get("anyOf") or prop.get("oneOf")
    if options:
        return " or ".join(dict.fromkeys(kind_of(o, definitions) for o in options))
    if "$ref" in prop:
        model = definitions.get(prop["$ref"].rsplit("/", 1)[1], {})
        inner = model.get("properties", {})
        if len(inner) > 1:
            return "mapping"
        return "`{" + ", ".join(f"{name}: {kind_of(p, {})}" for name, p in inner.items()) + "}`"
    if "enum" in prop or "const" in prop:
        return " or ".join(f"`{v}`" for v in prop.get("enum", [prop.get("const")]))
    if prop.get("type") == "array":
        items = prop.get("items") or next(iter(prop.get("prefixItems", [{}])))
        return f"list of {kind_of(items, definitions)}"
    word = {"integer": "integer", "number": "number", "boolean": "true or false"}
    words = {**word, "string": "text", "null": "null", "object": "mapping"}
    text = words.get(prop.get("type", ""), "anything")
    if "minimum" in prop and "maximum" in prop:
        return f"{text} {number(prop['minimum'])} … {number(prop['maximum'])}"
    bounds = (
        ("minimum", "≥"),
        ("exclusiveMinimum", ">"),
        ("maximum", "≤"),
        ("exclusiveMaximum", "<"),
    )
    return text + "".join(
        f" {sign} {number(prop[bound])}" for bound, sign in bounds if bound in prop
    )


def number(value: float) -> str:
    """A bound, short: powers of two as such where they are large."""
    if isinstance(value, int) and value > 10_000:
        if value & (value - 1) == 0:
            return f"2^{value.bit_length() - 1}"
        if (value + 1) & value == 0:
            return f"2^{(value + 1).bit_length() - 1} - 1"
    return f"{value:g}" if isinstance(value, float) else str(value)


def default_of(required: bool, prop: dict[str, Any]) -> str:
    """A default as YAML would have it, or that there is none."""
    if required:
        return "required"
    value = prop.get("default", [] if prop.get("type") == "array" else None)
    if value and isinstance(value, dict):
        return "see below"
    if isinstance(value, float):
        value = float(f"{value:.6g}")
    return f"`{json.dumps(value, ensure_ascii=False)}`".replace('"', "")


PARTS: dict[str, Callable[[Registry], Iterator[str]]] = {
    "commands": commands,
    "keys": keys,
    "components": components,
    "coverage": lambda registry: coverage(),
    "kills": lambda registry: kills(),
    "fault matrix": lambda registry: fault_matrix(),
    "directory": lambda registry: directory(),
    "support matrix": lambda registry: support(),
    "gallery": gallery,
}
NAMED: dict[str, Callable[[str], Iterator[str]]] = {
    "experiment": experiment,
    "keras": keras_section,
}
"""Parts whose names say which one: ``keras methods``."""


def main(check: bool) -> int:
    """Rewrite, or compare, every generated part of every page."""
    registry = load_plugins(environ={})
    stale = write_headers(check)
    for page in sorted(DOCS.glob("*.md")):
        before = page.read_text(encoding="utf-8")

        def replace(part: re.Match[str]) -> str:
            kind, _, name = part["name"].partition(" ")
            lines = NAMED[kind](name) if kind in NAMED else PARTS[part["name"]](registry)
            text = "\n".join(lines)
            return f"{part['begin']}\n{text.strip()}\n\n{part['end']}"

        after = PART.sub(replace, before)
        if after != before:
            stale.append(page.name)
            if not check:
                page.write_text(after, encoding="utf-8")
    if not KNOWN.is_file() or KNOWN.read_text(encoding="utf-8") != known():
        stale.append(KNOWN.name)
        if not check:
            KNOWN.write_text(known(), encoding="utf-8")
    if stale:
        print(f"{'out of date' if check else 'written'}: {', '.join(stale)}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
