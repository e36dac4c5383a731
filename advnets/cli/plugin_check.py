"""``advnets plugins check``: whether what one plugin registers can be built, and passes."""

from __future__ import annotations

import contextlib
import logging
import sys
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import click

from ..errors import PluginError
from ..plugins import load_plugins
from ..plugins.components import Component
from ..plugins.lookup import find_plugins
from ..plugins.registry import PluginRecord, Registry
from ..safe_io import printable
from ..safe_io.wording import pluralise
from ..testing.inspection import find_problems, missing_parameters, place_of
from ..testing.suite import Outcome, cases_of
from .common import echo, plugin_options, print_json, state_of, style
from .plugin_ways import play_ways

COLOURS = {"ok": "green", "blocked": "yellow", "quarantined": "red"}
SLOW = "it imports TensorFlow when it is loaded, which makes every command slow"


@click.command("check")
@click.argument("word", metavar="NAME|FILE")
@click.option("--play", is_flag=True, help="Run every conformance check of what can be built.")
@click.option("--ways", is_flag=True, help="Play a tiny game of each component in every way.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@plugin_options
@click.pass_context
def check(ctx: click.Context, word: str, play: bool, ways: bool, as_json: bool) -> None:
    """Load one plugin and build everything that it registers, of its defaults.

    NAME is a plugin's as `advnets plugins list` has it, a distribution's or a module's; `advnets`
    is all that ships. Exits with 2 if anything is amiss. TensorFlow is imported. A component
    whose parameters have no defaults is built of those that its `example` gives.

    Building is no test: `--play` runs the checks of `advnets.testing`, which a plugin's own tests
    run, too. It takes seconds a component.

    `--ways` plays: with two steps of D, both players at once, on two replicas, by two workers,
    interrupted and resumed, in bfloat16, in float16, under XLA, with streamed data, by `fit`. It
    says of each whether that is the game that it should be, or why it is refused. It takes a
    minute or two a component, in processes of its own.
    """
    words = state_of(ctx).plugins
    registry, records = find_plugins(word, words)
    reports = [_check(one, registry, [*words, word], play, silent=as_json) for one in records]
    if ways:
        # An installed plugin is found by every process; one that is not, by what found it here.
        known = {one.module for one in load_plugins(words).plugins}
        for report, record in zip(reports, records, strict=True):
            found = [*words, *([] if record.module in known else [word])]
            play_ways(report, record, found, silent=as_json)
    if as_json:
        print_json(reports)
    for report, record in zip(reports, records, strict=True):
        if record.status == "quarantined":
            raise PluginError(f"plugin {record.name!r} cannot be used")
        if record.status == "blocked":
            raise PluginError(f"plugin {record.name!r} is blocked, so nothing of it was tried")
        if report["bad"]:
            bad = pluralise(report["bad"], "component")
            have = "has" if report["bad"] == 1 else "have"
            raise PluginError(f"{bad} of {record.name!r} {have} problems")


def colour_status(record: PluginRecord) -> str:
    """Return a plugin's status, in its colour."""
    return style(record.status, fg=COLOURS[record.status], bold=True)


def explain_quarantine(record: PluginRecord) -> None:
    """Print why a plugin is in quarantine."""
    echo(f"{record.name} ({record.source}) is ", colour_status(record), f": {record.error}")
    if record.hint:
        echo(f"  hint: {record.hint}")
    if record.traceback:
        echo(textwrap.indent(record.traceback.rstrip(), "  "))


def _check(
    record: PluginRecord, registry: Registry, words: list[str], play: bool, *, silent: bool
) -> dict[str, Any]:
    """Check one plugin, print what is found as it is found, and return it as JSON has it."""
    names = ("name", "source", "version", "status", "error", "hint", "traceback", "doubts")
    report: dict[str, Any] = {name: getattr(record, name) for name in names}
    report |= {"components": [], "bad": 0}
    if not silent:
        echo(f"{record.name} ({record.source}): ", colour_status(record))
        for doubt in (*record.doubts, *([SLOW] if record.slow else [])):
            echo(f"  doubtful: {doubt}")
        if record.status == "quarantined":
            explain_quarantine(record)
    if record.status != "ok":
        report["bad"] = 1
        return report
    from ..session.quiet import import_tensorflow

    import_tensorflow()
    # The kit compiles what it tries anew in each case, of which TensorFlow warns.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    cases = list(cases_of(record, registry, words)) if play else []
    with _progress(len(cases)) as step:
        whole = [case.outcome() for case in step(cases, "plugin", record.name)]
        if play:
            entry = {"kind": "plugin", "name": record.name, "problems": [], "missing": []}
            _add(report, entry | _played(whole), silent=silent)
        for kind, components in record.components.items():
            for component in components:
                entry = _entry(kind, component, registry, record)
                own = step(cases, kind, component.name)
                if play and not entry["problems"]:
                    entry |= _played([case.outcome() for case in own])
                _add(report, entry, silent=silent)
    return report


def _entry(
    kind: str, component: Component, registry: Registry, record: PluginRecord
) -> dict[str, Any]:
    with contextlib.redirect_stdout(sys.stderr):  # what a plugin prints is no result
        problems = find_problems(kind, component, registry, record)
    return {
        "kind": kind,
        "name": component.name,
        "target": component.target,
        "where": place_of(kind, component, record),
        "problems": problems,
        "missing": missing_parameters(component),
    }


def _played(outcomes: list[Outcome]) -> dict[str, Any]:
    """Return how the checks of one component went, as JSON has it."""
    return {
        "passed": sum(one.status == "passed" for one in outcomes),
        "skipped": {one.check: one.text for one in outcomes if one.status == "skipped"},
        "failed": {one.check: one.text for one in outcomes if one.status == "failed"},
    }


def _add(report: dict[str, Any], entry: dict[str, Any], *, silent: bool) -> None:
    """Add a component to the report, and print it."""
    report["components"].append(entry)
    report["bad"] += bool(entry["problems"] or entry.get("failed"))
    if not silent:
        _print(entry)


def _print(entry: dict[str, Any]) -> None:
    missing, note = entry["missing"], ""
    mark = style("ok", fg="green")
    if entry["problems"] or (entry.get("failed") and not missing):
        mark = style("problem", fg="red")
    elif missing:
        nothing = (
            f"nothing says what {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'}"
        )
        mark, note = style("not built", fg="yellow"), f": {nothing}"
    if "passed" in entry and not missing:
        counts = [pluralise(entry["passed"], "check") + " passed"]
        counts += [f"{len(entry[how])} {how}" for how in ("failed", "skipped") if entry[how]]
        note = f", {', '.join(counts)}"
    echo(f"  {entry['kind']} {entry['name']}: ", mark, note)
    if missing and not entry["problems"]:
        example = ", ".join(f'"{name}": …' for name in missing)
        echo(f'    hint: Component(…, example={{"parameters": {{{example}}}}})')
        echo(f"    at {entry['where']}")
    for problem in entry["problems"]:
        echo(textwrap.indent(problem, "    "))
    for names, text in _grouped({} if missing else entry.get("failed", {})):
        echo(textwrap.indent(f"{names}: {text}", "    "))
    for names, text in _grouped(entry.get("skipped", {})):
        echo(f"    skipped {names}: {text}")


def _grouped(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each text once, with the names that have it."""
    for text in dict.fromkeys(texts.values()):
        yield ", ".join(name for name, other in texts.items() if other == text), text


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Any]:
    """Say on a terminal which check is running: some take seconds."""
    done, shown = 0, total > 0 and sys.stderr.isatty()

    def step(cases: list[Any], kind: str, name: str) -> Iterator[Any]:
        nonlocal done
        for case in cases:
            if (case.kind, case.name) == (kind, name):
                done += 1
                if shown:
                    click.echo(f"\r\x1b[K{done}/{total} {printable(case.id)}", err=True, nl=False)
                yield case
        if shown:
            click.echo("\r\x1b[K", err=True, nl=False)

    try:
        yield step
    finally:
        if shown:
            click.echo("\r\x1b[K", err=True, nl=False)
