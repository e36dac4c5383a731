"""Name what a manifest may hold; every entry is checked where it is read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, FailFast, Field

from .record import Count, Number, Seconds

STATUSES = ("running", "interrupted", "failed", "finished")


class Entries(BaseModel, extra="allow"):
    """Name what a manifest may hold; every entry is optional, and others may stand next to them.

    >>> from advnets.runs.record import validate
    >>> validate(Entries, {"step": "3"})
    Traceback (most recent call last):
    ...
    ValueError: step: expected an integer, got the text '3'
    """

    name: str | None = Field(None, description="the recipe's name")
    identity: str | None = Field(None, description="the recipe's identity, a hash")
    status: str | None = Field(None, description=f"one of {', '.join(STATUSES)}")
    error: Any = Field(None, description="the first line of what ended the run, if it failed")
    ended_by: str | None = Field(None, description="which callback ended the run, and when")
    step: Count | None = Field(None, description="the round of the newest checkpoint")
    state_sha256: str | None = Field(None, description="the hash of its state")
    initial_state_sha256: str | None = Field(None, description="the hash of the first state")
    start: dict[str, Any] | None = Field(
        None, description="which networks began from which weights, how many of each"
    )
    started: Any = Field(None, description="when the run began, ISO 8601")
    updated: Any = Field(None, description="when the manifest was written last, ISO 8601")
    versions: Any = Field(None, description="of Python and of the packages")
    platform: Any = Field(None, description="the computer: see `machine`")
    devices: Any = Field(None, description="TensorFlow's logical devices")
    plugins: Annotated[list[PluginEntry], FailFast()] = Field(
        [], description="whose code took part, with their fingerprints"
    )
    recipe: dict[str, Any] | None = Field(
        None, description="the resolved recipe, as the run began with it"
    )
    changes: Annotated[list[Change], FailFast()] = Field(
        [], description="what was changed on the way, on purpose"
    )
    played_with: Annotated[list[PlayedWith], FailFast()] = Field(
        [], description="which rounds were played with what code, on what"
    )
    command: Any = Field(None, description="the command line, word by word")
    data: DataEntry | None = Field(None, description="the training data")
    stand_in: dict[str, Any] | None = Field(
        None, description="for which data (for) others (used) stand in, and why"
    )
    time: Time | None = Field(None, description="where the time went, in seconds")
    goodput: Number | None = Field(None, description="the share of training in the time")
    sessions: Sessions | None = Field(None, description="how often the run was taken up")
    sampling: dict[str, Any] | None = Field(
        None, description="what samples are made of, and what is known of the data without them"
    )
    jit: dict[str, Any] | None = Field(None, description="whether XLA compiles, and why")
    noise: Any = Field(None, description="how the prior repeats itself, if it does")
    scores: Annotated[list[ScoreEntry], FailFast()] = Field(
        [], description="what `advnets.evaluate.Score.to_dict` returned"
    )
    divergences: Annotated[list[dict[str, Any]], FailFast()] = Field(
        [], description="what the game diverged by, and what was done"
    )
    switched_off: Annotated[list[dict[str, Any]], FailFast()] = Field(
        [], description="observers that failed: who, at which step, by which error"
    )


class PluginEntry(BaseModel):
    """Name a plugin; where it was found stands next to it."""

    name: str
    sha256: str = Field("", description="the fingerprint of its code")


class Change(BaseModel):
    """Hold a value that was changed on the way."""

    from_: Count = Field(alias="from", description="the round from which it holds")
    key: str = Field(description="where in the recipe")
    old: Any = Field(description="the value before")
    new: Any = Field(description="the value since")
    rollbacks: Count = Field(0, description="to that round, before it was changed")


class PlayedWith(BaseModel):
    """Say what the rounds from one on were played with, up to those of the next entry."""

    from_: Count = Field(alias="from", description="the first of the rounds")
    plugins: dict[str, str] = Field({}, description="the plugins' fingerprints, by name")
    versions: dict[str, str | None] = {}
    devices: list[str] = []


class DataEntry(BaseModel):
    """Name the training data; sizes and the place where they are kept stand next to it."""

    fingerprint: str | None = Field(None, description="a hash of the examples")
    streams: dict[str, dict[str, Any]] = Field({}, description="the same of streams, by name")
    lines: list[str] = Field([], description="what they are, how many, what is left out")
    warnings: list[str] = Field([], description="what is odd about them")


class Time(BaseModel):
    """Count the seconds of all sessions; ``total`` is what the others add up to."""

    total: Seconds | None = None
    starting: Seconds | None = Field(None, description="from the command to the first round")
    training: Seconds | None = Field(None, description="in rounds that counted")
    saving: Seconds | None = None
    evaluation: Seconds | None = None
    monitoring: Seconds | None = None
    lost: Seconds | None = Field(None, description="in rounds that had to be played again")


class Sessions(BaseModel):
    """Count the processes that took the run up."""

    count: Count | None = None
    cut_off: Count | None = Field(None, description="of them, those that were killed or failed")
    steps_lost: Count | None = Field(None, description="rounds that had to be played again")


class Protocol(BaseModel):
    """Say how a score was measured; only what others rely on is checked."""

    step: Count | None = Field(None, description="the round in which it was measured")
    unit: str | None = None


class ScoreEntry(BaseModel):
    """Hold a number, its error, and how it was measured."""

    metric: str
    value: Number | None = None
    error: Number | None = None
    protocol: Protocol | None = None


def fingerprint_of(data: Any) -> str | None:
    """Return a hash of all data of a run, as far as its manifest's entry ``data`` tells.

    >>> fingerprint_of({"fingerprint": "12ab"}), fingerprint_of(None)
    ('12ab', None)
    """
    known = data if isinstance(data, Mapping) else {}
    streams = known.get("streams")
    each = streams.items() if isinstance(streams, Mapping) else ()
    found = {name: own.get("fingerprint") for name, own in each if isinstance(own, Mapping)}
    return join_fingerprints(known["fingerprint"], found) if known.get("fingerprint") else None


def join_fingerprints(main: str, streams: Mapping[str, str | None]) -> str:
    """Return a hash of a run's data: that of the main ones where there are no streams.

    >>> join_fingerprints("12ab", {})
    '12ab'
    """
    if not streams:
        return main
    lines = [main, *(f"{name} {streams[name]}" for name in sorted(streams))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
