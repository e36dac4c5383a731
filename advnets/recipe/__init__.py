"""Read recipes: text → :class:`Recipe`, with all problems at once. Imports no TensorFlow."""

from __future__ import annotations

from .identity import differences, find_changes, identity
from .json_schema import parameter_schema, recipe_schema
from .recipe import Recipe, load_recipe, parse_recipe, recipe_bytes
from .shipped import find_recipe, is_shipped, recipe_path
from .yaml_reader import read_yaml
from .yaml_writer import write_yaml

__all__ = [
    "Recipe",
    "differences",
    "find_changes",
    "find_recipe",
    "identity",
    "is_shipped",
    "load_recipe",
    "parameter_schema",
    "parse_recipe",
    "read_yaml",
    "recipe_bytes",
    "recipe_path",
    "recipe_schema",
    "write_yaml",
]
