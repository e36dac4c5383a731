"""Find where in somebody's code an error comes from."""

from __future__ import annotations

import inspect
import re
import sys
import traceback
from collections.abc import Callable, Collection
from functools import partial
from linecache import getlines
from pathlib import Path
from typing import Any

from ..errors import AdvnetsError

DECORATION = re.compile(r"\033\[\d*m|\{\{[^{}]*\}\}")
WRAPPING = re.compile(
    r"Exception encountered when calling|in user code:|Graph execution error|Detected at node|File "
    r"|Could not automatically infer"
)
"""How the paragraphs begin that Keras, AutoGraph and TensorFlow set before what was raised."""
PLACE = re.compile(r'File "([^"\n]+)", line (\d+)')
GENERATED = "__autograph_generated_file"
DEPTH = 20
"""Errors that led to an error, looked at."""


def describe_error(error: BaseException) -> str:
    """Return an error's type, and the first line of what it says.

    >>> describe_error(ValueError("no luck\\n(at all)")), describe_error(KeyError())
    ('ValueError: no luck', 'KeyError')
    """
    if isinstance(error, AdvnetsError):
        return error.message.partition("\n")[0]
    text = DECORATION.sub("", text_of(error))
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    own = [part for part in paragraphs if not WRAPPING.match(part)] or paragraphs
    first, name = own[0].splitlines()[0].strip() if own else "", type(error).__name__
    return f"{name}: {first.removeprefix(f'{name}: ')}" if first else name


def text_of(error: BaseException) -> str:
    """Return what an error says; of one that cannot say it, that.

    >>> class Mute(Exception):
    ...     def __str__(self):
    ...         raise ValueError
    >>> text_of(Mute())
    '(its text cannot be made: ValueError)'
    """
    try:
        if isinstance(error, KeyError) and len(error.args) == 1 and "\n" in str(error.args[0]):
            return str(error.args[0])  # str() would quote it, and what Keras says around it
        return str(error)
    except Exception as another:
        return f"(its text cannot be made: {type(another).__name__})"


def package_of(module: str) -> str:
    """Return the name of a module's top-level package.

    >>> package_of("advnets_hinge.loss")
    'advnets_hinge'
    """
    return module.partition(".")[0]


def locate_error(error: BaseException, packages: Collection[str]) -> tuple[str, str] | None:
    """Return the innermost line of some packages that an error came through.

    Where there is none, the class of theirs whose object the error was raised in is taken: it
    may have inherited the method that raised.

    Args:
        error: The error; those that it was raised from are looked at first.
        packages: Top-level packages or modules.

    Returns:
        ``file:line``, and which of the packages it is; ``None`` if the error has nothing to
        do with them.

    >>> try:
    ...     inspect.signature(3)
    ... except TypeError as error:
    ...     locate_error(error, {"inspect"})[1], locate_error(error, {"decimal"})
    ('inspect', None)
    """
    chain = _chain(error)
    for one in chain:
        if isinstance(one, SyntaxError) and one.filename:
            path = Path(one.filename)
            for name in (path.stem, *(folder.name for folder in path.parents)):
                if name in packages:
                    return f"{one.filename}:{one.lineno}", name
    frames = [f for one in chain for f in reversed(list(traceback.walk_tb(one.__traceback__)))]
    told = _find_told(chain, packages)
    for frame, line in frames:
        package, file = package_of(frame.f_globals.get("__name__") or ""), frame.f_code.co_filename
        if package in packages:
            return told if told and GENERATED in file else (f"{file}:{line}", package)
    if told:
        return told
    for frame, _ in frames:
        owner = type(frame.f_locals.get("self"))
        if package_of(owner.__module__) in packages:
            return find_source(owner), package_of(owner.__module__)
    return None


def _find_told(chain: list[BaseException], packages: Collection[str]) -> tuple[str, str] | None:
    """Return what errors tell of their place, in code that AutoGraph made of functions and in
    graphs, of whose making no frame is left.
    """
    files = {getattr(m, "__file__", None): package_of(n) for n, m in list(sys.modules.items())}
    for one in chain:
        for file, line in reversed(PLACE.findall(text_of(one))):
            if files.get(file) in packages:
                return f"{file}:{line}", files[file]
    return None


def find_source(what: Any) -> str:
    """Tell where a function, a method or a class is defined, ``file:line`` as far as is known.

    >>> find_source(find_source).rpartition(":")[0] == __file__
    True
    """
    while isinstance(what, partial):
        what = what.func
    what = inspect.unwrap(what) if callable(what) else type(what)
    if isinstance(what, type):
        file = getattr(sys.modules.get(what.__module__), "__file__", None) or what.__module__
        # Not inspect.findsource, which parses: Python 3.11 fails where two threads do so at once.
        begins = re.compile(rf"\s*class\s+{re.escape(what.__name__)}\b").match
        lines = [number for number, line in enumerate(getlines(file), 1) if begins(line)]
        codes = [getattr(value, "__code__", None) for value in vars(what).values()]
        first = next((code for code in codes if code and code.co_filename == file), None)
        if first is not None:  # of several of the name, the last before its own methods
            lines = [line for line in lines if line <= first.co_firstlineno][-1:]
        if lines:
            return f"{file}:{lines[0]}"
        code = next((code for code in codes if code), None)  # made by type(), or in a notebook
        return f"{code.co_filename}:{code.co_firstlineno}" if code else file
    code = getattr(getattr(what, "__func__", what), "__code__", None)
    if code is None and callable(what):  # an object that can be called
        code = getattr(type(what).__call__, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else find_source(type(what))


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error means that memory ran out; TensorFlow's is known by its name.

    >>> is_out_of_memory(MemoryError()), is_out_of_memory(ValueError())
    (True, False)
    """
    if isinstance(error, MemoryError):
        return True
    # TensorFlow calls a full disk by the same name.
    exhausted = type(error).__name__ == "ResourceExhaustedError"
    return exhausted and "No space left" not in text_of(error)


def qualified_name(what: Callable[..., Any]) -> str:
    """Return the qualified name of a function or method, for messages.

    >>> qualified_name(str.upper), qualified_name("x".upper)
    ('str.upper', "'x'.upper")
    """
    owner = getattr(what, "__self__", None)
    if not hasattr(what, "__name__"):  # an object that can be called
        return type(what).__name__
    if owner is None or isinstance(owner, type) or inspect.ismodule(owner):
        return getattr(what, "__qualname__", type(what).__name__)
    return f"{owner!r}.{what.__name__}"


def scope_name(what: Any) -> str:
    """Return the name scope of an object's operations, which TensorFlow's errors name.

    >>> scope_name(ValueError())
    'ValueError'
    """
    return re.sub(r"\W", "", type(what).__name__, flags=re.ASCII).lstrip("_") or "unnamed"


def _chain(error: BaseException) -> list[BaseException]:
    """Return an error and what led to it, the first one first."""
    found: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in found and len(found) < DEPTH:
        found.append(one)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return found[::-1]
