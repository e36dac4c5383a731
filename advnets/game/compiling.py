"""Refuse what ``keras.Model`` has, or ``compile`` takes, and a game cannot have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import UsageError

METRIC = (
    "a Keras metric compares predictions with targets, and a game has neither",
    "V(D, G), probabilities and accuracies are logged as they are; `observe` of a loss or a "
    "penalty logs more, and metrics of advnets.evaluate score samples",
)
REFUSED = {
    "optimizer": (
        "each player has an optimizer of its own",
        "compile(generator_optimizer=…, discriminator_optimizer=…)",
    ),
    "loss": (
        "what the players minimise is part of the game",
        "AdversarialGame(…, loss=NonSaturating())",
    ),
    "loss_weights": (
        "a game has no outputs whose losses could be weighted",
        "losses and penalties have weights of their own, such as R1(gamma=10)",
    ),
    "metrics": METRIC,
    "weighted_metrics": METRIC,
    "auto_scale_loss": (
        "each player has a loss scale of its own where its gradient passes through float16",
        "leave it out",
    ),
}
"""Why a game cannot be compiled with them, and what to do instead."""

NO_LAYER = (
    "a game is no layer of another network",
    "game.generator is one, and game.discriminator",
)
QUANTIZE = (
    "quantised layers cannot be trained",
    "game.generator.quantize(…) when the game is over",
)
STATE_TREE = (
    "a state tree has room for one optimizer",
    "game.save_weights(path), or game.save(path), hold all that training can change",
)
METHODS = {
    "add_loss": (
        "every term of a game is some player's",
        "AdversarialGame(…, penalties=[…]), or add_loss in a layer of the player's network",
    ),
    "compute_loss": (
        "a game has no predictions and targets to compute one loss of",
        "game.evaluate(x) says what each player's is",
    ),
    "compute_metrics": METRIC,
    "add_metric": METRIC,
    "compiled_loss": METRIC,
    "compiled_metrics": METRIC,
    "compute_output_shape": NO_LAYER,
    "compute_output_spec": NO_LAYER,
    "symbolic_call": NO_LAYER,
    "get_state_tree": STATE_TREE,
    "set_state_tree": STATE_TREE,
    "stateless_call": STATE_TREE,
    "stateless_compute_loss": STATE_TREE,
    "add_weight": (
        "a file would not hold a variable that no component has",
        "advnets.game.state(value) as an attribute of a loss, a penalty or an update rule",
    ),
    "quantize": QUANTIZE,
    "quantized_build": QUANTIZE,
    "quantized_call": QUANTIZE,
    "get_quantization_layer_structure": QUANTIZE,
}
"""Methods that a game has not: why, and what to do instead."""


def refused_method(name: str) -> Callable[..., Any]:
    """Return a method that only says why there is none."""

    def refuse(self: Any, *args: Any, **options: Any) -> Any:
        why, instead = METHODS[name]
        raise UsageError(f"{name}: {why}", hint=instead)

    refuse.__name__, refuse.__doc__ = name, f"Refuse: {METHODS[name][0]}."
    return refuse


def refuse_options(options: Mapping[str, Any]) -> None:
    """Refuse what a game cannot be compiled with; what is ``None`` is as if it were not there.

    Raises:
        UsageError: With the reason.
    """
    for name, value in options.items():
        if name not in REFUSED:
            raise UsageError(
                f"compile(…, {name}=…): there is no such option",
                hint="generator_optimizer, discriminator_optimizer, optimizers, jit_compile, "
                "run_eagerly, steps_per_execution",
            )
        if value is not None:
            why, instead = REFUSED[name]
            raise UsageError(f"compile(…, {name}={value!r}): {why}", hint=instead)
