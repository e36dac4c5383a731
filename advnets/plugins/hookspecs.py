"""Every hook of advnets. Nothing else lives here.

A plugin is a module with functions of these names, decorated with
``advnets.hookimpl``. Each returns a list of :class:`advnets.Component`. Hooks run
once, when a command starts, and must not import TensorFlow: a component names its
code by a target, which is imported only when a run needs it. Work done at every
step belongs in a callback, not in a hook.

What the target of a component must be, by kind:

==============  ==========================================================================
losses          ``target(**parameters)`` returns an :class:`advnets.game.Loss`
penalties       ``target(**parameters)`` returns an :class:`advnets.game.Penalty`
architectures   ``target(context, **parameters)`` returns a ``keras.Model``
                (:class:`advnets.networks.NetworkContext`)
datasets        ``target(**parameters)`` returns an :class:`advnets.data.Source`
priors          ``target(**parameters)`` returns an :class:`advnets.game.Prior`
conditions      ``target(**parameters)`` or ``target(context, **parameters)`` returns an
                :class:`advnets.game.Condition`
encounters      ``target(**parameters)`` or ``target(context, **parameters)`` returns an
                :class:`advnets.game.Encounter`
augmentations   ``target(**parameters)`` or ``target(context, **parameters)`` returns an
                :class:`advnets.game.Augmentation`
updates         ``target(**parameters)`` returns an :class:`advnets.game.UpdateRule`
optimizers      ``target(context, **parameters)`` returns a ``keras.optimizers.Optimizer``
                (:class:`advnets.networks.OptimizerContext`)
metrics         ``target(context, **parameters)`` returns a list of
                :class:`advnets.evaluate.Score` (:class:`advnets.evaluate.MetricContext`)
features        ``target(context, **parameters)`` returns an
                :class:`advnets.evaluate.FeatureExtractor`
                (:class:`advnets.evaluate.FeatureContext`)
callbacks       ``target(**parameters)`` returns a ``keras.callbacks.Callback``
recipes         ``"package:path/in/package.yaml"``, a file shipped in the package
sweeps          the same, of a sweep's file
commands        a ``click.Command``
==============  ==========================================================================
"""

from __future__ import annotations

import pluggy

from .components import Component

PROJECT = "advnets"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a plugin's function as the implementation of the hook of the same name."""


@hookspec
def advnets_losses() -> list[Component]:  # type: ignore[empty-body]
    """Losses: two methods, one per player, each returning one value per example."""


@hookspec
def advnets_penalties() -> list[Component]:  # type: ignore[empty-body]
    """Penalties: terms for one player's loss, given the critic and the batches."""


@hookspec
def advnets_architectures() -> list[Component]:  # type: ignore[empty-body]
    """Architectures: builders of generators and discriminators (see ``Component.roles``)."""


@hookspec
def advnets_datasets() -> list[Component]:  # type: ignore[empty-body]
    """Data sets: sources of examples, with their shape, range and splits."""


@hookspec
def advnets_priors() -> list[Component]:  # type: ignore[empty-body]
    """Priors: distributions that the latent variable z is drawn from."""


@hookspec
def advnets_conditions() -> list[Component]:  # type: ignore[empty-body]
    """Conditions: how a field that networks are told is drawn for generated examples."""


@hookspec
def advnets_encounters() -> list[Component]:  # type: ignore[empty-body]
    """Encounters: what is judged, and which networks make it."""


@hookspec
def advnets_augmentations() -> list[Component]:  # type: ignore[empty-body]
    """Augmentations: differentiable maps of the examples that discriminators see."""


@hookspec
def advnets_updates() -> list[Component]:  # type: ignore[empty-body]
    """Update rules: the order in which the players move."""


@hookspec
def advnets_optimizers() -> list[Component]:  # type: ignore[empty-body]
    """Optimizers: Keras optimizers, given the number of steps in an epoch."""


@hookspec
def advnets_metrics() -> list[Component]:  # type: ignore[empty-body]
    """Metrics: scores of a generator, for ``advnets evaluate`` and during a run."""


@hookspec
def advnets_features() -> list[Component]:  # type: ignore[empty-body]
    """Feature extractors: what metrics compare distributions by, named in their parameters."""


@hookspec
def advnets_callbacks() -> list[Component]:  # type: ignore[empty-body]
    """Callbacks: Keras callbacks that a recipe can name under ``monitoring.callbacks``."""


@hookspec
def advnets_recipes() -> list[Component]:  # type: ignore[empty-body]
    """Recipes: YAML files shipped with the plugin."""


@hookspec
def advnets_sweeps() -> list[Component]:  # type: ignore[empty-body]
    """Sweeps: YAML files shipped with the plugin, for ``advnets sweep``."""


@hookspec
def advnets_commands() -> list[Component]:  # type: ignore[empty-body]
    """Commands: click commands added to ``advnets``."""
