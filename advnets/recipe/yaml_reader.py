"""Read a recipe's YAML: plain trees only, with the location of everything.

Recipes are data that people send each other, so whatever YAML offers beyond trees of
text, numbers and booleans is refused: tags, anchors, aliases, merge keys, duplicate
keys, keys that are no text, several documents, control characters, and files that are large,
deeply nested or have more values than a recipe ever has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from ..errors import Problem
from .document import Document, Keys, Location
from .scalars import check_text, resolve_scalar

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
MAX_VALUES = 20_000
"""Keys and values of a recipe; the parser takes some 0.1 ms for each."""

LINE_END = re.compile("\r\n|[\n\r]")

HINTS = {
    "mapping values are not allowed": "is the line indented wrongly, or should text be in quotes?",
    r"found character '\t'": "indent with spaces, not with tabs",
    "found character '@'": "put text that begins with @ in quotes",
    "found character '`'": "put text that begins with ` in quotes",
    "found unexpected end of stream": "is a closing quote missing?",
    "parsing a flow": "is a closing bracket or a comma missing?",
    "could not find expected ':'": "is a colon missing after a key?",
    "expected <block end>": "do the lines of this block begin in the same column?",
}
"""What is usually behind the parser's complaints."""


class _Unreadable(Exception):
    """Stop reading a text that cannot be read any further."""

    def __init__(self, problem: Problem):
        self.problem = problem


def read_yaml(text: str | bytes, source: str) -> Document:
    """Read a recipe's text.

    Args:
        text: The file's content; bytes must be UTF-8.
        source: The file's name, for problems.

    Returns:
        The document; what is wrong with the text is in its ``problems``.

    >>> document = read_yaml("loss: {name: hinge, margin: 1e-4}", "r.yaml")
    >>> document.value
    {'loss': {'name': 'hinge', 'margin': 0.0001}}
    >>> document.locate(("loss", "margin"))
    Location(source='r.yaml', line=1, column=29, override='')
    """
    document = Document(source)
    try:
        decoded = _decode(text, source)
        document.values[()] = Location(source, 1, 1)
        _Reader(decoded, document).read()
    except _Unreadable as error:
        document.problems.append(error.problem)
        document.spoiled.add(())
    return document


def _decode(text: str | bytes, source: str) -> str:
    if len(text) > MAX_BYTES:
        message = f"the file has {len(text):,} bytes; a recipe has at most {MAX_BYTES:,}"
        raise _Unreadable(Problem(message, 1, 1, source))
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _position(text[: error.start].decode("utf-8-sig", "replace"))
        problem = Problem("the file is not UTF-8", line, column, source, "save it as UTF-8")
        raise _Unreadable(problem) from None


def _position(before: str) -> tuple[int, int]:
    """Return line and column of what follows a text, counted as the parser counts them."""
    *lines, last = LINE_END.split(before)
    return len(lines) + 1, len(last) + 1


class _Reader:
    """Build the tree from the parser's events."""

    def __init__(self, text: str, document: Document):
        self.text = text
        self.document = document
        self._events = self._parse()
        self._ahead: Event | None = None
        self._count = 0

    def read(self) -> None:
        """Fill the document."""
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                if event.version or event.tags:
                    message = "directives (%…) are not allowed in recipes"
                    self._problem(event, message, "remove the line")
                self.document.value = self._node((), 0)
            elif isinstance(event, DocumentEndEvent):
                break
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                self._problem(event, "a second document begins here", "keep one recipe per file")
                break

    def _parse(self) -> Iterator[Event]:
        """Yield the parser's events, its errors turned into problems."""
        try:
            yield from YAML(typ="safe", pure=True).parse(self.text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            reason = ", ".join(text for text in (error.context, error.problem) if text)
            raise self._syntax(reason, line, column) from None
        except YAMLError as error:
            position = getattr(error, "position", 0)
            line, column = _position(self.text[: position if isinstance(position, int) else 0])
            reason = getattr(error, "reason", None) or str(error)
            raise self._syntax(str(reason), line, column) from None
        except (ValueError, LookupError, TypeError, AttributeError, AssertionError) as error:
            # ruamel.yaml's parser itself stumbles over some texts that are no YAML.
            raise self._syntax(f"the parser gave up ({type(error).__name__})", 1, 1) from None

    def _syntax(self, message: str, line: int, column: int) -> _Unreadable:
        message = " ".join(message.split()).replace("'<stream end>'", "the end of the file")
        message = message.replace(r"'\x00'", "the end of the file")
        hint = next((hint for part, hint in HINTS.items() if part in message), None)
        problem = Problem(f"not YAML: {message}", line, column, self.document.source, hint)
        return _Unreadable(problem)

    def _location(self, event: Event) -> Location:
        mark = event.start_mark
        return Location(self.document.source, mark.line + 1, mark.column + 1)

    def _problem(self, event: Event, message: str, hint: str | None = None) -> None:
        self.document.problems.append(self._location(event).problem(message, hint))

    def _node(self, keys: Keys | None, depth: int) -> Any:
        """Read one value; ``keys`` is ``None`` within a value that is discarded."""
        event = self._next()
        location = self._location(event)
        self._count += 1
        if self._count > MAX_VALUES:
            raise _Unreadable(location.problem(f"more than {MAX_VALUES:,} keys and values"))
        if keys:
            if isinstance(event, ScalarEvent) and event.implicit[0] and not event.value:
                # Nothing is written there: it is located by its key.
                location = self.document.keys.get(keys, location)
            self.document.values[keys] = location
        if not self._is_plain(event):
            self._spoil(keys)
        if isinstance(event, AliasEvent):
            return None
        if isinstance(event, ScalarEvent):
            return self._scalar(event, keys)
        if depth >= MAX_DEPTH:
            raise _Unreadable(location.problem(f"nested more than {MAX_DEPTH} levels deep"))
        if isinstance(event, SequenceStartEvent):
            return self._sequence(keys, depth + 1)
        assert isinstance(event, MappingStartEvent)
        return self._mapping(keys, depth + 1)

    def _is_plain(self, event: Event) -> bool:
        """Report whatever makes a value more than plain data."""
        hint = "write the value out"
        if isinstance(event, AliasEvent):
            self._problem(event, f"aliases (*{event.anchor}) are not allowed in recipes", hint)
            return False
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if anchor is not None:
            self._problem(event, f"anchors (&{anchor}) are not allowed in recipes", hint)
            return False
        if tag is not None:
            self._problem(event, f"tags ({tag}) are not allowed in recipes", "remove the tag")
            return False
        return True

    def _spoil(self, keys: Keys | None) -> None:
        if keys is not None:
            self.document.spoiled.add(keys)

    def _scalar(self, event: ScalarEvent, keys: Keys | None) -> Any:
        try:
            check_text(event.value)
            if event.implicit[0]:
                return resolve_scalar(event.value)
        except ValueError as error:
            self._problem(event, str(error))
            self._spoil(keys)
            return None
        return event.value

    def _sequence(self, keys: Keys | None, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(self._peek(), SequenceEndEvent):
            items.append(self._node(None if keys is None else (*keys, len(items)), depth))
        self._next()
        return items

    def _mapping(self, keys: Keys | None, depth: int) -> dict[str, Any]:
        items: dict[str, Any] = {}
        while not isinstance(event := self._peek(), MappingEndEvent):
            name = self._key(event, items, depth)
            if name is None or keys is None:
                self._node(None, depth)
                continue
            self.document.keys[(*keys, name)] = self._location(event)
            items[name] = self._node((*keys, name), depth)
        self._next()
        return items

    def _key(self, event: Event, items: dict[str, Any], depth: int) -> str | None:
        """Read one key; ``None`` if it cannot be one."""
        if isinstance(event, ScalarEvent) and event.implicit[0] and event.value == "<<":
            self._next()
            self._problem(event, "merge keys (<<) are not allowed in recipes", "write the keys out")
            return None
        count = len(self.document.problems)
        key = self._node(None, depth)
        if len(self.document.problems) > count:
            return None
        if not isinstance(key, str):
            shown = event.value if isinstance(event, ScalarEvent) else type(key).__name__
            message = f"a key must be text, not {shown or 'nothing'}"
            self._problem(event, message, "put it in quotes")
        elif key in items:
            self._problem(event, f"key {key!r} appears twice", "remove one of them")
        else:
            return key
        return None

    def _next(self) -> Event:
        event, self._ahead = self._ahead or next(self._events), None
        return event

    def _peek(self) -> Event:
        if self._ahead is None:
            self._ahead = next(self._events)
        return self._ahead
