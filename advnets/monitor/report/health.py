"""Find signs of trouble in a run, in its manifest and its records."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from ...runs.changes import describe_change
from ...runs.metrics_log import of_rounds
from ...runs.played_with import list_differences
from ...safe_io.wording import pluralise, shorten

RECENT = 10
"""Records that a verdict on the present state rests on."""
GRIDS = 3
"""Sample grids that a verdict on the samples' variety rests on."""
NARROW = 0.1
"""Of the distance between real examples: samples closer than that are all of a kind."""
STALLED = 1e-6
"""Of the largest gradient that G had: what is below hardly moves it."""
SATURATED = 0.999
"""A probability or an accuracy beyond which D's verdict hardly depends on its input."""
CHANCE = 2 * math.log(2)
"""D's cross-entropy when it says ½ to everything: so at the equilibrium, and so when dead."""
PLAYERS = {"d": "the discriminator", "g": "the generator"}

Level = Literal["ok", "note", "problem"]


@dataclass(frozen=True)
class Finding:
    """Report one thing that was found.

    Attributes:
        level: ``ok``, ``note`` (worth knowing) or ``problem`` (something has to be done).
        subject: What it is about, in a word or two.
        text: What was found.
        hint: What to do, or ``""``.
    """

    level: Level
    subject: str
    text: str
    hint: str = ""


def manifest_findings(manifest: Mapping[str, Any], holder: str | None) -> list[Finding]:
    """Read the findings from the manifest.

    Args:
        manifest: The manifest.
        holder: Who holds the run's lock, in words; ``None`` if nobody does.
    """
    status, step = manifest.get("status"), manifest.get("step")
    at = f"{status} at step {step}" if step is not None else str(status)
    found = []
    if status is None:
        found.append(Finding("problem", "manifest", "there is none, or it describes no run"))
    elif status == "running" and holder is None:
        text = f"{at}, but no process holds its lock: it was killed"
        hint = "run the same command again; it resumes from the newest sound checkpoint"
        found.append(Finding("problem", "status", text, hint))
    elif status == "running":
        found.append(Finding("ok", "status", f"{at}, by {holder}"))
    elif status == "interrupted":
        found.append(Finding("note", "status", at, "the same command resumes it"))
    elif status == "failed":
        reason = f": {shorten(manifest['error'], 1000)}" if manifest.get("error") else ""
        found.append(Finding("problem", "status", f"{at}{reason}"))
    elif status == "finished":
        ended = f": {manifest['ended_by']}" if manifest.get("ended_by") else ""
        found.append(Finding("ok", "status", at + shorten(ended, 1000)))
    else:
        text = f"{shorten(repr(status), 60)} is none that a run has"
        found.append(Finding("problem", "status", text))
    for line in (manifest.get("data") or {}).get("lines") or []:
        found.append(Finding("ok", "data", shorten(line, 1000)))
    found += game_findings(manifest)
    if manifest.get("stand_in"):
        used, wanted = (data_sets(manifest["stand_in"], key) for key in ("used", "for"))
        text = f"played on {used} instead of {wanted}: its numbers are not results on {wanted}"
        hint = "with the data at hand, the same command starts the real run"
        found.append(Finding("note", "stand-in", text, hint))
    return found


def game_findings(manifest: Mapping[str, Any]) -> list[Finding]:
    """Read from the manifest what became of the game: changes, divergences, repeated noise."""
    entries = manifest.get("divergences") or []
    found = [*_changes(manifest), *(_divergence(entry) for entry in entries)]
    for text in (manifest.get("data") or {}).get("warnings") or []:
        found.append(Finding("note", "data", shorten(text, 1000)))
    for entry in manifest.get("switched_off") or []:
        what = f"{_short(entry.get('who'))} failed at step {_short(entry.get('step'))}"
        text = f"{what} and was switched off: {_short(entry.get('error'))}"
        found.append(Finding("note", "observers", text, "the game itself continued unharmed"))
    if manifest.get("noise"):
        text = f"the prior repeats itself: {_short(manifest['noise'])}"
        hint = "a prior's sample has to draw from the Draw that it is given, and from nothing else"
        found.append(Finding("problem", "noise", text, hint))
    return found


def record_findings(records: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Read the findings from the records of metrics.jsonl.

    >>> dead = {"d_loss": 1.3863, "g_loss": 0.6931, "d_gradient_norm": 0.0}
    >>> for finding in record_findings([dead | {"step": step} for step in range(10)]):
    ...     print(finding.level, finding.subject)
    problem dead
    """
    records = of_rounds(records)
    if not records:
        return [Finding("note", "metrics", "nothing has been logged yet")]
    checks: Sequence[Callable[[Sequence[Mapping[str, Any]]], Finding | None]] = (
        *(find_not_finite, find_dead_discriminator, find_dead_generator),
        *(find_stalled_generator, find_saturation, find_collapse, find_disorder),
    )
    found = [finding for check in checks if (finding := check(records)) is not None]
    steps = f"{pluralise(len(records), 'record')} up to step {records[-1]['step']}"
    return found or [Finding("ok", "metrics", f"{steps}; finite, both players alive")]


def find_not_finite(records: Sequence[Mapping[str, Any]]) -> Finding | None:
    """Find a loss or a gradient norm that was no number; it is written as ``null``."""
    watched = ("d_loss", "g_loss", "d_gradient_norm", "g_gradient_norm")
    for record in records:
        broken = [key for key in watched if key in record and not _number(record[key])]
        if broken:
            text = f"{', '.join(broken)} not finite from step {record['step']} on or before"
            hint = "lower the learning rate or look at the data; start from a checkpoint before"
            return Finding("problem", "NaN", text, hint)
    return None


def find_dead_discriminator(records: Sequence[Mapping[str, Any]]) -> Finding | None:
    """Find a D without a gradient: at 2 ln 2 the losses look like the equilibrium."""
    recent = _recent(records, "d_gradient_norm")
    if not recent or any(record["d_gradient_norm"] != 0 for record in recent):
        return None
    loss, looks = recent[-1].get("d_loss"), ""
    if isinstance(loss, int | float) and min(abs(loss - CHANCE), abs(loss - CHANCE / 2)) < 1e-3:
        looks = ", while its loss reads as at the equilibrium (2 ln 2)"
    text = f"the discriminator's gradient is exactly 0{looks}: it no longer learns"
    return Finding("problem", "dead", text, "look at its weights; a NaN in the data can do this")


def find_dead_generator(records: Sequence[Mapping[str, Any]]) -> Finding | None:
    """Find a G without a gradient."""
    recent = _recent(records, "g_gradient_norm")
    if not recent or any(record["g_gradient_norm"] != 0 for record in recent):
        return None
    text = "the generator's gradient is exactly 0: it no longer learns"
    return Finding("problem", "dead", text, "a saturated discriminator or dead units; see D above")


def find_saturation(records: Sequence[Mapping[str, Any]]) -> Finding | None:
    """Find a D that is right and sure about everything, which gives G little to learn from."""
    recent = _recent(records, "d_real", "d_fake")
    if recent and all(r["d_real"] > SATURATED and r["d_fake"] < 1 - SATURATED for r in recent):
        text = f"D gives “real” more than {SATURATED} and samples less than {1 - SATURATED:.3f}"
        hint = "G learns little so: weaken D (dropout, penalty, learning rate), strengthen G"
        return Finding("problem", "saturated", text, hint)
    accuracies = ("d_accuracy_real", "d_accuracy_fake")
    recent = _recent(records, *accuracies)
    if recent and all(r[key] > SATURATED for r in recent for key in accuracies):
        text = f"D has been right on everything over the last {len(recent)} records"
        hint = "watch the generator's gradient norm; D may be running away"
        return Finding("note", "saturated", text, hint)
    return None


def find_stalled_generator(records: Sequence[Mapping[str, Any]]) -> Finding | None:
    """Find a G whose gradient has all but vanished, compared with the largest that it had."""
    recent = _recent(records, "g_gradient_norm")
    norms = [r["g_gradient_norm"] for r in records if _number(r.get("g_gradient_norm"))]
    now = max((record["g_gradient_norm"] for record in recent), default=0.0)
    if not 0 < now < STALLED * max(norms, default=0.0):
        return None
    text = f"the generator's gradient has fallen to {now:.1e}, from {max(norms):.1e} at most"
    hint = "a saturated D gives no gradient under `minimax`; `non_saturating` gives one"
    return Finding("problem", "stalled", text, hint)


def find_collapse(records: Sequence[Mapping[str, Any]]) -> Finding | None:
    """Find samples of the fixed latent points that hardly differ from each other."""
    grids = [record for record in records if _number(record.get("sample_spread"))][-GRIDS:]
    if len(grids) < GRIDS:
        return None
    hint = "look at the sample grids; batch normalisation, a penalty or a slower D often help"
    twins = min(_number_or_0(record.get("sample_duplicates")) for record in grids)
    if twins > 0.5:
        text = f"{twins:.0%} of the samples or more have a twin: the generator has collapsed"
        return Finding("problem", "collapse", text, hint)
    spread = max(record["sample_spread"] for record in grids)
    if spread < NARROW:
        text = f"samples are {spread:.0%} as far apart as real examples are: a collapse"
        return Finding("problem", "collapse", text, hint)
    modes = [record["sample_modes"] for record in grids if _number(record.get("sample_modes"))]
    most = max((r["sample_modes"] for r in records if _number(r.get("sample_modes"))), default=0)
    if modes and max(modes) <= most / 2:
        text = f"samples reach {max(modes):.0f} modes; they reached {most:.0f} before"
        return Finding("problem", "collapse", text, hint)
    return None


def find_disorder(records: Sequence[Mapping[str, Any]]) -> Finding | None:
    """Find steps that do not rise: two processes wrote, or a resume did not truncate."""
    doubled = sum(later["step"] <= earlier["step"] for earlier, later in pairwise(records))
    text = f"steps do not rise in {doubled} records"
    return Finding("problem", "metrics", text) if doubled else None


def _recent(records: Sequence[Mapping[str, Any]], *keys: str) -> list[Mapping[str, Any]]:
    """Return the last records, if there are enough and all have numbers under ``keys``."""
    last = list(records[-RECENT:])
    enough = len(last) == RECENT and all(_number(r.get(key)) for r in last for key in keys)
    return last if enough else []


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _number_or_0(value: Any) -> float:
    return value if _number(value) else 0.0


def _changes(manifest: Mapping[str, Any]) -> list[Finding]:
    """Say what was changed on purpose, and which rounds were played with other code."""
    found = []
    for each in manifest.get("changes") or []:
        text = f"from round {each['from']:,} on: {_short(describe_change(each))}"
        found.append(Finding("note", "changed", text))
    for before, after in pairwise(manifest.get("played_with") or []):
        if lines := list_differences(before, after):
            text = f"rounds from {after['from']:,} on: {_short('; '.join(lines))}"
            found.append(Finding("note", "played with", text))
    return found


def _divergence(entry: Mapping[str, Any]) -> Finding:
    signs = [*(entry.get("logged") or []), *(entry.get("variables") or [])]
    what = ", ".join(map(_short, signs[:3])) + (" …" if len(signs) > 3 else "")
    text = f"not finite at step {_short(entry.get('step'))}: {what or _short(entry.get('other'))}"
    if "back_to" in entry:
        times = f"learning rates × {_short(entry.get('learning_rate_factor'))}"
        return Finding("note", "diverged", f"{text}; back to step {entry['back_to']}, {times}")
    hint = "lower the learning rates; a larger health.rollbacks lets the same command continue"
    return Finding("problem", "diverged", text, hint)


def _short(value: Any) -> str:
    return shorten(value, 100)


def data_sets(stand_in: Mapping[str, Any], key: str) -> str:
    """Return in words the data sets of the manifest's ``stand_in``, those of streams included.

    Args:
        stand_in: What the manifest says of it.
        key: ``for`` or ``used``.

    >>> data_sets({"for": {"name": "faces"}, "streams": {"other": {"for": {"name": "x"}}}}, "for")
    "faces and x (the stream 'other')"
    """
    streams = stand_in.get("streams")
    found = [data_set(stand_in.get(key))]
    for name, own in (streams if isinstance(streams, Mapping) else {}).items():
        if isinstance(own, Mapping):
            found.append(f"{data_set(own.get(key))} (the stream {name!r})")
    return " and ".join(found)


def data_set(entry: Any) -> str:
    """Return a data set of the manifest's ``stand_in`` in words."""
    if isinstance(entry, Mapping):
        return " ".join(str(entry[key]) for key in ("name", "id") if entry.get(key))
    return str(entry or "another data set")
