"""The documentation is true: its code blocks run, its links lead somewhere, nothing is unmentioned.

The blocks of one file run in order, in one temporary directory that has ``recipes/`` in it;
Python blocks share one namespace. TensorFlow is imported once for all of them (`preloaded.py`).
A line right before a block directs it::

    <!-- not run: REASON -->      it is skipped
    <!-- file: some/path.py -->   it is written to that file instead of being run
    <!-- exits with 2 -->         its command must end with this exit code
    <!-- slow: REASON -->         it is a slow test, and nothing on its page builds upon it
"""

from __future__ import annotations

import inspect
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from advnets.builtin.commands import advnets_commands
from advnets.plugins import hookspecs
from advnets.plugins.components import KINDS

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
PAGES = [
    *DOCUMENTS,
    *(ROOT / f"{name}.md" for name in ("CONTRIBUTING", "CHANGELOG", "SECURITY")),
    *ROOT.glob("plugins/*/*.md"),
]

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\s*$")
DIRECTIVE = re.compile(r"<!-- (?P<word>not run|file|exits with|slow):? (?P<value>.+?) -->")
RUNNABLE = ("python", "bash", "console")
PATIENCE = 300  # seconds for one block

PYTHON = """
import io, json, sys, traceback
names, replies = {"__name__": "__main__"}, sys.stdout
sys.stdout = sys.stderr
for line in sys.stdin:
    block = json.loads(line)
    try:
        exec(compile(block["code"], block["place"], "exec"), names)
        reply = None
    except BaseException:
        reply = traceback.format_exc()
    print(json.dumps(reply), file=replies, flush=True)
"""
"""Executes the Python blocks of one file, one per line of its input, in one namespace."""


@dataclass(frozen=True)
class Block:
    """A fenced block: where it is, what is in it, and what the line before says."""

    file: Path
    line: int
    language: str
    code: str
    word: str = ""
    value: str = ""

    @property
    def place(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}"

    def commands(self) -> str:
        if self.language == "bash":
            return self.code
        lines = [line[2:] for line in self.code.splitlines() if line.startswith("$ ")]
        return "\n".join(lines)


def blocks(file: Path) -> Iterator[Block]:
    lines = file.read_text(encoding="utf-8").splitlines()
    number = 0
    while number < len(lines):
        opening = FENCE.match(lines[number])
        if not opening:
            number += 1
            continue
        start = number + 1
        end = next(i for i in range(start, len(lines)) if lines[i].strip() == "```")
        indent = len(opening["indent"])
        code = "\n".join(line[indent:] for line in lines[start:end]) + "\n"
        before = next((line for line in reversed(lines[:number]) if line.strip()), "")
        directive = DIRECTIVE.fullmatch(before.strip())
        word, value = (directive["word"], directive["value"]) if directive else ("", "")
        yield Block(file, number + 1, opening["language"], code, word, value)
        number = end + 1


class Session:
    """Runs one file's blocks in order, each once, however the tests are selected."""

    def __init__(self, file: Path, directory: Path, python: list[str], commands: Path):
        self.directory = directory
        self.preloaded = python
        self.waiting = list(blocks(file))
        self.failed: Block | None = None
        self.environment = {
            **os.environ,
            "PATH": os.pathsep.join(
                [str(commands), str(Path(sys.executable).parent), os.environ["PATH"]]
            ),
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            "COLUMNS": "100",
        }
        self.python: subprocess.Popen[str] | None = None
        (directory / "recipes").symlink_to(ROOT / "recipes")

    def run_up_to(self, block: Block) -> None:
        while self.failed is None and block in self.waiting:
            current = self.waiting.pop(0)
            if current.word == "slow" and current != block:
                continue  # a test of its own, where slow ones are asked for
            try:
                self.run(current)
            except BaseException:
                self.failed = current
                raise
        if self.failed is not None:
            pytest.fail(f"not reached: {self.failed.place} failed", pytrace=False)

    def run(self, block: Block) -> None:
        if block.word == "not run":
            return
        if block.word == "file":
            path = self.directory / block.value
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.code, encoding="utf-8")
        elif block.language == "python":
            self.run_python(block)
        elif block.language in RUNNABLE:
            self.run_shell(block)

    def run_shell(self, block: Block) -> None:
        expected = int(block.value) if block.word == "exits with" else 0
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", block.commands()],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        if done.returncode != expected:
            pytest.fail(
                f"{block.place} ended with {done.returncode}, not {expected}\n"
                f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}",
                pytrace=False,
            )

    def run_python(self, block: Block) -> None:
        if self.python is None:
            self.python = subprocess.Popen(
                [*self.preloaded, "-c", PYTHON],
                cwd=self.directory,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=(self.directory / "python.log").open("w"),
                text=True,
            )
        assert self.python.stdin is not None
        assert self.python.stdout is not None
        # Blank lines so that the line numbers of a traceback are those of the document.
        code = "\n" * block.line + block.code
        print(json.dumps({"code": code, "place": block.place}), file=self.python.stdin, flush=True)
        reply = self.python.stdout.readline()
        problem = json.loads(reply) if reply else (self.directory / "python.log").read_text()
        if problem is not None:
            pytest.fail(f"{block.place}\n{problem}", pytrace=False)

    def close(self) -> None:
        if self.python is not None:
            assert self.python.stdin is not None
            self.python.stdin.close()
            self.python.wait(30)
            self.python = None


@pytest.fixture(scope="module")
def sessions(
    tmp_path_factory: pytest.TempPathFactory, preloaded: list[str]
) -> Iterator[dict[Path, Session]]:
    commands = tmp_path_factory.mktemp("commands")
    for name, module in {"advnets": "-m advnets", "python": ""}.items():
        (commands / name).write_text(f'#!/bin/sh\nexec {shlex.join(preloaded)} {module} "$@"\n')
        (commands / name).chmod(0o755)
    opened = {
        file: Session(file, tmp_path_factory.mktemp(file.stem), preloaded, commands)
        for file in DOCUMENTS
    }
    yield opened
    for session in opened.values():
        session.close()


RUN = [b for file in DOCUMENTS for b in blocks(file) if b.language in RUNNABLE or b.word == "file"]


LONG = {ROOT / "docs/figures.md", ROOT / "docs/scaling.md"}
"""Pages that mostly wait, for drawings and for workers: what they show is tested elsewhere, too."""


SKELETON = ["A plugin", "The contract", "Where it is named", "Is it right?", "What goes wrong"]
"""The headings that the page of every kind has, in this order."""


def is_slow(block: Block) -> bool:
    return block.file in LONG or block.word == "slow"


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(block, id=block.place, marks=[pytest.mark.slow] * is_slow(block))
        for block in RUN
    ],
)
def test_block_runs(block: Block, sessions: dict[Path, Session]) -> None:
    if block.word == "not run":
        pytest.skip(block.value)
    for file, session in sessions.items():
        if file != block.file:
            session.close()  # pages come one by one, and each has a TensorFlow in memory
    sessions[block.file].run_up_to(block)


@pytest.mark.parametrize(
    "readme", sorted(ROOT.glob("plugins/*/README.md")), ids=lambda f: f.parent.name
)
def test_a_plugin_is_used_by_hand_as_its_readme_says(readme: Path) -> None:
    found = [block for block in blocks(readme) if block.language == "python"]
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in found:
        exec(compile(block.code, block.place, "exec"), names)
    assert found


def anchors(file: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and its like make them."""
    found = set()
    fenced = False
    for line in file.read_text(encoding="utf-8").splitlines():
        fenced ^= FENCE.match(line) is not None or line.strip() == "```"
        if not fenced and (heading := re.match(r"#+ (.+)", line)):
            words = re.sub(r"[^\w\- ]", "", heading[1].strip().lower())
            found.add(words.replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page: Path) -> None:
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("page", [*KINDS, "observers"])
def test_every_kind_has_a_page_that_names_its_hook_with_its_signature(page: str) -> None:
    hook = f"advnets_{'callbacks' if page == 'observers' else page}"
    signature = str(inspect.signature(getattr(hookspecs, hook))).replace("'", "")
    text = (ROOT / f"docs/kinds/{page}.md").read_text(encoding="utf-8")
    assert f"`{hook}{signature}`" in " ".join(text.split())
    index = (ROOT / "docs/hooks.md").read_text(encoding="utf-8")
    row = rf"^\| .+? \| `{hook}` \| .+ \| \[{page}\]\(kinds/{page}\.md\) \|$"
    assert re.search(row, index, re.MULTILINE)
    headings = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    assert [heading for heading in headings if heading in SKELETON] == SKELETON


@pytest.mark.parametrize("page", KINDS)
def test_parameters_of_the_plugins_of_a_page_are_described(page: str) -> None:
    """As `advnets plugins check` asks of everybody's."""
    silent = []
    for block in blocks(ROOT / f"docs/kinds/{page}.md"):
        if block.word != "file" or not block.value.endswith(".py"):
            continue
        names: dict[str, Any] = {"__name__": Path(block.value).stem}
        exec(compile(block.code, block.place, "exec"), names)
        hooks = [value for name, value in names.items() if name.startswith("advnets_")]
        for component in [each for hook in hooks for each in hook()]:
            for name, field in component.parameters.model_fields.items():
                silent += [] if field.description else [f"{block.place}: {name}"]
    assert silent == []


def test_every_command_has_a_heading() -> None:
    text = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    headings = set(re.findall(r"^#+ `(.+?)`$", text, flags=re.MULTILINE))
    assert {f"advnets {component.name}" for component in advnets_commands()} <= headings


def test_generated_pages_are_up_to_date(tmp_path: Path) -> None:
    """``python tools/write_docs.py`` writes them anew."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools/write_docs.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
