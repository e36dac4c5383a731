"""One contestant in one game, in a process of its own: ``python -m benchmarks.worker``.

Started by the driver, in the environment that the contestant needs.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from dataclasses import replace

from .cases import GAMES
from .turns import CALL_SECONDS, Finished, Turns, peak_memory, private_output


def main() -> None:
    """Build, say so, and play turns until told to quit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module", help="of benchmarks.contestants")
    parser.add_argument("game", choices=list(GAMES))
    parser.add_argument("options", help="JSON object, passed on to the contestant")
    arguments = parser.parse_args()
    answer = private_output()
    module = importlib.import_module(f"benchmarks.contestants.{arguments.module}")
    options = json.loads(arguments.options)
    game = GAMES[arguments.game]
    game = replace(game, precision=options.pop("precision", game.precision))
    contestant = module.build(game, **options)
    turns = Turns(sys.stdin, answer, getattr(contestant, "call_seconds", CALL_SECONDS))
    answer({"ready": contestant.about})
    try:
        contestant.play(turns)
    except Finished:
        answer({"end": {"peak_memory": peak_memory(), **contestant.end()}})
    # Threads of pipelines may still be waiting for a next turn that does not come.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
