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

NOT_YET: set[str] = {
    "advnets/cli/common.py",
    "advnets/cli/components.py",
    "advnets/cli/figure.py",
    "advnets/cli/main.py",
    "advnets/cli/plugin_check.py",
    "advnets/cli/sweep.py",
    "advnets/compare/at_one_step.py",
    "advnets/compare/ranking.py",
    "advnets/compare/scored_run.py",
    "advnets/compare/statistics.py",
    "advnets/evaluate/context.py",
    "advnets/evaluate/estimators/bootstrap.py",
    "advnets/evaluate/estimators/diversity.py",
    "advnets/evaluate/estimators/interval.py",
    "advnets/evaluate/estimators/line_game.py",
    "advnets/evaluate/estimators/manifolds.py",
    "advnets/evaluate/estimators/pairs.py",
    "advnets/evaluate/estimators/push_forward.py",
    "advnets/evaluate/features/extractor.py",
    "advnets/evaluate/features/inception.py",
    "advnets/evaluate/inputs.py",
    "advnets/evaluate/metrics/fid.py",
    "advnets/evaluate/metrics/inception_score.py",
    "advnets/evaluate/metrics/kid.py",
    "advnets/evaluate/metrics/modes.py",
    "advnets/evaluate/metrics/parzen.py",
    "advnets/evaluate/metrics/real_and_generated.py",
    "advnets/monitor/figures/animation.py",
    "advnets/monitor/figures/line_panel.py",
    "advnets/monitor/figures/sheet.py",
    "advnets/monitor/figures/style.py",
    "advnets/monitor/grid.py",
    "advnets/monitor/plain_text.py",
    "advnets/monitor/report/afterwards.py",
    "advnets/monitor/report/charts.py",
    "advnets/monitor/report/curves.py",
    "advnets/monitor/report/health.py",
    "advnets/monitor/report/report.py",
    "advnets/monitor/snapshot.py",
    "advnets/runs/heartbeat.py",
    "advnets/runs/lock.py",
    "advnets/runs/manifest.py",
    "advnets/runs/metrics_log.py",
    "advnets/runs/thinned.py",
    "advnets/safe_io/atomic.py",
    "advnets/sweep/charts.py",
    "advnets/sweep/check.py",
    "advnets/sweep/distributions.py",
    "advnets/sweep/load.py",
    "advnets/sweep/trial_runner.py",
    "advnets/sweep/run_process.py",
    "advnets/sweep/schema.py",
    "advnets/sweep/study.py",
    "advnets/verify/kills.py",
}
"""Files that are still to be mended."""


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


@pytest.mark.parametrize("file", [f for f in FILES if not exempt(f) and f not in NOT_YET])
def test_docstrings_begin_with_a_verb(file: str) -> None:
    assert not (found := list(faults(FILES[file]))), "\n".join(found)


def test_exempt_files_are_there() -> None:
    for pattern in EXEMPT:
        assert list(ROOT.glob(pattern)), pattern
    assert set(FILES) >= NOT_YET
