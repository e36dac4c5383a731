"""The gallery: each variant with its formula, its recipes, samples and scores, docs/gallery.md.

It shows what `python tools/measure_gallery.py` kept, docs/results/gallery/; what came of a recipe
is written into its header as well. A recipe *trains* by the rule that docs/gallery.md states.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lab_notes import ROOT, read_note, recipe_files, write_entry
from markdown_table import table
from run_facts import shown

from advnets.plugins.components import Component
from advnets.plugins.registry import Registry

GALLERY = ROOT / "docs" / "results" / "gallery"
KINDS = (
    *("losses", "penalties", "architectures", "encounters", "conditions", "priors"),
    *("augmentations", "updates", "optimizers"),
)
"""What games are made of, in the order of the page."""
SMALLEST, FACTOR, MODES = 0.05, 1.5, 8
"""The share of samples that each digit must have, the FID allowed, and the ring's modes."""
NAMES = {"fid": "FID", "modes": "modes", "smallest_share": "rarest class", "reverse_kl": "KL"}
HIDDEN = ("reverse_kl",)
UNTRAINED = "plays, does not train well"
ABREAST = 3
"""Pictures in a row, each under the recipe's name."""


@dataclass(frozen=True)
class Entry:
    """A recipe of the gallery, and what is kept of it.

    Attributes:
        name: The recipe's.
        note: Its header, by label.
        runs: By seed.
    """

    name: str
    note: Mapping[str, str]
    runs: Mapping[str, Any]

    @cached_property
    def shows(self) -> list[str]:
        """The components that it is a measurement of, as kind/name."""
        return [part.strip().rstrip(".") for part in self.note["Shows"].split(",")]

    @property
    def against(self) -> str:
        """The recipe of the same networks and rounds with the original loss, or nothing."""
        return self.note.get("Against", "").partition(",")[0].strip().rstrip(".")

    @property
    def is_measured(self) -> bool:
        return bool(self.runs)

    @property
    def diverged(self) -> list[str]:
        """The seeds whose runs did not end well."""
        return [seed for seed, run in self.runs.items() if run["status"] != "finished"]

    def values(self, metric: str) -> list[float]:
        """One score of each run."""
        return [
            score["value"]
            for run in self.runs.values()
            for score in run["scores"] or ()
            if score["metric"] == metric
        ]

    @cached_property
    def metrics(self) -> list[str]:
        found = {s["metric"]: 0 for run in self.runs.values() for s in run["scores"] or ()}
        return [name for name in found if name not in HIDDEN]

    def score(self, metric: str) -> str:
        """Its mean and standard error over seeds; of one seed its own error."""
        values = self.values(metric)
        if not values:
            return ""
        scale, unit = (100.0, " %") if metric in SHARES else (1.0, "")
        mean = sum(values) / len(values)
        if len(values) == 1:
            (own,) = (
                score
                for run in self.runs.values()
                for score in run["scores"]
                if score["metric"] == metric
            )
            error = own["error"]
        else:
            square = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
            error = math.sqrt(square / len(values))
        return shown(scale * mean, scale * error if error else None) + unit

    @property
    def minutes(self) -> float:
        """The longest of its runs."""
        return max(run["time"]["total"] for run in self.runs.values()) / 60


SHARES = {"smallest_share", "high_quality", "class_agreement", "classification_error"}
"""Scores that are shown in percent."""


def entries() -> dict[str, Entry]:
    """Return the recipes of the gallery by name."""
    found = {}
    for name, file in recipe_files().items():
        note = read_note(file.read_text(encoding="utf-8"))
        if "Shows" in note:
            kept = GALLERY / f"{name}.json"
            runs = json.loads(kept.read_text(encoding="utf-8"))["runs"] if kept.is_file() else {}
            found[name] = Entry(name, note, runs)
    return found


def ratio_of(entry: Entry, found: Mapping[str, Entry]) -> float | None:
    """Return its mean FID over that of what it is set beside; ``None`` where there is none."""
    other = found.get(entry.against)
    ours, theirs = entry.values("fid"), other.values("fid") if other else []
    if not ours or not theirs:
        return None
    return (sum(ours) / len(ours)) / (sum(theirs) / len(theirs))


def trains(entry: Entry, found: Mapping[str, Entry]) -> bool | None:
    """Tell whether a recipe counts as trained; ``None`` where the rule does not say.

    On the ring: 8 modes with each seed. On digits: each digit has 5 % of the samples with each
    seed, and the mean FID is at most 1.5 times that of the recipe it is set beside.
    """
    if len(entry.runs) < 3:
        return None
    if entry.diverged:
        return False
    modes, shares = entry.values("modes"), entry.values("smallest_share")
    if entry.values("high_quality"):
        return min(modes) == MODES
    if not shares:
        return None
    ratio = ratio_of(entry, found)
    return min(shares) >= SMALLEST and (ratio is None or ratio <= FACTOR)


def measured(entry: Entry, found: Mapping[str, Entry]) -> str:
    """Return what a recipe's header says was measured, in words."""
    if not entry.is_measured:
        return "not yet."
    seeds = ", ".join(entry.runs)
    of = f"seed {seeds}" if len(entry.runs) == 1 else f"mean and standard error, seeds {seeds}"
    if entry.diverged:
        of += f"; ended early: seed {', '.join(entry.diverged)}"
    scores = ", ".join(f"{NAMES.get(m, m)} {entry.score(m)}" for m in entry.metrics)
    ratio = ratio_of(entry, found)
    beside = f"; FID {ratio:.2f} times that of {entry.against}" if ratio is not None else ""
    verdict = {True: " It trains.", False: f" It {UNTRAINED}.", None: ""}[trains(entry, found)]
    return f"{scores} ({of}){beside}.{verdict} See docs/gallery.md."


def write_headers(check: bool) -> list[str]:
    """Write into each recipe's header what was measured, and return those that were out of date."""
    found, stale = entries(), []
    files = recipe_files()
    for name, entry in found.items():
        before = files[name].read_text(encoding="utf-8")
        after = write_entry(before, "Measured", measured(entry, found))
        if after != before:
            stale.append(files[name].name)
            if not check:
                files[name].write_text(after, encoding="utf-8")
    return stale


def gallery(registry: Registry) -> Iterator[str]:
    """Return the page: what the others are set beside, then each component by kind."""
    found = entries()
    yield from _summary(found)
    baselines = [entry for entry in found.values() if not entry.against]
    if baselines:
        yield "## What the others are set beside\n"
        yield from _entries(baselines, found)
    for kind in KINDS:
        own = [
            (component, origin)
            for component in registry.components(kind)
            if (origin := _family(registry, kind, component.name))
        ]
        if own:
            yield f"## {kind.capitalize()}\n"
        for component, origin in own:
            yield from _component(kind, component, origin, found)


def _family(registry: Registry, kind: str, name: str) -> str:
    """Return the distribution in plugins/ that a component is of, or nothing."""
    distribution = registry.owner(kind, name).source.rpartition(" ")[0]
    return distribution if (ROOT / "plugins" / distribution / "setup.cfg").is_file() else ""


def _summary(found: Mapping[str, Entry]) -> Iterator[str]:
    verdicts = [trains(entry, found) for entry in found.values()]
    runs = sum(len(entry.runs) for entry in found.values())
    open_ = sum(not entry.is_measured for entry in found.values())
    unsaid = verdicts.count(None) - open_
    yield (
        f"{len(found)} recipes, {runs} runs. By the rule above {verdicts.count(True)} train, "
        f"{verdicts.count(False)} play and do not train well, and of {unsaid} "
        f"it says nothing (one seed only, or no classes)"
        f"{f'; {open_} are not measured yet' if open_ else ''}.\n"
    )
    late = [entry.name for entry in found.values() if trains(entry, found) is False]
    if late:
        names = ", ".join(f"`{name}`" for name in late)
        yield f"Those that do not train well, with what was tried in their headers: {names}.\n"


def _component(
    kind: str, component: Component, origin: str, found: Mapping[str, Entry]
) -> Iterator[str]:
    yield f"### `{component.name}`\n"
    summary = component.summary.rstrip(".")
    yield f"{summary}. From [{origin}](../plugins/{origin}).\n"
    own = [entry for entry in found.values() if f"{kind}/{component.name}" in entry.shows]
    if own:
        yield from _entries(own, found)
    else:
        yield "*No recipe shows it yet.*\n"


def _entries(own: list[Entry], found: Mapping[str, Entry]) -> Iterator[str]:
    rows = []
    files = recipe_files()
    for entry in own:
        link = f"[`{entry.name}`](../{files[entry.name].relative_to(ROOT)})"
        if not entry.is_measured:
            rows.append((link, "", "*not measured yet*", "", "", ""))
            continue
        scores = "; ".join(f"{NAMES.get(m, m)} {entry.score(m)}" for m in entry.metrics)
        ratio = ratio_of(entry, found)
        beside = "" if ratio is None else f"{ratio:.2f} × `{entry.against}`"
        verdict = {True: "trains", False: UNTRAINED, None: "–"}[trains(entry, found)]
        rows.append(
            (link, ", ".join(entry.runs), scores, beside, verdict, f"{entry.minutes:.1f} min")
        )
    columns = ("recipe", "seeds", "scores", "FID", "verdict", "longest run")
    yield table(columns, rows)
    pictures = [e.name for e in own if (GALLERY / f"{e.name}.png").is_file()]
    for first in range(0, len(pictures), ABREAST):
        names = pictures[first : first + ABREAST]
        images = [f"![Samples of {name}, seed 1](results/gallery/{name}.png)" for name in names]
        yield table([f"`{name}`" for name in names], [images])
