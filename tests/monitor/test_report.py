"""The report: complete, self-contained, safe, and honest about stand-ins."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from advnets.errors import UsageError
from advnets.evaluate import Score, append_scores
from advnets.monitor.grid import save_grid
from advnets.monitor.report import charts, report
from advnets.monitor.report.report import MOST, write_report

VOID = {"meta", "img", "br", "link", "input", "hr"}


@pytest.fixture(autouse=True)
def drawn(monkeypatch):
    """The charts, which elsewhere in the tests are placeholders."""
    monkeypatch.setattr(report, "try_drawing", charts.try_drawing)


class Page(HTMLParser):
    """Collects what a browser would fetch, the headings, and unbalanced tags."""

    def __init__(self, text):
        super().__init__()
        self.fetched, self.open, self.tags, self.images = [], [], [], []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        self.fetched += [values[k] for k in ("src", "href", "xlink:href") if k in values]
        if tag == "img":
            self.images.append(values)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.text += data


@pytest.fixture
def filled(folder, record, spec):
    """A run with everything that a report can show."""
    for step in range(10, 101, 10):
        folder.metrics.append(record(step, k=step / 100, energy_real=3.0, energy_fake=4.0))
    for step in (0, 50, 100):
        save_grid(folder.samples / f"step-{step:08}.png", np.full((4, 8, 8, 1), 8), spec)
    scores = [
        Score("parzen", 100.0 + step, 1.5, {"step": step, "unit": "nats", "samples": 10_000})
        for step in (50, 100)
    ]
    folder.manifest.update(
        status="finished",
        step=100,
        scores=append_scores([], scores),
        time={"total": 75.0},
        data={"lines": ["train: 7 examples", "left out: <i>"], "warnings": ["all values are 9"]},
        command=["advnets", "run", "digits", "name=a b"],
    )
    return folder


def page(folder):
    return Page(write_report(folder).read_text(encoding="utf-8"))


def test_everything_is_there(filled):
    shown = page(filled)
    assert not shown.open
    assert shown.tags.count("img") == 2
    assert [i["alt"][-3:] for i in shown.images] == ["p 0", "100"]
    for words in (
        "finished",
        "Value of the game, V(D, G)",
        "−log 4",
        "Losses",
        "Probability that D gives to “real”",
        "Accuracy of D",
        "Gradient norms",
        "Energy",
        "Score: parzen",
        "± 1.5",
        "10,000",
        "advnets run digits 'name=a b'",
        "name: watched",
        "1:15",
        "train: 7 examples",
        "left out: <i>",
        "all values are 9",
    ):
        assert words in shown.text, words
    assert shown.tags.count("svg") == 8  # value, losses, D twice, gradients, energy, k, score


def test_it_needs_nothing_else(filled):
    shown = page(filled)
    outside = [u for u in shown.fetched if not u.startswith(("data:image/png;base64,", "#"))]
    assert not outside
    assert not {"script", "link", "iframe"} & set(shown.tags)
    assert "url(http" not in filled.report_file.read_text()


def test_drawings_take_the_pages_colours(filled):
    write_report(filled)
    text = filled.report_file.read_text()
    drawings = re.findall(r"<svg .*?</svg>", text, re.DOTALL)
    colours = set(re.findall(r"(?:stroke|fill): (#\w+|var\(--\w+\))", "".join(drawings)))
    assert colours == {f"var(--{name})" for name in ("ink", "muted", "rule", "real", "fake")}
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_drawings_are_told_in_words(filled):
    write_report(filled)
    assert re.search(
        r'role="group" aria-label="Losses: discriminator goes from 1.3 at step 10',
        filled.report_file.read_text(),
    )


def test_the_recipe_cannot_inject_html(filled):
    filled.recipe_file.write_text("name: x # <script>alert(1)</script>\n")
    filled.manifest.update(name="<b>bold</b>", error="<img src=x onerror=alert(1)>")
    shown = page(filled)
    assert "script" not in shown.tags
    assert "<b>bold</b>" in shown.text
    assert shown.tags.count("img") == 2


NASTY = "</pre></text>--><script>alert(1)</script>[bold]$\\frac{$\x1b[31m&\u202e#010203{{7*7}}"


def test_nothing_in_a_run_folder_is_taken_for_html(filled, record):
    """Names, parameters, metrics, plugins' keys: whatever others wrote is text."""
    filled.recipe_file.write_text(f"name: {NASTY}\n")
    for step in (110, 120):
        filled.metrics.append(record(step, **{NASTY: 0.5, "x_real": 1.0, "note": NASTY}))
    scores = [
        Score(NASTY, float(step), 1.0, {"step": step, "unit": NASTY, NASTY: NASTY})
        for step in (1, 2)
    ]
    filled.manifest.update(
        name=NASTY,
        status="failed",
        error=NASTY,
        command=[NASTY],
        scores=append_scores([], scores),
        stand_in={"for": {"name": NASTY}, "used": NASTY, "why": NASTY},
        **{NASTY: {NASTY: [NASTY]}},
    )
    shown = page(filled)
    assert not shown.open
    assert not {"script", "b", "bold"} & set(shown.tags)
    assert shown.text.count("<script>alert(1)</script>") > 10
    text = filled.report_file.read_text()
    assert "{{7*7}}" in text
    assert not {"\x1b", "\u202e"} & set(text)
    assert "default-src 'none'" in text


@pytest.mark.parametrize("value", [1e308, -1e308, 5e-324, 2**62, 0])
def test_numbers_that_cannot_be_drawn(filled, record, value):
    for step in range(110, 300, 10):
        filled.metrics.append(
            dict.fromkeys(record(1), value * (-1) ** (step // 10)) | {"step": step}
        )
    assert "finished" in page(filled).text


def test_values_of_any_kind(filled, record):
    for value in ("1", [1], {"a": 1}, None, True, "<b>"):
        filled.metrics.append({"step": 200} | dict.fromkeys(record(1).keys() - {"step"}, value))
    assert "Losses" in page(filled).text


def test_a_page_of_bounded_size(filled, monkeypatch):
    """However much a folder holds, and whatever is called a sample grid."""
    for what, most in {"keys": 15, "scores": 20, "rows": 50}.items():  # a tenth of what it takes
        monkeypatch.setitem(MOST, what, most)
    filled.metrics.append({"step": 200} | {f"key{i}": i for i in range(5_000)})
    score = {
        "metric": "m" * 10_000,
        "value": 1.0,
        "protocol": {f"k{i}": "x" * 999 for i in range(99)},
    }
    many = {f"k{i}": "x" * 9_000 for i in range(200)}
    filled.manifest_file.write_text(
        json.dumps({"scores": [score] * 100, "name": "n" * 10**6} | many)
    )
    with filled.recipe_file.open("w") as file:
        file.truncate(2**30)
    with (filled.samples / "step-00000000.png").open("wb") as file:
        file.truncate(2**40)
    (filled.samples / "step-00000200.png").write_text("<svg onload=alert(1)>")
    shown = page(filled)
    assert shown.images == []
    assert shown.tags.count("svg") < 12
    assert filled.report_file.stat().st_size < 3_000_000


def test_a_stand_in_is_loud(filled):
    assert "Stand-in" not in page(filled).text
    filled.manifest.update(
        stand_in={
            "for": {"name": "tfds", "id": "mnist"},
            "used": {"name": "digits", "size": 28},
            "why": "no network",
        }
    )
    shown = page(filled)
    assert "Stand-in data: this is not tfds mnist" in shown.text
    assert "played on digits instead" in shown.text
    assert "no network" in shown.text


def test_a_run_that_has_just_begun(folder, record):
    folder.manifest.update(status="running")
    assert "running" in page(folder).text
    folder.metrics.append(record(10))
    assert page(folder).tags.count("svg") == 5


def test_a_game_without_a_value_function(folder):
    for step in (1, 2):
        folder.metrics.append(
            {"step": step, "d_loss": 9.0, "g_loss": None, "value": None, "d_real": None}
        )
    shown = page(folder)
    assert shown.tags.count("svg") == 1
    assert "V(D, G)" not in shown.text


def test_a_damaged_manifest_leaves_the_curves(filled):
    filled.manifest_file.write_text("{")
    assert "Losses" in page(filled).text


def test_thousands_of_records_make_a_small_page(folder, record):
    rng = np.random.default_rng(0)
    for step in range(1, 3001):
        folder.metrics.append(record(step, value=float(rng.normal())))
    assert write_report(folder).stat().st_size < 600_000


def test_no_run_no_report(tmp_path):
    with pytest.raises(UsageError, match="holds no run"):
        write_report(tmp_path)
