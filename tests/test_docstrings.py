"""A docstring begins with a verb: what a function does, what an object of a class does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = {
    str(file.relative_to(ROOT)): file
    for pattern in ("advnets/**/*.py", "plugins/*/src/**/*.py")
    for file in sorted(ROOT.glob(pattern))
}

ARTICLES = {"A", "An", "The"}
QUESTIONS = {"How", "What", "When", "Where", "Whether", "Which", "While", "Who", "Whose", "Why"}
PRONOUNS = {
    *("All", "Another", "Any", "Anything", "Both", "Each", "Either", "Every", "Everything", "It"),
    *("Its", "Neither", "No", "None", "Nothing", "One", "Other", "Some", "Something", "That"),
    *("Their", "These", "They", "This", "Those", "Whatever", "Whoever"),
}
PREPOSITIONS = {
    *("Against", "Also", "As", "At", "By", "For", "From", "If", "In", "Like", "Of", "On", "To"),
    *("Twice", "Under", "With", "Without"),
}
VERB = re.compile(r"[A-Z][a-z]+(?:-[a-z]+)?[,.:;]?")
"""A word, and not a number, a formula or a name of code."""

EXEMPT = {
    "advnets/errors.py": "says what each kind of error is",
    "advnets/random.py": "says what each number is",
    "advnets/data/order.py": "says what each number is",
    "advnets/plugins/hookspecs.py": "says what each hook gives",
    "advnets/safe_io/json_text.py": "says what each text is",
    "advnets/safe_io/links.py": "says what each path is",
    "advnets/safe_io/printable.py": "says what each text is",
    "advnets/safe_io/reading.py": "says what each file is",
    "advnets/checkpoint/store.py": "says what each file is",
    "advnets/testing/*": "each check is called what it demands, and its docstring explains it",
}
"""Files whose docstrings are nouns, and why."""


def exempt(file: str) -> bool:
    return any(Path(file).match(pattern) for pattern in EXEMPT)


def is_described_by_a_noun(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it is a property, a command (its help) or a hook (that of its specification)."""
    decorators = [ast.unparse(decorator) for decorator in function.decorator_list]
    nouns = re.compile(r"(.*\.)?(\w*property|hookimpl|command|group)(\(.*)?", re.DOTALL)
    return any(nouns.fullmatch(decorator) for decorator in decorators)


def faults(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        text = ast.get_docstring(node)
        if not text:
            continue
        first = text.split()[0]
        word = first.rstrip(",.:;")
        if isinstance(node, ast.ClassDef):
            wrong = word in ARTICLES | QUESTIONS
        else:
            # Nouns in the plural and verbs in the third person end in an s.
            plural = word.endswith("s") and not word.endswith("ss")
            refused = ARTICLES | QUESTIONS | PRONOUNS | PREPOSITIONS
            wrong = word in refused or plural or not VERB.fullmatch(first)
            wrong = wrong and not is_described_by_a_noun(node)
        if wrong:
            line = text.splitlines()[0]
            yield f"{file.relative_to(ROOT)}:{node.lineno}: {node.name}: {line}"


@pytest.mark.parametrize("file", [f for f in FILES if not exempt(f)])
def test_docstrings_begin_with_a_verb(file: str) -> None:
    assert not (found := list(faults(FILES[file]))), "\n".join(found)


def test_exempt_files_are_there() -> None:
    for pattern in EXEMPT:
        assert list(ROOT.glob(pattern)), pattern
