"""Play a recipe: from the command to a sealed manifest, in one process of each worker."""

from __future__ import annotations

import contextlib
import logging
import time
from pathlib import Path

from ..distribute.signals import stop_on_signals
from ..distribute.strategy import make_strategy
from ..distribute.workers import Workers, report_lost_workers
from ..errors import Interrupted
from ..log import at_level
from ..plugins import Registry
from ..runs import RunFolder
from ..runs.lock import stale
from ..train.account import Account
from ..train.build import fingerprints
from ..train.find_data import Found, batch_sizes, names_of_data, stand_in_note
from .determinism import determinism
from .failures import explaining_all, leaving_as_it_was
from .opening import open_session
from .session import Session
from .strangers import refuse_strangers

log = logging.getLogger(__name__)


def play(
    found: Found,
    registry: Registry,
    run_dir: Path | None = None,
    began: float | None = None,
    change: bool = False,
) -> RunFolder | None:
    """Play a recipe to its last step, or resume the run of the same identity.

    Where there is a cluster (:mod:`advnets.distribute.cluster`), all of its workers call this
    with the same arguments; only the first, the chief, writes into the folder.

    Args:
        found: The recipe and its data (:func:`advnets.train.find_data.find_data`).
        registry: The components.
        run_dir: The run's folder; ``runs/<name>-<identity>`` by default.
        began: When the command began, by ``time.monotonic``; now by default.
        change: Whether the run in ``run_dir`` may be given other values from here on, on purpose:
            those of :data:`advnets.recipe.identity.CHANGEABLE` in which the recipe differs.

    Returns:
        The run's folder, its manifest sealed and its report written; ``None`` on workers
        other than the chief, which may not even see it.

    Raises:
        AdvnetsError: Of the kind that says what went wrong; the manifest says so too, if rounds
            were to be played. What fails before leaves the folder as it was, and of a new run none.
    """
    began = time.monotonic() if began is None else began
    recipe, settings = found.recipe, found.recipe.settings
    folder = RunFolder.for_recipe(recipe, run_dir, found.fingerprint)
    session: Session | None = None
    with contextlib.ExitStack() as held:
        held.enter_context(explaining_all(recipe))
        # First of all, since workers cannot come together once anything has been computed;
        # then listening, since TensorFlow puts a handler of its own in SIGTERM's place.
        workers = Workers(make_strategy(settings.distribution.strategy, *batch_sizes(recipe)))
        if not workers.is_chief:  # what there is to say of a run, the chief says
            held.enter_context(at_level(logging.WARNING))
        stop = held.enter_context(stop_on_signals())
        held.enter_context(report_lost_workers(workers))
        refuse_strangers(workers, recipe, found.source, fingerprints(registry, recipe))
        lock = folder.lock()

        def take() -> None:
            held.enter_context(lock)
            # Looked at, and put back, under the lock alone: another process may begin here too.
            held.enter_context(
                leaving_as_it_was(folder, lambda: session is not None and session.began)
            )

        workers.run_on_chief(take)
        opening = open_session(found, registry, folder, workers, change)
        if opening.finished:
            return folder if workers.is_chief else None
        account = Account(folder, opening.newest, began, workers.is_chief, lock.keep)
        session = Session(found, registry, folder, opening, workers, stop, account)
        try:
            with (
                explaining_all(recipe, session.kept),
                report_lost_workers(workers),
                determinism(settings.distribution.determinism),
            ):
                if lock.left:
                    log.warning(stale(lock.left))
                stand_in = folder.manifest.get("stand_in")
                if stand_in and found.missing is None:  # `advnets run RUN`, which looked for none
                    note = stand_in_note(stand_in["why"], *names_of_data(recipe))
                    log.warning(note, extra={"style": "bold yellow"})
                session.play()
        except BaseException as error:
            refused = isinstance(error, Exception) and not isinstance(error, Interrupted)
            if workers.is_chief and lock.held and (session.began or not refused):
                session.ending.badly(error, session.step)
            if isinstance(error, Interrupted):
                workers.all_reduce_sum([0])  # nobody leaves before the chief has written all
            raise
        return folder if workers.is_chief else None
