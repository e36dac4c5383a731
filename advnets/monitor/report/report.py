"""Write a run's report: one HTML file that needs nothing else, from the run's folder."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any

from ..._version import __version__
from ...errors import RunError, UsageError
from ...recipe.yaml_reader import MAX_BYTES
from ...runs import RunFolder
from ...runs.metrics_log import of_rounds
from ...runs.sample_files import samples_of, step_of
from ...safe_io import open_file, printable
from ...safe_io.atomic import write_atomically
from ...safe_io.wording import duration, shorten
from ..progress import EQUILIBRIUM
from .charts import make_charts, try_drawing
from .flatten import flatten
from .goodput import describe_lost_time
from .health import data_sets, game_findings, record_findings
from .pictures import find_figures, to_data_url

MOST = {"keys": 60, "rows": 500, "scores": 200, "metrics": 20, "characters": 2000}
"""The most that is shown of a run, whatever lies in its folder."""
APART = ("scores", "stand_in", "status", "step", "divergences", "noise", "recipe", "changes")
"""Keys of the manifest that the report shows elsewhere than in the manifest's table."""


def write_report(folder: Any) -> Path:
    """Write ``report.html`` into a run's folder, from what lies there.

    It works for a run that is in progress, was interrupted or failed as well; what is missing
    is left out.

    Args:
        folder: A :class:`advnets.runs.RunFolder`, or the path of one.

    Returns:
        The report's path.

    Raises:
        UsageError: If the folder holds neither a manifest nor metrics.
        RunError: If the report cannot be written.
    """
    folder = RunFolder(getattr(folder, "path", folder))
    try:
        records = keep_numbers(of_rounds(folder.metrics.read()))
    except RunError:
        records = []
    try:
        manifest = folder.manifest.data
    except RunError:  # a damaged manifest must not take the curves with it
        manifest = {}
    if not manifest and not records:
        raise UsageError(
            f"{folder.path} holds no run: neither a manifest nor metrics",
            hint="give the folder that `advnets run` printed",
        )
    write_atomically(folder.report_file, render(folder, manifest, records))
    return folder.report_file


def render(
    folder: RunFolder, manifest: Mapping[str, Any], records: Sequence[Mapping[str, Any]]
) -> str:
    """Render the report's HTML."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["number"] = format_number
    source = resources.files(__package__).joinpath("report.html.j2").read_text(encoding="utf-8")
    grids = samples_of(folder.samples)
    grids = grids[:1] + grids[-1:] if len(grids) > 1 else grids
    name = folder.path.resolve().name
    scores = _scores(manifest)
    drawn = [(chart, try_drawing(chart)) for chart in make_charts(records, scores)]
    return environment.from_string(source).render(
        title=_short(manifest.get("name") or name, 200),
        folder=name,
        status=str(manifest.get("status", "unknown")),
        step=manifest.get("step", records[-1]["step"] if records else 0),
        stand_in=_stand_in(manifest),
        facts=list_facts(manifest, records),
        findings=find_trouble(manifest, records),
        grids=[(step_of(grid), url) for grid in grids if (url := to_data_url(grid))],
        figures=find_figures(folder.exports),
        charts=[(chart, image) for chart, image in drawn if image],
        scores=scores,
        metrics=metrics_table(records),
        data=[_short(line) for line in _data_lines(manifest)[: MOST["rows"]]],
        manifest=manifest_table(manifest),
        recipe=_text(folder.recipe_file),
        version=__version__,
    )


def find_trouble(
    manifest: Mapping[str, Any], records: Sequence[Mapping[str, Any]]
) -> list[dict[str, str]]:
    """Find signs of trouble, and what to do about each."""
    found = [*game_findings(manifest), *(record_findings(records) if records else [])]
    return [
        {key: _short(getattr(one, key)) for key in ("level", "subject", "text", "hint")}
        for one in found
        if one.level != "ok"
    ]


def keep_numbers(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Keep the records' numbers, under the keys that come first; anything else is ``None``.

    >>> keep_numbers([{"step": 1, "a": 0.5, "b": "<b>"}])
    [{'step': 1, 'a': 0.5, 'b': None}]
    """
    keys: dict[str, str] = {}
    result = []
    for record in records:
        shown = {}
        for key, value in record.items():
            if key not in keys and len(keys) < MOST["keys"]:
                keys[key] = _short(key, 60)
            if key in keys:
                number = isinstance(value, int | float) and not isinstance(value, bool)
                shown[keys[key]] = value if number else None
        result.append(shown)
    return result


def manifest_table(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Flatten the manifest into rows, without what is empty or shown elsewhere.

    >>> manifest_table({"step": 3, "command": ["advnets", "run", "a b"], "time": {"total": 2.5}})
    {'command': "advnets run 'a b'", 'time.total': '2.5'}
    """
    rest = {key: value for key, value in manifest.items() if key not in APART}
    if isinstance(rest.get("data"), Mapping):  # what is said of them has a place of its own
        said = ("lines", "warnings")
        rest["data"] = {key: each for key, each in rest["data"].items() if key not in said}
    command = rest.get("command")
    if isinstance(command, list):
        rest["command"] = shlex.join(map(str, command))
    shown = ((key, value) for key, value in flatten(rest).items() if value not in (None, ""))
    return {_short(k, 200): _short(v) for k, v in islice(shown, MOST["rows"])}


def _text(path: Path) -> str:
    try:
        with open_file(path) as file:
            return printable(file.read(MAX_BYTES).decode("utf-8", "replace"))
    except OSError:
        return ""


def _short(value: Any, most: int = MOST["characters"]) -> str:
    return shorten(printable(str(value)), most)


def _scores(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the newest scores, shortened for the page."""
    return [
        {
            "metric": _short(score["metric"], 100),
            "value": score.get("value"),
            "error": score.get("error"),
            "protocol": {
                _short(key, 100): value
                if isinstance(value, int | float | None)
                else _short(format_number(value), 500)
                for key, value in islice((score.get("protocol") or {}).items(), 100)
            },
        }
        for score in (manifest.get("scores") or [])[-MOST["scores"] :]
    ]


def _data_lines(manifest: Mapping[str, Any]) -> list[str]:
    """Return what the run said of its data."""
    return list((manifest.get("data") or {}).get("lines") or [])


def _stand_in(manifest: Mapping[str, Any]) -> dict[str, str] | None:
    """Describe the data set and its stand-in; ``None`` if there is no stand-in."""
    entry = manifest.get("stand_in")
    if not entry:
        return None
    names = {key: _short(data_sets(entry, key), 200) for key in ("for", "used")}
    return {**names, "why": _short(entry.get("why") or "")}


def list_facts(
    manifest: Mapping[str, Any], records: Sequence[Mapping[str, Any]]
) -> list[tuple[str, str, str]]:
    """List the few numbers at the head of the report: name, value, remark."""
    last = records[-1] if records else {}
    found: list[tuple[str, str, str]] = []
    value, real, fake = map(last.get, ("value", "d_accuracy_real", "d_accuracy_fake"))
    if value is not None:
        text = f"{value:.4f}".replace("-", "−")
        found.append(("V(D, G)", text, f"−log 4 = −{-EQUILIBRIUM:.4f}"))
    if real is not None and fake is not None:
        found.append(("D is right on", f"{real:.0%} real", f"{fake:.0%} generated"))
    latest = {score["metric"]: score for score in _scores(manifest)}
    for metric, score in islice(latest.items(), MOST["metrics"]):
        error = f"± {format_number(score['error'])}" if score.get("error") is not None else ""
        step = (score.get("protocol") or {}).get("step")
        remark = ", ".join(filter(None, [error, f"step {step:,}" if step is not None else ""]))
        found.append((metric, format_number(score.get("value")), remark))
    total = (manifest.get("time") or {}).get("total")
    if total is not None:
        speed = last.get("steps_per_second")
        found.append(("Time", duration(total), f"{speed:.1f} steps/s at the end" if speed else ""))
    goodput = manifest.get("goodput")
    if goodput is not None:
        lost = describe_lost_time(manifest)
        found.append(("Goodput", f"{goodput:.0%}", lost or "of the time was spent in rounds"))
    return found


def metrics_table(records: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Tabulate the first, least, greatest and last value of every number in the records."""
    keys = list(dict.fromkeys(key for record in records for key in record))
    rows: list[tuple[str, ...]] = []
    for key in keys:
        values = [r[key] for r in records if isinstance(r.get(key), int | float)]
        if key not in ("step", "time") and values:
            ends = (values[0], min(values), max(values), values[-1])
            rows.append((key, *map(format_number, ends)))
    return rows


def format_number(value: Any) -> str:
    """Format a number in four or five figures; anything else as it is.

    >>> format_number(0.000123456), format_number(10_000), format_number([0.1, 0.25])
    ('0.00012346', '10,000', '0.1, 0.25')
    >>> format_number(134.1234), format_number(None)
    ('134.12', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**9 else str(value)
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, list | tuple):
        return ", ".join(format_number(item) for item in value)
    return str(value)
