"""What goes wrong in a run and is nobody's message yet: plugins, memory, TensorFlow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import tensorflow as tf

from ..errors import Interrupted, RunError
from ..plugins.attribution import TRACEBACK, explain
from ..plugins.tracebacks import describe_error, is_out_of_memory
from ..recipe import Recipe
from ..runs import RunFolder
from ..runs.before import Before
from ..train.recovery import components_of_plugins

NODE = re.compile(r"\{\{node ([^{}]*)\}\}")


@contextmanager
def explaining_all(recipe: Recipe, kept: Callable[[], str] = lambda: "") -> Iterator[None]:
    """Raise what is no :class:`AdvnetsError` as one, where it is known what it means.

    Args:
        recipe: The recipe that is played.
        kept: Asked when something is raised: once rounds have been played, what of them is
            kept, in words; else nothing.

    Raises:
        PluginError: For what a plugin raises before the first round.
        RunError: For what it raises later; where memory runs out; where TensorFlow fails in a
            round that plugins are part of.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        left = kept()
        explained = explain(error, recipe.registry, running=bool(left))
        if explained is None and is_out_of_memory(error):
            explained = out_of_memory(error, recipe)
        elif explained is None and isinstance(error, tf.errors.OpError):
            plugins = components_of_plugins(recipe)
            explained = _in_a_round(error, plugins) if plugins else None
        if explained is None:
            raise
        if left and isinstance(explained, RunError):
            explained.message += f"; {left}"
        raise explained from error


@contextmanager
def leaving_as_it_was(folder: RunFolder, began: Callable[[], bool]) -> Iterator[None]:
    """Leave a run's folder as it was where a session fails before its first round.

    Of a new run nothing is left: what failed then is mended in the recipe, a plugin or the data,
    and the run after is another one. A run that was there stays what it was, finished or
    interrupted, and counts no session that was cut off. One that was stopped by hand is no failure.

    Args:
        folder: Locked by this process; what strangers put there stays.
        began: Asked when something is raised: whether rounds were to be played already.
    """
    before, strangers = None if folder.is_new() else Before(folder), folder.strangers()
    try:
        yield
    except Exception as error:
        if not (began() or isinstance(error, Interrupted)):
            if before is None:
                folder.discard(strangers)
            else:
                before.put_back()
        raise


def out_of_memory(error: BaseException, recipe: Recipe) -> RunError:
    """Return the error to raise when there is no memory left."""
    batch = recipe.settings.training.batch_size
    budget = recipe.settings.distribution.memory_budget
    return RunError(
        f"out of memory, with batches of {batch}: {describe_error(error)}",
        hint="lower training.batch_size, or make the networks smaller, which is another run then; "
        f"or lower distribution.memory_budget, which is {budget:g} GiB: data larger than that "
        "are streamed instead of kept on the device",
    )


def _in_a_round(error: tf.errors.OpError, plugins: list[str]) -> RunError:
    nodes = [name for name in NODE.findall(error.message) if not name.startswith("__inference")]
    where = f", in {nodes[-1]}" if nodes else ""
    return RunError(
        f"TensorFlow failed in a compiled round{where}: {describe_error(error)}; "
        f"of plugins there are in it: {', '.join(plugins)}",
        hint=TRACEBACK,
    )
