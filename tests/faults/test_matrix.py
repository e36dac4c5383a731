"""Every row of the fault matrix in docs/reliability.md names tests that exist, and was measured.

That the page shows what was measured is seen by tests/test_docs.py.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from reliability_tables import FAULTS, fault_matrix, read_rows, short

ROOT = Path(__file__).parents[2]
ROWS = read_rows()
MEASURED = json.loads(FAULTS.read_text(encoding="utf-8"))["rows"]


def test_the_matrix_is_there():
    assert len(ROWS) > 50
    assert len({row.fault for row in ROWS.values()}) == len(ROWS)
    assert list(MEASURED) == list(ROWS)
    lines = [line for line in "\n".join(fault_matrix()).splitlines() if line.startswith("| ")]
    headings = [row.under for row in ROWS.values() if row.under]
    assert len(set(headings)) == len(headings) > 3
    assert [line.count(" | ") for line in lines] == [5] * (len(ROWS) + 2 * len(headings))


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_its_tests_exist(row):
    for named in row.tests:
        path, _, name = named.partition("::")
        assert (ROOT / path).is_file(), path
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name in functions, f"{path} has no {name}"


@pytest.mark.parametrize("name", ROWS)
def test_it_was_measured(name):
    """Or could not be, where `make faults` was last run; then the page says why."""
    row, found = ROWS[name], MEASURED[name]
    if "times" not in found:
        assert found["not_run"]
        return
    assert found["recovered"] == row.recovered
    assert set(found["tests"]) <= set(row.tests)
    assert (found["steps_lost"] is None) == bool(row.no_run)
    for median, most in filter(None, (found["steps_lost"], found["seconds_lost"])):
        assert 0 <= median <= most


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0"), (2e-5, "< 0.0001"), (0.00123, "0.0012"), (0.5, "0.5"), (3.14, "3.1"), (75.4, "75")],
)
def test_seconds_are_short(seconds, text):
    assert short(seconds) == text
