"""metrics.jsonl: one JSON object per line, appended at every log boundary."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .atomic import cannot_write, write_atomically
from .plain import plain


class MetricsLog:
    """The lines of a run's ``metrics.jsonl``.

    A process that dies while it appends leaves a torn last line: reading ignores it,
    the next append removes it.

    Args:
        path: The file; it need not exist yet.
    """

    def __init__(self, path: Path):
        self.path = path
        self._whole = False

    def append(self, record: Mapping[str, Any]) -> None:
        """Add a record; numbers that are not finite become ``null``.

        Raises:
            RunError: If it cannot be written.
        """
        line = json.dumps(plain(record), ensure_ascii=False, allow_nan=False)
        try:
            self._mend()
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
        except OSError as error:
            self._whole = False
            raise cannot_write(self.path, error) from error

    def read(self) -> list[dict[str, Any]]:
        """The records, oldest first; lines that are no record of a step are left out."""
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        records = []
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict) and isinstance(record.get("step"), int):
                records.append(record)
        return records

    def truncate(self, step: int) -> None:
        """Drop the records later than ``step``, as a resumed run will write them again."""
        if not self.path.exists():
            return
        records = self.read()
        kept = [record for record in records if record["step"] <= step]
        write_atomically(self.path, "".join(f"{json.dumps(record)}\n" for record in kept))
        self._whole = True

    def _mend(self) -> None:
        """Cut a torn last line off, once per process."""
        if self._whole:
            return
        self._whole = True
        if not self.path.exists():
            return
        with self.path.open("rb+") as file:
            content = file.read()
            if content and not content.endswith(b"\n"):
                file.truncate(content.rfind(b"\n") + 1)
