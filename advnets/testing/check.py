"""``check_loss`` and its like: all checks of one component, or of one object."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any
from unittest import SkipTest

from ..errors import AdvnetsError
from ..plugins.components import KINDS
from ..plugins.tracebacks import describe_error, locate_error, package_of
from .failure import ConformanceError, without_warnings_of_retracing
from .subject import Subject, subject_of

Check = Callable[[Subject], None]
FURTHER = {
    "architectures": ("starts",),
    **dict.fromkeys(
        ("losses", "penalties", "augmentations", "updates", "encounters", "optimizers"),
        ("schedules",),
    ),
}
"""Modules of checks that several kinds share, or that are about something of their own."""


def checks_for(kind: str) -> tuple[Check, ...]:
    """The checks that a component of ``kind`` must pass, in order.

    They are the public functions of some modules: ``advnets.testing.described``, for every
    kind, ``advnets.testing.<kind>``, and what further modules (``FURTHER``) ask of it.

    >>> [check.__name__ for check in checks_for("recipes")][:2]
    ['has_a_summary', 'describes_its_parameters']
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is not a kind of component; the kinds are {', '.join(KINDS)}")
    names = ("described", kind, *FURTHER.get(kind, ()))
    modules = [importlib.import_module(f".{name}", __package__) for name in names]
    return tuple(check for module in modules for check in _public_functions(module))


def _public_functions(module: ModuleType) -> list[Check]:
    return [
        value
        for name, value in vars(module).items()
        if not name.startswith("_")
        and callable(value)
        and getattr(value, "__module__", None) == module.__name__
        and not isinstance(value, type)
    ]


def attempt(check: Check, subject: Subject) -> None:
    """Run one check; what the component raises becomes a failure that says where.

    Raises:
        ConformanceError: Without a traceback of the check's own: the component's author has no
            use for it.
        unittest.SkipTest: If the check cannot be done here.
    """
    __tracebackhide__ = True
    from ..schedule import at_round

    packages = {package_of(subject.module)}
    try:
        # Components may ask for the round, wherever they run in one.
        with at_round(0), without_warnings_of_retracing():
            check(subject)
        return
    except SkipTest:
        raise
    except ConformanceError as error:
        message, cause = str(error), error.__context__
        place = locate_error(cause, packages) if cause is not None else None
    except (Exception, SystemExit) as error:
        own = isinstance(error, AdvnetsError)
        message = (
            f"raised {type(error).__name__}: {error}" if own else f"raised {describe_error(error)}"
        )
        place = locate_error(error, packages)
    where = place[0] if place else subject.place
    raise ConformanceError(f"{message}\n  at {where}" if where else message)


def run_checks(
    kind: str,
    what: Any,
    parameters: Mapping[str, Any] | None,
    plugins: Sequence[str],
    skip: Mapping[str, str] | None,
    example: Mapping[str, Any] | None = None,
) -> None:
    """Run all checks of a kind and raise one error with every failure."""
    __tracebackhide__ = True
    subject = subject_of(kind, what, parameters, plugins, example)
    checks = checks_for(kind)
    unknown = set(skip or {}) - {check.__name__ for check in checks}
    if unknown:
        raise ValueError(f"no check of {kind} is called {', '.join(sorted(unknown))}")
    failures = []
    for check in checks:
        if check.__name__ in (skip or {}):
            continue
        try:
            attempt(check, subject)
        except ConformanceError as error:
            failures.append(f"{check.__name__}: {error}")
    if failures:
        count = f"{len(failures)} of {len(checks)} checks failed"
        raise ConformanceError("\n".join([f"{subject}: {count}", *failures]))


def check_loss(
    loss: Any,
    parameters: Mapping[str, Any] | None = None,
    *,
    plugins: Sequence[str] = (),
    skip: Mapping[str, str] | None = None,
    example: Mapping[str, Any] | None = None,
) -> None:
    """Check a loss: one value per example, finite, with right gradients, and it plays.

    Args:
        loss: A registered name, a :class:`advnets.Component`, an :class:`advnets.game.Loss`,
            or its class.
        parameters: Parameters of the component, or arguments of the class.
        plugins: Where the name is registered, if its plugin is not installed: files or
            modules, as for ``--plugin``.
        skip: Names of checks not to run, each with the reason.
        example: What it is to be tried with, as :class:`advnets.Component` has it; by default
            what the component says.

    Raises:
        ConformanceError: Naming every check that failed, and why.

    >>> check_loss("minimax", {"discriminator_weight": 0.5})
    """
    __tracebackhide__ = True
    run_checks("losses", loss, parameters, plugins, skip, example)


def check_penalty(
    penalty: Any,
    parameters: Mapping[str, Any] | None = None,
    *,
    plugins: Sequence[str] = (),
    skip: Mapping[str, str] | None = None,
    example: Mapping[str, Any] | None = None,
) -> None:
    """Check a penalty, second derivatives included; arguments as for :func:`check_loss`."""
    __tracebackhide__ = True
    run_checks("penalties", penalty, parameters, plugins, skip, example)


def check_architecture(
    architecture: Any,
    parameters: Mapping[str, Any] | None = None,
    *,
    plugins: Sequence[str] = (),
    skip: Mapping[str, str] | None = None,
    example: Mapping[str, Any] | None = None,
) -> None:
    """Check an architecture for each of its roles, on images and on vectors.

    Instead of a component, ``architecture`` may be the function that builds the network. It
    may refuse one of the two shapes of data with an :class:`advnets.UsageError`. Further
    arguments as for :func:`check_loss`.
    """
    __tracebackhide__ = True
    run_checks("architectures", architecture, parameters, plugins, skip, example)


def check_dataset(
    dataset: Any,
    parameters: Mapping[str, Any] | None = None,
    *,
    plugins: Sequence[str] = (),
    skip: Mapping[str, str] | None = None,
    example: Mapping[str, Any] | None = None,
) -> None:
    """Check a data set; arguments as for :func:`check_loss`.

    Raises:
        unittest.SkipTest: If the data cannot be had on this machine.
    """
    __tracebackhide__ = True
    run_checks("datasets", dataset, parameters, plugins, skip, example)


def check_prior(
    prior: Any,
    parameters: Mapping[str, Any] | None = None,
    *,
    plugins: Sequence[str] = (),
    skip: Mapping[str, str] | None = None,
    example: Mapping[str, Any] | None = None,
) -> None:
    """Check a prior: a pure function of the draw; arguments as for :func:`check_loss`."""
    __tracebackhide__ = True
    run_checks("priors", prior, parameters, plugins, skip, example)


def check_condition(
    condition: Any,
    parameters: Mapping[str, Any] | None = None,
    *,
    plugins: Sequence[str] = (),
    skip: Mapping[str, str] | None = None,
    example: Mapping[str, Any] | None = None,
) -> None:
    """Check a condition: what its field says, a pure function of the draw.

    Arguments as for :func:`check_loss`; it draws the first field of its example, else a label.
    """
    __tracebackhide__ = True
    run_checks("conditions", condition, parameters, plugins, skip, example)


def check_encounter(
    encounter: Any,
    parameters: Mapping[str, Any] | None = None,
    *,
    plugins: Sequence[str] = (),
    skip: Mapping[str, str] | None = None,
    example: Mapping[str, Any] | None = None,
) -> None:
    """Check an encounter, with networks for all its roles; arguments as for :func:`check_loss`."""
    __tracebackhide__ = True
    run_checks("encounters", encounter, parameters, plugins, skip, example)


def check_augmentation(
    augmentation: Any,
    parameters: Mapping[str, Any] | None = None,
    *,
    plugins: Sequence[str] = (),
    skip: Mapping[str, str] | None = None,
    example: Mapping[str, Any] | None = None,
) -> None:
    """Check an augmentation: each example by itself, a function of the draw, differentiable.

    Arguments as for :func:`check_loss`; what examples look like is the ``shape`` of its example.
    """
    __tracebackhide__ = True
    run_checks("augmentations", augmentation, parameters, plugins, skip, example)


def check_updates(
    updates: Any,
    parameters: Mapping[str, Any] | None = None,
    *,
    plugins: Sequence[str] = (),
    skip: Mapping[str, str] | None = None,
    example: Mapping[str, Any] | None = None,
) -> None:
    """Check an update rule: it moves both players; arguments as for :func:`check_loss`."""
    __tracebackhide__ = True
    run_checks("updates", updates, parameters, plugins, skip, example)


def check_optimizer(
    optimizer: Any,
    parameters: Mapping[str, Any] | None = None,
    *,
    plugins: Sequence[str] = (),
    skip: Mapping[str, str] | None = None,
    example: Mapping[str, Any] | None = None,
) -> None:
    """Check a function that makes optimizers; arguments as for :func:`check_loss`."""
    __tracebackhide__ = True
    run_checks("optimizers", optimizer, parameters, plugins, skip, example)


def check_metric(
    metric: Any,
    parameters: Mapping[str, Any] | None = None,
    *,
    plugins: Sequence[str] = (),
    skip: Mapping[str, str] | None = None,
    example: Mapping[str, Any] | None = None,
) -> None:
    """Check a metric: scores with their protocol; arguments as for :func:`check_loss`."""
    __tracebackhide__ = True
    run_checks("metrics", metric, parameters, plugins, skip, example)


def check_features(
    features: Any,
    parameters: Mapping[str, Any] | None = None,
    *,
    plugins: Sequence[str] = (),
    skip: Mapping[str, str] | None = None,
    example: Mapping[str, Any] | None = None,
) -> None:
    """Check a feature extractor: what it says of each example, and of itself.

    Arguments as for :func:`check_loss`; an object may be the function that makes one of an
    :class:`advnets.evaluate.FeatureContext`.

    Raises:
        unittest.SkipTest: If the weights that it needs cannot be had on this machine.
    """
    __tracebackhide__ = True
    run_checks("features", features, parameters, plugins, skip, example)


def check_callback(
    callback: Any,
    parameters: Mapping[str, Any] | None = None,
    *,
    plugins: Sequence[str] = (),
    skip: Mapping[str, str] | None = None,
    example: Mapping[str, Any] | None = None,
) -> None:
    """Check a callback: it watches a short game; arguments as for :func:`check_loss`."""
    __tracebackhide__ = True
    run_checks("callbacks", callback, parameters, plugins, skip, example)


def check_sweep(
    sweep: Any, *, plugins: Sequence[str] = (), skip: Mapping[str, str] | None = None
) -> None:
    """Check a registered sweep: found, valid, with a header; as for :func:`check_loss`."""
    __tracebackhide__ = True
    run_checks("sweeps", sweep, None, plugins, skip)


def check_recipe(
    recipe: Any, *, plugins: Sequence[str] = (), skip: Mapping[str, str] | None = None
) -> None:
    """Check a registered recipe: found, valid, with a header; as for :func:`check_loss`."""
    __tracebackhide__ = True
    run_checks("recipes", recipe, None, plugins, skip)


def check_command(
    command: Any, *, plugins: Sequence[str] = (), skip: Mapping[str, str] | None = None
) -> None:
    """Check a registered command: it has help; arguments as for :func:`check_loss`."""
    __tracebackhide__ = True
    run_checks("commands", command, None, plugins, skip)
