"""Recipes spoilt at random, and what becomes of them; as a script: how many came out how.

    python tests/recipe/mutations.py [COUNT [SEED]]

Each is a shipped recipe whose tree or whose bytes were changed, or noise, half of them with
overrides. Whatever comes, there must be a recipe that reads back the same, or problems with
places within the file.
"""

from __future__ import annotations

import copy
import json
import math
import re
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from advnets.errors import Problem, RecipeError, UsageError
from advnets.plugins import load_plugins
from advnets.plugins.registry import Registry
from advnets.recipe import load_recipe, read_yaml, recipe_path

LINES = re.compile("\r\n|[\n\r]")
"""What YAML 1.2 takes for the end of a line."""
COMMAND_LINE = "command line"
NUMBERS = (
    *(0, -1, 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**400),
    *(0.5, -0.0, 1e-320, 1e308, math.inf, -math.inf, math.nan),
)
TEXTS = (
    *("", " ", "name", "digits", "minimax", "adam", "mlp", "tfds", "os.system", "a:b", "../../up"),
    *("/etc/passwd", "~", "~root", "\x00", "\x1b[31m", "\ud800", "\u202e", "é" * 50, "<script>"),
    *("{{7*7}}", "%s%n", "$HOME", "x" * 5_000, "null", "1e5", "0x1f", ".nan", "yes", "12:30:45"),
)
FRAGMENTS = (
    *(b"&a ", b"*a", b"!!python/object:os.system ", b"!x ", b"<<: ", b"? ", b"- ", b": ", b"|\n"),
    *(b">-\n", b"'", b'"', b"#", b"%YAML 9.9\n", b"---\n", b"...\n", b"{", b"}", b"[", b"]", b","),
    *(b"\t", b"\r", b"\n", b"\n\n  ", b"\x00", b"\x1b", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\\"),
    *("\u2028".encode(), "\x85".encode(), b"@", b"`", b"~", b"=", b".inf", b"9" * 400, b"[" * 40),
    *(b"offline: ", b"name: ", b"loss: ", b"training:\n", b"seed: 1\n", b'"\\x00"', b'"\\ud800"'),
)
MOST_PLACES = 5_000
"""Larger trees are not made larger still: they are refused for their size anyway."""

Pairs = list[tuple[str, Any]]


class Mutator:
    """Makes spoilt recipes.

    Args:
        random: Where chance comes from.
        texts: The recipes to spoil.
    """

    def __init__(self, random: Random, texts: list[bytes]):
        self.random = random
        self.texts = texts

    def content(self) -> bytes:
        """A recipe's file."""
        text = self.random.choice(self.texts)
        how = self.random.choices([self.tree, self.bytes, self.noise], [45, 45, 10])[0]
        return how(text)

    def overrides(self, content: bytes) -> list[str]:
        """Words of a command line; of half of the recipes none."""
        random = self.random
        paths = [".".join(map(str, keys)) for keys, _, _ in walk(read_yaml(content, "").value)]
        words = []
        for _ in range(random.choice([0, 0, 0, 1, 2, 5])):
            path = random.choice([*paths, "x", "a.b.c", "penalties.0.weight", "", ".", "a..b"])
            if random.random() < 0.2:
                path = self.spoil(path.encode()).decode("utf-8", "surrogateescape")
            value = written(self.value(), random)
            if random.random() < 0.3:
                value = self.spoil(value.encode("utf-8", "replace")).decode("utf-8", "replace")
            words.append(f"{path}={value}" if random.random() < 0.97 else path + value)
        return words

    def tree(self, text: bytes) -> bytes:
        """Keys and values deleted, doubled, renamed, retyped, exchanged."""
        value = copy.deepcopy(read_yaml(text, "").value)
        for _ in range(self.random.choice([1, 1, 2, 3, 6])):
            places = list(walk(value))
            if not 0 < len(places) < MOST_PLACES:
                break
            self.change(value, *self.random.choice(places), places)
        return written(value, self.random).encode("utf-8", "surrogatepass")

    def change(self, root: Any, keys: Any, holder: Any, key: Any, places: Any) -> None:
        """One change in the tree, at one place."""
        random = self.random
        deed = random.choice(
            ["delete", "rename", "value", "value", "swap", "copy", "nest", "double"]
        )
        if deed == "delete":
            del holder[key]
        elif deed == "value":
            holder[key] = self.value()
        elif deed == "rename" and isinstance(holder, dict):
            name = random.choice([key[:-1], f"{key}s", key.upper(), random.choice(TEXTS), "name"])
            holder[name] = holder.pop(key)
        elif deed in ("swap", "copy"):
            _, other, place = random.choice(places)
            mine, theirs = copy.deepcopy(holder[key]), copy.deepcopy(other[place])
            holder[key] = theirs
            if deed == "swap":
                other[place] = mine
        elif deed == "nest":
            for _ in range(random.choice([1, 2, 15, 30])):
                holder[key] = random.choice([[holder[key]], {"name": holder[key]}])
        elif isinstance(holder, list):
            holder.extend([holder[key]] * random.choice([1, 10, 1000]))
        else:
            holder[Doubled(key)] = self.value()

    def value(self) -> Any:
        """A value that nobody expected."""
        random = self.random
        kinds = [None, True, False, [], {}, [1, "a", None], {"name": "minimax"}, {"x": {"y": []}}]
        return random.choice(
            [random.choice(NUMBERS), random.choice(TEXTS), random.choice(kinds), random.random()]
        )

    def bytes(self, text: bytes) -> bytes:
        """Bytes, lines and pieces of text deleted, inserted, exchanged."""
        for _ in range(self.random.choice([1, 1, 2, 5, 20])):
            text = self.spoil(text)
        return text

    def spoil(self, text: bytes) -> bytes:
        """One change in the text."""
        random = self.random
        start = random.randrange(len(text) + 1)
        end = min(len(text), start + random.choice([0, 1, 1, 2, 8, 40]))
        deed = random.randrange(6)
        if deed == 0:
            return text[:start] + text[end:]
        if deed == 1:
            return text[:start] + random.choice(FRAGMENTS) + text[start:]
        if deed == 2:
            return text[:start] + random.randbytes(end - start) + text[end:]
        if deed == 3:
            return text[:start] + text[start:end] * random.choice([2, 5, 300]) + text[end:]
        lines = text.split(b"\n")
        line = random.randrange(len(lines))
        if deed == 4:
            lines.insert(random.randrange(len(lines)), lines[line])
        else:
            lines[line] = b" " * random.randrange(7) + lines[line].strip()
        return b"\n".join(lines)

    def noise(self, text: bytes) -> bytes:
        """Nothing that was ever a recipe."""
        random = self.random
        if random.random() < 0.3:
            return random.randbytes(random.randrange(2_000))
        if random.random() < 0.5:
            return b"".join(random.choices(FRAGMENTS, k=random.randrange(200)))
        codes = [random.choice([*range(128), 0x85, 0x2028, 0xFEFF, 0x1F600]) for _ in range(300)]
        return "".join(map(chr, codes)).encode()


class Doubled(str):
    """A key that is equal to no other, so that a mapping holds it twice."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


def walk(value: Any, keys: tuple[Any, ...] = ()) -> Any:
    """Every place in a tree: the keys that lead there, what holds it, its key in that."""
    if not isinstance(value, dict | list):
        return
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in list(items):
        yield (*keys, key), value, key
        yield from walk(item, (*keys, key))


def written(value: Any, random: Random) -> str:
    """A tree as YAML, in the way of JSON."""
    if isinstance(value, dict):
        pairs: Pairs = list(value.items())
        return f"{{{', '.join(f'{written(k, random)}: {written(v, random)}' for k, v in pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(written(item, random) for item in value)}]"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else f"{'-' if value < 0 else ''}.inf"
    return json.dumps(
        str(value) if isinstance(value, str) else value, ensure_ascii=random.random() < 0.9
    )


def outcome(path: Path, content: bytes, overrides: list[str], registry: Registry) -> str:
    """``valid`` or ``problems``; anything else is raised.

    Args:
        path: Where to put the recipe.
        content: What is in it.
        overrides: Words of the command line.
        registry: The components.
    """
    path.write_bytes(content)
    problems: Sequence[Problem] = ()
    try:
        recipe = load_recipe(path, overrides, registry)
    except RecipeError as error:
        problems = error.problems
        recipe = None
    if recipe is None:
        assert problems
        for problem in problems:
            check_place(problem, str(path), content)
        return "problems"
    path.write_text(recipe.to_yaml(), encoding="utf-8")
    assert load_recipe(path, (), registry).data == recipe.data
    assert re.fullmatch("[0-9a-f]{8}", recipe.identity())
    return "valid"


def check_place(problem: Problem, source: str, content: bytes) -> None:
    """A problem's place must be the command line, or lie within the file."""
    assert problem.message
    assert len(str(problem)) < 2_000 + len(source)
    if problem.source == COMMAND_LINE or problem.message == "and more":
        return
    lines = LINES.split(content.decode("utf-8-sig", "replace"))
    assert problem.source == source
    assert problem.line is not None
    assert 1 <= problem.line <= len(lines), problem
    assert 1 <= (problem.column or 0) <= len(lines[problem.line - 1]) + 1, problem


def shipped(registry: Registry) -> list[bytes]:
    """The recipes that are shipped, those of plugins too."""
    return [recipe_path(component).read_bytes() for component in registry.components("recipes")]


def play(count: int, seed: int, registry: Registry) -> dict[str, Any]:
    """Spoil ``count`` recipes, and count what becomes of them."""
    random = Random(seed)
    mutator = Mutator(random, shipped(registry))
    found: Counter[str] = Counter()
    tracebacks: list[str] = []
    slowest = 0.0
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.yaml"
        for _ in range(count):
            content = mutator.content()
            overrides = mutator.overrides(content)
            start = time.perf_counter()
            try:
                found[outcome(path, content, overrides, registry)] += 1
            except UsageError as error:
                found[f"refused: {error.message[:60]}"] += 1
            except Exception:
                tracebacks.append(f"{content!r}\n{overrides!r}\n{traceback.format_exc()}")
            slowest = max(slowest, time.perf_counter() - start)
            found["with overrides"] += bool(overrides)
    return {
        "tried": count,
        "seed": seed,
        **found,
        "tracebacks": tracebacks,
        "seconds": round(time.perf_counter() - began, 1),
        "slowest": round(slowest, 2),
        "peak MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    count, seed = (*map(int, sys.argv[1:]), *(10_000, 0)[len(sys.argv) - 1 :])
    result = play(count, seed, load_plugins())
    for text in result["tracebacks"][:5]:
        print(text, file=sys.stderr)
    print(json.dumps(result | {"tracebacks": len(result["tracebacks"])}))
    sys.exit(bool(result["tracebacks"]))


if __name__ == "__main__":
    main()
