"""Decide what a new plugin can be of, and what it can be called."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import keyword
import re
import sys

from ..errors import UsageError
from ..plugins.components import KIND, NAME
from ..plugins.registry import Registry
from ..recipe.scalars import resolve_scalar
from ..recipe.wording import did_you_mean
from ..safe_io.wording import shorten

SINGULAR = {kind: words.split()[0] for kind, words in KIND.items()} | {"datasets": "dataset"}
KIND_OF = {word: kind for kind, word in SINGULAR.items()} | {"observer": "callbacks"}
"""The kind of component that each word for KIND makes."""
LONGEST = 26
"""Letters of a name: lines in which it stands twice have at most a hundred."""


def find_kind(word: str) -> str:
    """Return the word of :data:`KIND_OF` that is meant.

    Raises:
        UsageError: If it is none, with the one that may be meant.

    >>> find_kind("losses")
    Traceback (most recent call last):
    ...
    advnets.errors.UsageError: 'losses' is no kind of plugin
      hint: did you mean 'loss'?
    """
    if word in KIND_OF:
        return word
    others = SINGULAR | {words: SINGULAR[kind] for kind, words in KIND.items()}
    meant = (others | {"observers": "observer"}).get(word.lower().replace("_", " "))
    hint = f"did you mean {meant!r}?" if meant else did_you_mean(word.lower(), KIND_OF)
    raise UsageError(
        f"{shorten(word, 60)!r} is no kind of plugin",
        hint=hint or f"the kinds are {', '.join(sorted(KIND_OF))}",
    )


def check_name(name: str, word: str) -> None:
    """Refuse a name that no component, no file of Python or no recipe could have.

    Args:
        name: Of the component, of the file and, after ``advnets_``, of the package.
        word: The kind, of :data:`KIND_OF`.

    Raises:
        UsageError: With what the name should be.
    """
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")[:LONGEST].strip("_")
    for wrong, why in (
        (not NAME.fullmatch(name) or not name.isidentifier(), "lower-case words joined by _"),
        (len(name) > LONGEST, f"at most {LONGEST} letters"),
    ):
        if wrong:
            raise UsageError(
                f"{shorten(name, 60)!r} cannot be the name of a {word}: {why} were expected, for "
                "a component and a file of Python",
                hint=f"did you mean {plain!r}?" if plain else f"such as my_{word}",
            )
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        reason = "it is a keyword of Python"
    elif resolve_scalar(name) != name:
        reason = f"a recipe reads it as {resolve_scalar(name)!r}, not as text"
    elif name in sys.stdlib_module_names:
        reason = f"{name}.py would hide a module of Python's standard library"
    else:
        return
    _refuse(name, word, reason)


def check_free(name: str, word: str, registry: Registry, *, distribution: bool = False) -> None:
    """Refuse a name that something has already: a component, a plugin, a module, a distribution.

    Args:
        name: A name that :func:`check_name` lets through.
        word: The kind, of :data:`KIND_OF`.
        registry: What is there.
        distribution: Whether a distribution is to be made.

    Raises:
        UsageError: With who has it.
    """
    kind = KIND_OF[word]
    called = name_component(word, name)
    owners = [
        str(r) for r in registry.plugins for c in r.components.get(kind, []) if c.name == called
    ]
    plugins = [record.source for record in registry.plugins if record.name == name]
    package = f"advnets_{name}"
    if owners:
        _refuse(name, word, f"{owners[0]} registers a {word} of that name")
    if plugins:
        _refuse(name, word, f"there is a plugin of that name: {plugins[0]}")
    if _is_module(name):
        _refuse(name, word, f"{name}.py would hide a module of that name, which is installed")
    if distribution and _is_module(package):
        _refuse(name, word, f"there is a package {package} already")
    if distribution and _is_installed(name_distribution(name)):
        _refuse(name, word, f"{name_distribution(name)} is installed already")


def name_distribution(name: str) -> str:
    """Return what a plugin's distribution is called.

    >>> name_distribution("my_loss")
    'advnets-my-loss'
    """
    return f"advnets-{name.replace('_', '-')}"


def name_component(word: str, name: str) -> str:
    """Return what a component is called: words on the command line are joined by -.

    >>> name_component("command", "my_best"), name_component("loss", "my_best")
    ('my-best', 'my_best')
    """
    return name.replace("_", "-") if word == "command" else name


def _refuse(name: str, word: str, reason: str) -> None:
    better = f"my_{name}" if len(name) <= LONGEST - 3 else f"my_{word}"
    raise UsageError(
        f"{name!r} cannot be the name of a new {word}: {reason}",
        hint=f"choose another name, such as {better}",
    )


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # one that was loaded in an unusual way
        return name in sys.modules


def _is_installed(distribution: str) -> bool:
    try:
        importlib.metadata.distribution(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
