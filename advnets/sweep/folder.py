"""Read and write the folder of a sweep: its trials and their runs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

from ..errors import RunError, UsageError
from ..recipe import write_yaml
from ..runs import RunFolder, RunLock, refuse_links, refuse_within_run
from ..safe_io import NotAFile, TooLarge, parse_json, read_bytes
from ..safe_io.atomic import cannot_write, write_atomically
from ..safe_io.json_text import MOST_BYTES, MOST_VALUES
from .load import Sweep
from .schema import MOST_TRIALS
from .trial import Trial

SWEEPS = "sweeps"


class SweepFolder:
    """Manage one sweep's folder. Nothing is created or checked before :meth:`start`.

    Args:
        path: The folder.

    Attributes:
        path: The folder.
        recipe_file: The recipe of all trials, with the overrides that are fixed for all.
        sweep_file: The sweep, defaults included.
        trials_file: One JSON object per trial, the only thing that a sweep resumes from.
        table_file: The same as a table.
        report_file: The report.
        runs: The folders of the trials' runs.
        logs: The output of the runs.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.recipe_file = self.path / "recipe.yaml"
        self.sweep_file = self.path / "sweep.yaml"
        self.trials_file = self.path / "trials.jsonl"
        self.table_file = self.path / "trials.csv"
        self.report_file = self.path / "report.html"
        self.runs = self.path / "runs"
        self.logs = self.path / "logs"

    @classmethod
    def of(cls, sweep: Sweep, path: str | Path | None = None) -> SweepFolder:
        """Return the folder that a sweep belongs into: ``sweeps/<name>-<identity>`` by default.

        Raises:
            UsageError: If it lies in the folder of a run.
        """
        folder = cls(path or Path(SWEEPS) / f"{sweep.name}-{sweep.identity()}")
        refuse_within_run(folder.path)
        return folder

    def run_of(self, trial: Trial, seed: int) -> RunFolder:
        """Return the folder of one run of a trial."""
        return RunFolder(self.runs / f"{trial.number:04}-seed{seed}")

    def log_of(self, trial: Trial, seed: int) -> Path:
        """Return the file of that run's output."""
        return self.logs / f"{trial.number:04}-seed{seed}.log"

    def lock(self) -> RunLock:
        """Return a context manager that keeps other processes from playing the same sweep."""
        return RunLock(self.path)

    def start(self, sweep: Sweep) -> None:
        """Write the sweep into the folder, or check that it is the one there.

        Raises:
            UsageError: If the folder holds another sweep, or something else, or leads out.
            RunError: If it cannot be written to.
        """
        content = f"# identity: {sweep.identity()}\n{write_yaml(sweep.to_dict())}"
        try:
            if self.sweep_file.exists():
                found = read_bytes(self.sweep_file, MOST_BYTES).decode("utf-8", "replace")
                if found.splitlines()[:1] != content.splitlines()[:1]:
                    raise UsageError(
                        "the folder holds another sweep, or its recipe has changed since",
                        where=str(self.path),
                        hint="choose another folder, or leave it out: each sweep gets its own",
                    )
            elif any(not child.name.startswith(".") for child in self.path.iterdir()):
                raise UsageError(
                    f"the folder {self.path} holds something else than a sweep",
                    hint="choose an empty or a new one",
                )
            refuse_links(self.path)
            self.runs.mkdir(exist_ok=True)
            self.logs.mkdir(exist_ok=True)
        except (NotAFile, TooLarge) as error:
            raise UsageError(f"sweep.yaml cannot be read: {error}", where=str(self.path)) from error
        except OSError as error:
            raise cannot_write(self.path, error) from error
        write_atomically(self.recipe_file, sweep.recipe.to_yaml())
        write_atomically(self.sweep_file, content)

    def read(self) -> list[Trial]:
        """Read the trials, by number; none if nothing was written yet.

        Raises:
            RunError: If the file is damaged.
        """
        try:
            content = read_bytes(self.trials_file, MOST_BYTES)
        except FileNotFoundError:
            return []
        except (OSError, TooLarge) as error:
            raise self._damaged(str(error)) from error
        if sum(map(content.count, (b",", b"[", b"{"))) > MOST_VALUES:
            raise self._damaged(f"it has more than {MOST_VALUES:,} values")
        lines = content.split(b"\n")
        trials = []
        for number, line in enumerate(lines):
            if not line.strip():
                continue
            try:
                trials.append(Trial.from_dict(parse_json(line)))
            except ValueError as error:
                raise self._damaged(f"line {number + 1}: {error}") from error
            if trials[-1].number != len(trials) - 1 or len(trials) > MOST_TRIALS:
                raise self._damaged(f"line {number + 1}: its trial has the wrong number")
        return trials

    def write(self, trials: Sequence[Trial]) -> None:
        """Write all trials, whole or not at all, and their table.

        Raises:
            RunError: If the disk is full or the folder cannot be written to.
        """
        lines = [json.dumps(t.to_dict(), ensure_ascii=False, allow_nan=False) for t in trials]
        write_atomically(self.trials_file, "".join(f"{line}\n" for line in lines))
        write_atomically(self.table_file, to_csv(trials))

    def _damaged(self, reason: str) -> RunError:
        return RunError(
            f"trials.jsonl is damaged: {reason}",
            where=str(self.path),
            hint="mend or remove it; runs that are there are not played again",
        )


def to_csv(trials: Sequence[Trial]) -> str:
    """Return the trials as comma-separated values.

    >>> print(to_csv([Trial(0, {"rate": 0.1, "layers": [2, 2]}, "complete", 1.5)]), end="")
    number,state,value,error,seconds,rate,layers,reason
    0,complete,1.5,,0.0,0.1,"[2, 2]",
    """
    names = list(dict.fromkeys(name for trial in trials for name in trial.params))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["number", "state", "value", "error", "seconds", *names, "reason"])
    for trial in trials:
        own = [trial.params.get(name) for name in names]
        shown = [json.dumps(v) if isinstance(v, dict | list) else v for v in own]
        reason = trial.reason.replace("\n", " ")
        first = [trial.number, trial.state, trial.value, trial.error, trial.seconds]
        writer.writerow([*first, *shown, reason])
    return out.getvalue()
