"""What can run code that data bring along is not called anywhere, or only in its safe form."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted([*ROOT.glob("advnets/**/*.py"), *ROOT.glob("plugins/*/src/**/*.py")])

MODULES = {
    *("pickle", "_pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"),
    *("tarfile", "xmlrpc", "code", "codeop"),
}
"""Not imported."""
CALLS = {
    *("eval", "exec", "compile", "__import__", "os.system", "os.popen", "tempfile.mktemp"),
    *("extractall", "unpack_archive", "enable_unsafe_deserialization", "get_file"),
    *("model_from_json", "model_from_config", "fromfile", "memmap", "load_pickle", "loadtxt"),
}
"""Not called, by whatever they are called on; with a dot: only so."""
SAFE = {
    "load": ("allow_pickle", False),
    "read_array": ("allow_pickle", False),
    "load_model": ("safe_mode", True),
    "Environment": ("autoescape", True),
    "YAML": ("typ", "safe"),
}
"""Called with this argument only. (``load`` of numpy.)"""
ALLOWED = {
    "import_module": {
        "advnets/plugins/components.py",
        "advnets/plugins/loading.py",
        "advnets/testing/check.py",
    }
    # Functions that the chief of the workers names, see SECURITY.md:
    | {"advnets/testing/__init__.py", "advnets/evaluate/per_example.py"},
    # Messages of workers to each other, the environment, and a user's own cache:
    "loads": {"advnets/safe_io/json_text.py", "advnets/distribute/messages.py"}
    | {"advnets/distribute/cluster.py", "advnets/distribute/rendezvous.py"}
    | {"advnets/data/sources/scan_cache.py", "advnets/distribute/workers.py"},
    # Templates of Python, YAML and Markdown, filled in with a name that was looked at:
    "unescaped": {"advnets/scaffold/render.py"},
}
"""Called in these files only."""


def faults(source: str, name: str = "x.py") -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""] if not node.level else []
        else:
            names = []
        for module in names:
            if module.split(".")[0] in MODULES:
                yield f"{name}:{node.lineno}: imports {module}"
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            for wrong in _wrong(node, called, name):
                yield f"{name}:{node.lineno}: {called}: {wrong}"


def _wrong(node: ast.Call, called: str, name: str) -> Iterator[str]:
    last = called.rpartition(".")[2]
    given = {k.arg: getattr(k.value, "value", None) for k in node.keywords}
    builtin = {"eval", "exec", "compile", "__import__"}
    if called in CALLS or (last in CALLS - builtin):
        yield "is not to be called"
    if given.get("shell"):
        yield "starts a shell"
    if given.get("allow_pickle"):
        yield "allows pickles"
    own_load = last == "load" and not re.match(r"(np|numpy)\.", called)
    if last in SAFE and not own_load:
        argument, value = SAFE[last]
        escapes = argument != "autoescape" or name not in ALLOWED["unescaped"]
        if given.get(argument) != value and escapes:
            yield f"without {argument}={value!r}"
    if last in ALLOWED and name not in ALLOWED[last]:
        yield "is not to be called here"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_file(file: Path) -> None:
    name = str(file.relative_to(ROOT))
    assert list(faults(file.read_text(encoding="utf-8"), name)) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads as f",
        "import os; os.system('ls')",
        "eval('1')",
        "subprocess.run('ls', shell=True)",
        "np.load(path)",
        "numpy.load(path, allow_pickle=True)",
        "np.lib.format.read_array(file)",
        "keras.models.load_model(path)",
        "load_model(path, safe_mode=False)",
        "keras.config.enable_unsafe_deserialization()",
        "jinja2.Environment()",
        "YAML(typ='unsafe')",
        "YAML()",
        "importlib.import_module(name)",
        "json.loads(text)",
        "archive.extractall(path)",
    ],
)
def test_the_test_sees(source: str) -> None:
    assert list(faults(source))


@pytest.mark.parametrize("source", ["re.compile('x')", "component.load()", "game.compile()"])
def test_the_test_lets_pass(source: str) -> None:
    assert not [fault for fault in faults(source) if "is not to be called" in fault]


def test_templates_trust_drawings_only() -> None:
    for template in ROOT.glob("advnets/**/*.html.j2"):
        found = re.findall(r"\{\{[^}]*\bsafe\b[^}]*\}\}", template.read_text(encoding="utf-8"))
        assert found == ["{{ drawing | safe }}"], template
