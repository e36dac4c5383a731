"""Recipes that were written to do harm: refused, with the place, in little time and memory."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from advnets import RecipeError, UsageError
from advnets.plugins.registry import Registry
from advnets.recipe import Recipe, load_recipe, read_yaml
from advnets.recipe.yaml_reader import MAX_BYTES, MAX_VALUES

Problems = Callable[..., list[str]]

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
"""A billion of values, once its aliases are written out."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: !!python/object/apply:os.system [ls]", "1:4: tags"),
        ("a: !<tag:yaml.org,2002:python/name:os.system> x", "1:4: tags"),
        ("%TAG ! tag:x,2000:\n---\na: !x y", "2:1: directives"),
        (LAUGHS, "1:4: anchors (&a)"),
        ("a: 1\nb: {<<: {c: 1}}", "2:5: merge keys"),
        ("a: 1\na: 2", "2:1: key 'a' appears twice"),
        ("[" * 100_000, "1:21: nested more than 20 levels deep"),
        ("a:\n" + "- " * 50_000, "2:39: nested more than 20 levels deep"),
        ("a: [" + "1," * (MAX_VALUES + 9) + "]", f"1:39999: more than {MAX_VALUES:,} keys"),
        ("x" * (MAX_BYTES + 1), f"1:1: the file has {MAX_BYTES + 1:,} bytes"),
        ("a: " + "9" * 100_000, "1:4: 99999999999999999999… does not fit into 64 bits"),
        ("a: 0x" + "f" * 99, "does not fit into 64 bits"),
        ("a: 1e999", "1:4: 1e999 is too large for a 64-bit float"),
        (b"a: 1\nb: \xff\xfe", "2:4: the file is not UTF-8"),
        ("a: 1\n".encode("utf-16"), "1:1: the file is not UTF-8"),
        ("a: \x00", "1:4: not YAML"),
        ("a: \x1b[31m", "1:4: not YAML"),
        (r'a: "\x1b[31m"', r"1:4: \x1b is a control character"),
        (r'a: "b\0c"', r"1:4: \x00 is a control character"),
        (r'a: "\ud800"', "1:4: \\ud800 alone is half a character"),
        (r'"\x07": 1', r"1:1: \x07 is a control character"),
    ],
)
def test_refused_with_its_place(text: str | bytes, expected: str) -> None:
    problems = read_yaml(text, "r.yaml").problems
    assert expected in str(problems[0])
    assert str(problems[0]).startswith("r.yaml:")
    assert len(str(problems[0])) < 700


def test_a_byte_order_mark_is_no_matter() -> None:
    read = read_yaml("\ufeffa: 1".encode(), "r.yaml")
    assert (read.problems, read.value) == ([], {"a": 1})


@pytest.mark.parametrize(
    "name", ["../up", "/etc/cron.d/x", "a/b", "..", ".", "a\\0b", "A", "a b", "a\\n", "x" * 101, ""]
)
def test_names_that_would_leave_the_runs(problems: Problems, good: str, name: str) -> None:
    """The name begins that of the run's folder."""
    (problem,) = problems(f'name: "{name}"\n{good}')
    assert problem.startswith("r.yaml:1:7: ")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("loss", "os:system"),
        ("loss", "os.system"),
        ("loss", "{name: subprocess.Popen, args: [ls]}"),
        ("optimizers.generator", "keras.optimizers.Adam"),
        ("optimizers.generator", "{class_name: Lambda, config: {}}"),
        ("generator", "../dense"),
        ("generator", "{name: dense, layers: [{class_name: Lambda, module: os}]}"),
        ("monitoring.callbacks", "[builtins.exec]"),
        ("evaluation.metrics", "[advnets.evaluate.metrics.parzen:Parzen]"),
        ("dataset", "http://example.org/evil"),
    ],
)
def test_names_are_looked_up_and_never_imported(problems: Problems, key: str, value: str) -> None:
    assert problems(overrides=[f"{key}={value}"])


def test_what_is_quoted_is_shortened(changed: Problems) -> None:
    (problem,) = changed(("latent: cube", f"latent: {'x' * 100_000}"))
    assert len(problem) < 900


def test_an_override_deeper_than_any_recipe(problems: Problems) -> None:
    (problem,) = problems(overrides=[".".join("a" * 100_000) + "=1"])
    assert "an override is KEY=VALUE" in problem


def test_too_large_once_the_defaults_are_filled_in(
    good: str, registry: Registry, parse: Callable[..., Recipe]
) -> None:
    """A run could otherwise not read the recipe that it wrote."""
    many = ", ".join(["zero"] * (MAX_VALUES // 4))
    assert parse(good.replace("zero]", ", ".join(["zero"] * 100) + "]"))
    with pytest.raises(RecipeError, match="with every default filled in"):
        parse(good.replace("zero]", f"{many}]"))


@pytest.fixture(params=["pipe", "socket", "loop", "device", "folder", "nothing"])
def no_file(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Something in the place of a recipe that is no file."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "r.yaml"
    if request.param == "pipe":
        os.mkfifo(path)
    elif request.param == "socket":
        with socket.socket(socket.AF_UNIX) as opened:
            opened.bind("r.yaml")
    elif request.param == "loop":
        path.symlink_to(path)
    elif request.param == "device":
        path.symlink_to("/dev/zero")
    elif request.param == "folder":
        path.mkdir()
    return "r.yaml"


def test_what_is_no_file_is_not_waited_for(no_file: str, registry: Registry) -> None:
    with pytest.raises(UsageError):
        load_recipe(no_file, registry=registry)


@pytest.mark.parametrize("path", ["a\0b.yaml", "x" * 5_000, "x/" * 5_000, "~nobody-here/x.yaml"])
def test_paths_that_no_system_has(path: str, registry: Registry) -> None:
    with pytest.raises(UsageError, match="there is no"):
        load_recipe(path, registry=registry)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda path: os.mkfifo(path), "is a named pipe, not a file"),
        (lambda path: path.mkdir(), "is a folder, not a file"),
        (lambda path: path.symlink_to("/dev/zero"), "is a device, not a file"),
        (lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 2**40), "more than"),
    ],
)
def test_a_file_named_by_a_recipe(
    make: Callable[[Path], None], expected: str, tmp_path: Path
) -> None:
    """It is hashed when the recipe is checked: without waiting, and not whatever its size."""
    make(tmp_path / "w.npz")
    overrides = [f"generator.pretrained={tmp_path / 'w.npz'}"]
    with pytest.raises(RecipeError, match=expected):
        load_recipe("digits", [*overrides])
    assert load_recipe("digits", [f"generator.pretrained={'x' * 5000}"])
