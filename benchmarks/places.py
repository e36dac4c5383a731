"""Where the benchmark keeps what it makes: all in ``.bench``, which git ignores."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / ".bench"
DATA = BENCH / "data"
LOGS = BENCH / "logs"
RESULTS = BENCH / "results"
