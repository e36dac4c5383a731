"""Play a sweep whose runs are fakes, in a process that can be killed: SWEEP.yaml FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

FAKE = Path(__file__).with_name("fake_run.py")


def main(source: str, place: str) -> None:
    from advnets.errors import Interrupted
    from advnets.plugins import load_plugins
    from advnets.sweep import SweepFolder, load_sweep, run_process
    from advnets.sweep.play import play

    run_process.worker_command = lambda words: [sys.executable, str(FAKE), *words]  # type: ignore[attr-defined]
    sweep = load_sweep(source, load_plugins(environ={}))
    folder = SweepFolder.of(sweep, place)
    with folder.lock():
        folder.start(sweep)
        print("playing", flush=True)
        try:
            play(sweep, folder)
        except Interrupted as error:
            sys.exit(error.exit_code)


if __name__ == "__main__":
    main(*sys.argv[1:])
