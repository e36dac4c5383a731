"""Define the keys of a recipe, their types, ranges and defaults; which of them name components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from ..plugins.components import Component
from ..plugins.parameters import Parameters
from ..plugins.registry import Registry
from .starts import Start

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]*$"
FIELD_PATTERN = r"^[a-z][a-z0-9_]*$"
"""Of the names of networks and of fields, which become words of Python and of TensorFlow."""
FIELDS = ("latent", "example", "index")
"""What no recipe names anew: the latent, the examples, their places in the data set."""
ANY = "*"
"""A key that the recipe chooses, in :data:`advnets.recipe.slots.SLOTS`."""
LARGEST_SEED = 2**31 - 1
LARGEST_COUNT = 2**53  # steps are kept in float64 here and there (plots, JSON)


@dataclass(frozen=True)
class Slot:
    """Describe a key of the recipe that names a component, or several of them.

    Attributes:
        kind: The kind of the component.
        role: For architectures, the player it must be able to play.
        many: Whether the value is a list of components.
        open: Whether the value is a mapping from names to components.
        optional: Whether there need be none.
    """

    kind: str
    role: str = ""
    many: bool = False
    open: bool = False
    optional: bool = False

    def fits(self, component: Component) -> bool:
        """Tell whether a component of its kind may stand there."""
        return not self.role or self.role in component.roles

    def names(self, registry: Registry) -> list[str]:
        """Return the names of the components that may stand there."""
        return [c.name for c in registry.components(self.kind) if self.fits(c)]


Cadence = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
Count = Annotated[int, Field(ge=1, le=LARGEST_COUNT)]
FieldName = Annotated[str, Field(pattern=FIELD_PATTERN, max_length=100)]


class Optimizers(Parameters):
    """Choose how each player, and where it says so a network of its own, moves."""

    model_config = ConfigDict(extra="allow")

    generator: Annotated[Any, Slot("optimizers")] = Field(description="the generator's optimizer")
    discriminator: Annotated[Any, Slot("optimizers")] = Field(
        description="the discriminator's optimizer"
    )


class Averaging(Parameters):
    """Keep a moving average of the generator's weights next to it."""

    decay: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.999, description="per round; 0.999 averages over about a thousand rounds"
    )
    every: Annotated[int, Field(ge=1, le=10_000)] = Field(
        1, description="rounds between two steps of the average; more of them cost less"
    )
    warm_up: Annotated[float, Field(gt=0, le=1000)] | None = Field(
        None,
        description="r: the average's half-life is at most r times the rounds played, so that "
        "the decay rises as 2^(-1/(r t)); by default it rises as (1 + t)/(10 + t)",
    )


class Take(Parameters):
    """Choose some of a data set's training examples, by chance."""

    examples: Count = Field(description="how many")
    balanced: FieldName | None = Field(
        None, description="a field of classes: the same number of each of them"
    )
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED)] = Field(
        0, description="which of them; with one seed, fewer examples are some of more"
    )


class Stream(Parameters):
    """Bring further examples to every round, next to those of `dataset`."""

    dataset: Annotated[Any, Slot("datasets", optional=True)] = Field(
        None, description="where they come from; by default the training split of `dataset`"
    )
    take: Take | None = Field(
        None, description="some of them: `{examples: 100, balanced: label, seed: 0}`"
    )
    batch_size: Annotated[int, Field(ge=1, le=2**20)] | None = Field(
        None, description="examples in a global batch; by default `training.batch_size`"
    )


class Training(Parameters):
    """Set how long to train, and on how many examples at a time."""

    steps: Count = Field(description="rounds: moves of the generator")
    batch_size: Annotated[int, Field(ge=1, le=2**20)] = Field(
        description="examples in the global batch, over all replicas"
    )


Precision = Literal["float32", "mixed_bfloat16", "mixed_float16"]


class Distribution(Parameters):
    """Choose where and in which precision the game is played."""

    strategy: Literal["auto", "one_device", "mirrored", "multi_worker", "tpu"] = Field(
        "auto", description="auto: all workers where there are several, else all GPUs, else the CPU"
    )
    precision: Precision = Field(
        "float32", description="of what the networks compute; weights are always float32"
    )
    memory_budget: Annotated[float, Field(ge=0, le=2**20)] = Field(
        4.0,
        description="GiB; a larger training split is streamed, a smaller one kept on the device",
    )
    jit: Literal["auto", "on", "off"] = Field(
        "auto",
        description="whether XLA compiles the rounds; auto: from round 5000 of games of small "
        "matrices on a CPU",
    )
    discriminator_calls: Literal["auto", "one", "two"] = Field(
        "auto",
        description="calls of D for real and generated examples; auto: one where D moves alone; "
        "always two where D mixes examples, as batch normalisation does",
    )
    rounds_per_call: Cadence = Field(
        0,
        description="most rounds in one compiled call; 0: about half a second's; a signal waits "
        "for the end of a call",
    )
    determinism: bool = Field(
        False, description="only operations that repeat bit by bit, on GPUs as well; slower there"
    )


class BestCheckpoint(Parameters):
    """Choose the checkpoint that is kept however old it gets."""

    metric: Annotated[str, Field(min_length=1, max_length=100)] = Field(
        description="the name of a score that the recipe's metrics compute"
    )
    mode: Literal["max", "min"] = Field("max", description="which scores are better")


class Checkpoints(Parameters):
    """Set when the state is committed, and how many commits are kept."""

    every: Count = Field(1000, description="rounds between two commits")
    keep: Annotated[int, Field(ge=1, le=10_000)] = Field(3, description="newest commits kept")
    best: BestCheckpoint | None = Field(
        None,
        description="also commit, and keep, where this score is the best so far: "
        "`{metric: parzen}`, `{metric: fid, mode: min}`",
    )


class Monitoring(Parameters):
    """Choose what one sees while it runs."""

    log_every: Count = Field(100, description="rounds between two lines of metrics.jsonl")
    image_every: Cadence = Field(1000, description="rounds between two sample grids; 0: none")
    samples: Annotated[int, Field(ge=1, le=10_000)] = Field(
        64, description="fixed latent points in a grid"
    )
    tensorboard: bool = Field(True, description="whether event files are written")
    figures: bool = Field(
        True, description="whether the figures of the paper of 2014 are drawn when the run ends"
    )
    callbacks: Annotated[list[Any], Slot("callbacks", many=True)] = Field(
        [], description="Keras callbacks"
    )


class Evaluation(Parameters):
    """Set when the generator is scored during training, and by what."""

    every: Cadence = Field(
        0,
        description="rounds between two evaluations, the last after the last round; "
        "0: that one alone",
    )
    metrics: Annotated[list[Any], Slot("metrics", many=True)] = Field(
        [], description="metrics; none: nothing is scored"
    )
    weights: Literal["auto", "averaged", "current", "both"] = Field(
        "auto", description="of the generator; auto: averaged ones where they are kept"
    )


class Health(Parameters):
    """Choose what to do when a loss, a gradient or a weight is no longer finite."""

    policy: Literal["rollback", "skip", "stop"] = Field(
        "rollback",
        description="rollback: continue from the last checkpoint, at lower learning rates; "
        "skip: leave out the moves along such gradients; stop: end the run",
    )
    rollbacks: Annotated[int, Field(ge=0, le=1000)] = Field(
        3, description="how often a run may go back before it ends"
    )
    learning_rate_factor: Annotated[float, Field(gt=0, le=1)] = Field(
        0.5, description="what a rollback multiplies both learning rates by"
    )
    skips: Annotated[int, Field(ge=1, le=LARGEST_COUNT)] = Field(
        100, description="rounds in a row that skip may leave out before the run ends"
    )


class RecipeSchema(Parameters):
    """Describe one adversarial game, and how it is played and watched."""

    name: Annotated[str, Field(pattern=NAME_PATTERN, max_length=100)] = Field(
        description="of the run's folder; the file's name by default"
    )
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED)] = Field(
        1, description="of data order, latent noise, dropout and initial weights"
    )
    dataset: Annotated[Any, Slot("datasets")] = Field(description="where examples come from")
    streams: dict[str, Stream] = Field(
        {},
        description="further examples for every round, by the names that the encounter or a term "
        "has for them: `{labelled: {take: {examples: 100, balanced: label}, batch_size: 50}}`",
    )
    latent: Annotated[Any, Slot("priors")] = Field(description="the prior of z")
    generator: Annotated[Any, Slot("architectures", "generator")] = Field(description="G")
    discriminator: Annotated[Any, Slot("architectures", "discriminator")] = Field(description="D")
    networks: Annotated[dict[str, Any], Slot("architectures", open=True)] = Field(
        {}, description="further networks, by the names that the encounter or a term has for them"
    )
    given: dict[str, list[FieldName]] = Field(
        {},
        description="what networks are told besides their first input: "
        "`{generator: [label], discriminator: [label]}`",
    )
    conditions: Annotated[dict[str, Any], Slot("conditions", open=True)] = Field(
        {},
        description="how a field of generated examples is drawn; one that is not named comes "
        "with the batch",
    )
    encounter: Annotated[Any, Slot("encounters")] = Field(
        "generated", description="what is judged, and which networks make it"
    )
    start: Start = Field(
        default_factory=lambda: Start.model_validate({}),
        description="networks that start from a run's or a file's weights: "
        "`{generator: {run: runs/digits-1a2b3c4d}}`, `{teacher: {file: teacher.npz}}`",
    )
    loss: Annotated[Any, Slot("losses")] = Field(description="what each player minimises")
    penalties: Annotated[list[Any], Slot("penalties", many=True)] = Field(
        [], description="terms added to one player's loss"
    )
    augmentations: Annotated[list[Any], Slot("augmentations", many=True)] = Field(
        [], description="maps of the examples that discriminators see in rounds, of both sides"
    )
    updates: Annotated[Any, Slot("updates")] = Field(
        "alternating", description="the order of the players' moves"
    )
    optimizers: Annotated[Optimizers, Slot("optimizers", open=True)] = Field(
        description="how each player moves along its gradient, and a network that has its own"
    )
    averaging: Averaging | None = Field(
        None,
        description="keep a moving average of the generator's weights, and sample from it: "
        "`{decay: 0.999}`",
    )
    training: Training = Field(description="how long, and how many examples at a time")
    distribution: Distribution = Field(default_factory=lambda: Distribution.model_validate({}))
    checkpoints: Checkpoints = Field(default_factory=lambda: Checkpoints.model_validate({}))
    health: Health = Field(default_factory=lambda: Health.model_validate({}))
    monitoring: Monitoring = Field(default_factory=lambda: Monitoring.model_validate({}))
    evaluation: Evaluation = Field(default_factory=lambda: Evaluation.model_validate({}))


OFFLINE = "offline"
"""The key of a data set's entry that names its stand-in."""


EVERY = "every"
"""The key of a penalty's entry that says in every how many rounds it is taken, so often."""
