"""Keep metrics.jsonl: a JSON object per line, appended at log boundaries and with scores."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import RunError
from ..safe_io import open_file, parse_json
from ..safe_io.atomic import cannot_write, replace_atomically
from ..safe_io.jsonable import to_jsonable
from .thinned import Thinned

log = logging.getLogger(__name__)

LONGEST = 2**20
"""Bytes of a line; a record has some hundred."""
MOST_BYTES = 4 * 2**30
MOST_RECORDS = 200_000
"""Records kept in memory, of a file that has more of them."""
MOST_KEPT = 256 * 2**20
"""Their weight: the bytes of their lines, and some for each value, which takes an object."""
VALUE = 32
MOST_VALUES = 32_768
"""Of one record; one of metrics has some ten, a snapshot's eight hundred."""


def of_rounds(records: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the records of what rounds logged, without those of scores.

    >>> of_rounds([{"step": 5, "d_loss": 1.0}, {"step": 5, "scores": {"parzen": 225.0}}])
    [{'step': 5, 'd_loss': 1.0}]
    """
    return [record for record in records if "scores" not in record]


class MetricsLog:
    """Append, read and truncate the lines of a run's ``metrics.jsonl``.

    A process that dies while it appends leaves a torn last line: reading ignores it,
    the next append removes it. So it is with what others append to it meanwhile.

    Args:
        path: The file; it need not exist yet.
    """

    def __init__(self, path: Path):
        self.path = path
        self._size: int | None = None  # after our own last line

    def append(self, record: Mapping[str, Any]) -> None:
        """Add a record; numbers that are not finite become ``null``.

        Raises:
            RunError: If it cannot be written.
        """
        line = json.dumps(to_jsonable(record), ensure_ascii=False, allow_nan=False)
        try:
            with self.path.open("ab+") as file:
                self._mend(file)
                file.write(f"{line}\n".encode("utf-8", "backslashreplace"))
                file.flush()
                self._size = file.tell()
        except OSError as error:
            self._size = None
            raise cannot_write(self.path, error) from error

    def read(self) -> list[dict[str, Any]]:
        """Return the records, oldest first; lines that are no record of a step are left out.

        Of more than 200,000 records, or 256 MiB of them, every second one is kept, or every
        fourth, and so on, and the last. A value counts as 32 bytes besides those of its text.

        Raises:
            RunError: If the file cannot be read, or has more than 4 GiB.
        """
        kept: Thinned[dict[str, Any]] = Thinned(MOST_RECORDS, MOST_KEPT)
        for line, record in self._records():
            kept.add(record, len(line) + VALUE * _values(line))
        return kept.items

    def stream(self) -> Iterator[dict[str, Any]]:
        """Yield the same records one at a time, all of them; for those who do not keep them.

        Raises:
            RunError: As :meth:`read`.
        """
        return (record for _, record in self._records())

    def truncate(self, step: int) -> None:
        """Drop the records later than ``step``, as a resumed run will write them again."""
        if not self.path.exists():
            return
        with replace_atomically(self.path) as file:
            for line, record in self._records():
                if record["step"] <= step:
                    file.write(line + b"\n")
        self._size = self.path.stat().st_size

    def _records(self) -> Iterator[tuple[bytes, dict[str, Any]]]:
        """Yield lines that hold a record, and the record, one at a time."""
        try:
            with open_file(self.path) as file:
                for line in _lines(file):
                    if _values(line) > MOST_VALUES:
                        continue
                    try:
                        record = parse_json(line)
                    except ValueError:
                        continue
                    if isinstance(record, dict) and type(record.get("step")) is int:
                        yield line, record
        except FileNotFoundError:
            return
        except OSError as error:
            raise RunError(
                f"cannot read {self.path.name}: {error.strerror or error}",
                where=str(self.path.parent),
                hint="make it a readable file, or move it away: the run continues with a new one",
            ) from error

    def _mend(self, file: BinaryIO) -> None:
        """Cut a torn last line off; say so where it is not of a process that died."""
        size = end = file.seek(0, 2)
        if size == self._size:
            return
        while end > 0:
            start = max(0, end - LONGEST)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                end = start + found + 1
                break
            end = start
        if end < size:
            file.truncate(end)
        if self._size is not None and (end < size or size < self._size):
            log.warning(
                "something else writes to %s while the run plays: %s",
                *(self.path, "half a line is cut off" if end < size else "lines are gone"),
            )


def _values(line: bytes) -> int:
    """Tell how many values a line's JSON has, or more."""
    return sum(map(line.count, (b",", b"[", b"{")))


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the file's lines without their ends; what is longer than any record is passed over."""
    read = 0
    passing = False
    while line := file.readline(LONGEST):
        read += len(line)
        if read > MOST_BYTES:
            raise OSError(f"it has more than {MOST_BYTES:,} bytes")
        ends = line.endswith(b"\n")
        if not passing and (ends or len(line) < LONGEST):
            yield line.rstrip(b"\r\n")
        passing = not ends
