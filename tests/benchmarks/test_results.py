"""Targets, tables and the page, from results made up by hand."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from benchmarks import docs, tables, targets
from benchmarks.chart import draw
from benchmarks.field import BARE, BARE_XLA, EAGER, FIT, GEMM, OURS, TF_GAN, players


def contestant(*rates: float, **about) -> dict:
    ordered = sorted(rates)
    return {
        "rates": list(rates),
        "median": ordered[len(ordered) // 2],
        "about": {"version": "1.0", **about},
        "peak_memory": 2**29,
    }


@pytest.fixture
def results() -> dict:
    mnist = {
        "name": "mnist",
        "letter": "a",
        "title": "MNIST",
        "flops": 4_000_000_000,
        "contestants": {
            OURS: contestant(30.0, 15.0, 33.0, jit="off", flops=4_000_000_000),
            EAGER: contestant(20.0, 10.0, 24.0),
            FIT: contestant(25.0, 12.5, 27.5),
            BARE: contestant(30.0, 15.0, 33.0),
            BARE_XLA: contestant(40.0, 20.0, 44.0),
            GEMM: contestant(15.0, 7.5, 16.5, flops=10_000_000_000),
            TF_GAN: {"absent": "not installed"},
        },
        "references": {},
    }
    simultaneous = {
        "name": "mnist_simultaneous",
        "letter": "a",
        "title": "MNIST, simultaneous",
        "flops": 3_000_000_000,
        "contestants": {OURS: contestant(39.0, 26.0, 40.0)},
        "references": {f"mnist / {OURS}": contestant(30.0, 20.0, 30.0)},
    }
    results = {
        "date": "2025-01-01",
        "minutes": 12.3,
        "machine": {
            "processor": "a processor",
            "cores": 2,
            "instructions": ["avx2"],
            "memory": 2**34,
            "system": "Linux",
            "python": "3.11",
            "load_before": 0.1,
            "commit": "abc",
        },
        "commands": {"advnets --help": 0.25, "advnets validate": 0.7},
        "first_round": {"mnist": {"advnets run": 9.0, EAGER: None}},
        "cases": {"mnist": mnist, "mnist_simultaneous": simultaneous},
    }
    results["targets"] = targets.evaluate(results)
    return results


def judged(results: dict, *words: str) -> dict:
    (found,) = [t for t in results["targets"] if all(word in t["what"] for word in words)]
    return found


def test_a_target_is_met_by_the_median_of_the_ratios(results):
    target = judged(results, "MNIST:", EAGER)
    assert target["measured"] == 1.5
    assert target["met"] is True
    assert judged(results, "MNIST:", FIT)["measured"] == pytest.approx(1.2)


def test_simultaneous_is_compared_with_our_own_alternating(results):
    target = judged(results, "simultaneous", f"mnist / {OURS}")
    assert target["measured"] == 1.3
    assert target["met"] is True


def test_the_floor_is_the_faster_of_the_bare_loops(results):
    target = judged(results, "MNIST:", BARE_XLA)
    assert target["measured"] == 0.75
    assert target["met"] is False


def test_the_share_is_operations_per_second_of_those_of_a_large_product(results):
    target = judged(results, "share of the machine's rate")
    assert target["measured"] == pytest.approx(30 * 4 / (15 * 10))
    assert target["met"] is True


def test_what_was_not_timed_is_neither_met_nor_missed(results):
    for words in (("MNIST:", TF_GAN), ("wgan_gp",)):
        assert judged(results, *words)["met"] is None


def test_commands_are_to_answer_in_time(results):
    assert judged(results, "--help")["met"] is True
    assert judged(results, "validate")["met"] is False


def test_a_case_table_has_rates_ratios_and_memory(results):
    table = tables.contestants(results["cases"]["mnist"])
    assert list(table.rows[1]) == [EAGER, "20", "± 35 %", "1.50", "512"]
    assert tables.absent(results["cases"]["mnist"]) == [f"{TF_GAN}: not installed"]
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(tables.case_table(results["cases"]["mnist"]))
    assert f"not timed: {TF_GAN}: not installed" in console.export_text()


def test_the_limit_table_has_both_numbers_of_a_case(results):
    (row,) = tables.limit_table(results).rows
    # 4 GFLOP a round, 150 GFLOP/s: at most 37.5 rounds/s, of which 30 are reached.
    assert list(row) == ["(a) mnist", "4", "4", "150", "37.5", "", "30", "80 %", ""]


def test_the_page_holds_every_table_and_survives_a_second_writing(results, tmp_path, monkeypatch):
    page = tmp_path / "performance.md"
    page.write_text(f"# Before\n\n{docs.BEGIN}\nold\n{docs.END}\n\nAfter\n")
    monkeypatch.setattr(docs, "PAGE", page)
    monkeypatch.setattr(docs, "COPY", tmp_path / "results.json")
    monkeypatch.setattr(docs, "CHART", tmp_path / "chart.png")
    docs.write(results)
    once = page.read_text()
    assert once.startswith("# Before")
    assert once.endswith("After\n")
    assert "old" not in once
    assert "| (a) MNIST: advnets against PyTorch eager | ≥ 1.4 | 1.50 | met |" in once
    assert "**missed**" in once
    docs.write(json.loads((tmp_path / "results.json").read_text()))
    assert page.read_text() == once


def test_the_chart_is_small(results, tmp_path):
    draw(results, tmp_path / "chart.png")
    assert 5_000 < (tmp_path / "chart.png").stat().st_size < 200_000


def test_who_cannot_play_is_left_out():
    labels = [entry.label for entry in players("wgan_gp")]
    assert OURS in labels
    assert "torchgan" not in labels
