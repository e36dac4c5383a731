"""Recipes are plain trees; whatever else YAML offers is refused, at its place."""

from __future__ import annotations

import pytest

from advnets.recipe.document import Location
from advnets.recipe.yaml_reader import MAX_BYTES, read_yaml


def said(text: str | bytes) -> list[str]:
    return [str(problem) for problem in read_yaml(text, "r.yaml").problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1.0e-6", 1e-6),
        ("-.5", -0.5),
        ("12", 12),
        ("+3", 3),
        ("0o17", 15),
        ("0x1F", 31),
        ("010", 10),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("on", "on"),
        ("yes", "yes"),
        ("1_000", "1_000"),
        ("2014-06-10", "2014-06-10"),
        ("12:30:45", "12:30:45"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("train[:50000]", "train[:50000]"),
        ("[1, {b: c}]", [1, {"b": "c"}]),
        ("1.", 1.0),
        ("e5", "e5"),
        ("<<", "<<"),
    ],
)
def test_values(text: str, value: object) -> None:
    read = read_yaml(f"a: {text}", "r.yaml")
    assert read.problems == []
    assert read.value == {"a": value}
    assert type(read.value["a"]) is type(value)


def test_places() -> None:
    read = read_yaml("# note\na:\n  - b\n  - c: 1\n    dé: 'x'\ne:   {f: [2]}\n", "r.yaml")
    assert read.value == {"a": ["b", {"c": 1, "dé": "x"}], "e": {"f": [2]}}
    assert read.locate(("a", 0)) == Location("r.yaml", 3, 5)
    assert read.locate(("a", 1, "dé")) == Location("r.yaml", 5, 9)
    assert read.locate(("a", 1, "dé"), key=True) == Location("r.yaml", 5, 5)
    assert read.locate(("e", "f", 0)) == Location("r.yaml", 6, 11)
    assert read.locate(("e", "missing"), key=True) == Location("r.yaml", 6, 1)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: !!str 1", "r.yaml:1:4: tags (tag:yaml.org,2002:str) are not allowed in recipes"),
        ("a: !!python/object:os.system x", "r.yaml:1:4: tags"),
        ("a: !x [1]", "r.yaml:1:4: tags (!x)"),
        ("a: &b 1", "r.yaml:1:4: anchors (&b) are not allowed"),
        ("a: 1\nc: *b", "r.yaml:2:4: aliases (*b) are not allowed"),
        ("<<: {a: 1}", "r.yaml:1:1: merge keys (<<) are not allowed"),
        ("a: 1\nb: 2\na: 3", "r.yaml:3:1: key 'a' appears twice"),
        ("x: {a: 1, a: 1}", "r.yaml:1:11: key 'a' appears twice"),
        ("1: x", "r.yaml:1:1: a key must be text, not 1"),
        ("null: x", "r.yaml:1:1: a key must be text, not null"),
        ("true: x", "r.yaml:1:1: a key must be text, not true"),
        ("? [a]\n: b", "r.yaml:1:3: a key must be text, not list"),
        ("a: .nan", "r.yaml:1:4: .nan is not a finite number"),
        ("a: -.inf", "r.yaml:1:4: -.inf is not a finite number"),
        ("a: 1e999", "r.yaml:1:4: 1e999 is too large"),
        ("a: 9223372036854775808", "r.yaml:1:4: 9223372036854775808 does not fit into 64 bits"),
        ("a: " + "9" * 5000, "r.yaml:1:4: 99999999999999999999… does not fit"),
        ("a: 1\n---\nb: 2", "r.yaml:2:1: a second document begins here"),
        ("%YAML 1.1\n---\na: 1", "r.yaml:2:1: directives (%…) are not allowed"),
        ('a: "\\ud800"', "r.yaml:1:4: \\ud800 alone is half a character"),
        ("a: [1", "r.yaml:1:6: not YAML"),
        ("a: b: c", "r.yaml:1:5: not YAML: mapping values are not allowed here"),
        ("a:\n\tb: 1", "r.yaml:2:1: not YAML"),
        ("a: \x00", "r.yaml:1:4: not YAML"),
        ("a: 'x", "r.yaml:1:6: not YAML"),
        ("[" * 100, "r.yaml:1:21: nested more than 20 levels deep"),
        ("a: " * 100, "r.yaml:1:5: not YAML"),
        ("x" * (MAX_BYTES + 1), "r.yaml:1:1: the file has 262,145 bytes"),
        (b"a: 1\nb: \xff\xfe", "r.yaml:2:4: the file is not UTF-8; save it as UTF-8"),
        ("a: 1\n".encode("utf-16"), "r.yaml:1:1: the file is not UTF-8"),
    ],
)
def test_refusals(text: str | bytes, problem: str) -> None:
    assert [line for line in said(text) if line.startswith(problem)], said(text)


def test_all_refusals_at_once() -> None:
    assert [line.split(": ")[0] for line in said("a: &b 1\nc: *b\na: 2\n3: x\nd: !t y")] == [
        "r.yaml:1:4",
        "r.yaml:2:4",
        "r.yaml:3:1",
        "r.yaml:4:1",
        "r.yaml:5:4",
    ]


def test_an_alias_bomb_is_cheap() -> None:
    levels = "\n".join(
        f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]"
        for a, b in zip("abcdefg", "bcdefgh", strict=True)
    )
    read = read_yaml(f"a: &a [x]\n{levels}", "r.yaml")
    assert len(read.problems) == 1 + 7 * 11


def test_the_largest_file_is_read() -> None:
    text = "# " + "x" * (MAX_BYTES - 7) + "\na: 1"
    assert len(text) <= MAX_BYTES
    assert read_yaml(text, "r.yaml").value == {"a": 1}


def test_bom_and_windows_lines() -> None:
    assert read_yaml(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "r.yaml").value == {"a": 1, "b": 2}
