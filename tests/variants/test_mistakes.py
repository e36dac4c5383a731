"""What is wrong is told before the first round, whichever way the game is made."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import advnets
from advnets.game import AdversarialGame, NoLatent, UniformClasses

PLUGIN = str(Path(__file__).with_name("mistakes.py"))
SPEC = importlib.util.spec_from_file_location("mistakes_by_hand", PLUGIN)
assert SPEC is not None
assert SPEC.loader is not None
mistakes: Any = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(mistakes)
SGD = {"name": "sgd", "learning_rate": 0.1}
MLP = {"name": "mlp", "layers": [4]}
RECIPE: dict[str, Any] = {
    "name": "amiss",
    "dataset": {"name": "ring", "modes": 4, "examples": 64, "held_out": 8},
    "latent": {"name": "gaussian", "size": 3},
    "generator": MLP,
    "discriminator": MLP,
    "loss": "non_saturating",
    "optimizers": {"generator": SGD, "discriminator": SGD},
    "training": {"steps": 8, "batch_size": 16},
    "monitoring": {"log_every": 4, "image_every": 0, "tensorboard": False, "figures": False},
}
BOTH = {"generator": ["label"], "discriminator": ["label"]}
ENCODER = {"networks": {"encoder": MLP}}


def drawn(how: str) -> dict[str, Any]:
    return {"given": BOTH, "conditions": {"label": {"name": "drawn", "how": how}}}


BY_RECIPE: dict[str, tuple[dict[str, Any], str]] = {
    "a field that the data lack": (
        {"given": {"generator": ["lable"]}},
        "given.generator: 'lable' neither comes with ring nor .* did you mean 'label'",
    ),
    "a field that one side lacks": (
        {"given": {"discriminator": ["label"]}},
        "given.discriminator: the generator is not told 'label'",
    ),
    "a field that a term needs": (
        {"penalties": ["reading"]},
        r"Reading reads the field label .*\(plugin mistakes",
    ),
    "a field that nobody declares": (
        {"penalties": ["undeclared"]},
        "mistakes.py:.*a field 'label' is read, which this side lacks",
    ),
    "classes out of range": (
        drawn("high"),
        "'label', a Drawn, drew 0 to 6; its field says classes 0 to 3",
    ),
    "classes that are none": (drawn("float"), "drew float32; its field says classes, int64"),
    "a draw of another shape": (drawn("shape"), r"drew \[256, 2\]; its field says \[n\]"),
    "a draw by NumPy": (drawn("numpy"), "drew other values of the same seed"),
    "a draw by TensorFlow": (drawn("tensorflow"), "drew other values of the same seed"),
    "unequal sides": ({"encounter": "unequal"}, "unequal sides: 16 real examples, 3 fake"),
    "a network that nothing calls": (
        {"networks": {"spare": MLP}},
        "networks.spare: nothing calls it",
    ),
    "a network that nothing reads": (
        {"encounter": "unread", **ENCODER},
        "does not depend on the encoder",
    ),
    "a network that is named like a field": (
        {"encounter": "named", "networks": {"label": MLP}},
        "networks.label: ring has a field called 'label'",
    ),
    "a network that is named like a stream": (
        {"encounter": "named", "networks": {"latent": MLP}},
        "networks.latent: the name 'latent' is taken",
    ),
    "a network that gives another shape": (
        {"encounter": "encoding", "networks": {"encoder": "stubborn"}},
        r"networks.encoder 'stubborn' gives the shape \(5,\); \(4, 2\) is expected",
    ),
    "a network that gives one thing of two": (
        {"encounter": "several", **ENCODER},
        "the network 'encoder' returns one tensor; mean, deviation was expected",
    ),
    "an architecture that does not fit": (
        {"encounter": "unread", "networks": {"encoder": {"name": "dcgan"}}},
        "networks.encoder: dcgan needs images",
    ),
    "an optimizer of no network": (
        {"optimizers": {**RECIPE["optimizers"], "encodr": SGD}, "encounter": "unread", **ENCODER},
        "no network is called 'encodr'; did you mean 'encoder'",
    ),
    "a loss with state and two duels": (
        {"encounter": "doubled", "loss": "stateful"},
        "Stateful has a state, which 2 duels cannot share",
    ),
    "a judge that is not declared": (
        {"encounter": "misjudged"},
        "the duel 'only' is judged by 'critic', which is no network",
    ),
    "a network that is not declared": (
        {"penalties": ["calling"]},
        "mistakes.py:.*there is no network 'q'",
    ),
    "two roles of one name": (
        {"encounter": "unread", "penalties": ["otherwise"], **ENCODER},
        "two roles of one name: Unread says that 'encoder' takes example, gives latent",
    ),
    "a stream that nobody brings": (
        {"penalties": ["labelled"]},
        "the game reads a stream 'labelled', and the recipe has none",
    ),
    "a stream that is named like a network": (
        {"penalties": ["misnamed"]},
        "Misnamed reads a stream 'generator', and a network of the game has this name",
    ),
    "numbers that no seed determines": (
        {"penalties": ["noisy"]},
        "mistakes.py:.*random numbers by RandomStandardNormal",
    ),
    "an augmentation that mixes examples": (
        {"augmentations": ["mixing"]},
        "Mixing makes something else of an example where the batch holds others",
    ),
    "augmentations of images for points": (
        {"augmentations": [{"name": "instance_noise", "deviation": 0.1}, "mirror"]},
        r"'mirror' takes images, .*has examples of the shape \[2\]",
    ),
    "batches in words": (
        {"updates": "worded"},
        r"Worded\(\) says that a round uses 'two' batches of real examples",
    ),
    "a round that logs nothing": (
        {"updates": "silent"},
        "Silent.round returned NoneType; scalars by name were expected",
    ),
    "a callback whose component does not say so": (
        {"monitoring": {**RECIPE["monitoring"], "callbacks": ["honest"]}},
        "'honest' changes the game, and its component does not say so",
    ),
}


BY_HAND_AS_WELL = (
    "a field that nobody declares",
    "a network that nothing reads",
    "a loss with state and two duels",
    "a judge that is not declared",
    "numbers that no seed determines",
    "a round that logs nothing",
)
"""Mistakes that are seen when a round is traced, of which the shorter way is enough."""
CASES = [
    pytest.param(*case, id=name, marks=[pytest.mark.slow] if name in BY_HAND_AS_WELL else [])
    for name, case in BY_RECIPE.items()
]


@pytest.mark.parametrize(("changed", "message"), CASES)
def test_by_a_recipe(changed: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(advnets.AdvnetsError, match=message) as caught:
        advnets.run({**RECIPE, **changed}, (), tmp_path / "run", plugins=[PLUGIN])
    assert caught.value.exit_code == 2
    assert not (tmp_path / "run").exists()


def test_a_callback_that_changes_the_game_unsaid(tmp_path: Path) -> None:
    """It is seen where the first epoch ends."""
    changed = {"monitoring": {**RECIPE["monitoring"], "callbacks": ["meddling"]}}
    with pytest.raises(advnets.PluginError, match="Meddling changed the game at the end"):
        advnets.run({**RECIPE, **changed}, (), tmp_path / "run", plugins=[PLUGIN])


def network(inputs: int, outputs: int) -> keras.Model:
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs)])


def told(name: str, inputs: int, outputs: int) -> keras.Model:
    """A network that is told a label as well."""
    first, label = keras.Input((inputs,), name=name), keras.Input((), name="label", dtype="int64")
    joined = keras.layers.Concatenate()([first, keras.ops.one_hot(label, 4)])
    return keras.Model({name: first, "label": label}, keras.layers.Dense(outputs)(joined))


G, D = (lambda: network(3, 2)), (lambda: network(2, 1))
GIVEN_G, GIVEN_D = (lambda: told("latent", 3, 2)), (lambda: told("example", 2, 1))
BY_HAND: dict[str, tuple[Any, Any, dict[str, Any], str]] = {
    "a field that one side lacks": (G, GIVEN_D, {}, "takes 'label', which the fake side lacks"),
    "a field that a term needs": (
        *(G, D, {"penalties": [mistakes.Reading()]}),
        "Reading reads the field label",
    ),
    "a field that nobody declares": (
        *(G, D, {"penalties": [mistakes.Undeclared()]}),
        "a field 'label' is read, which this side lacks",
    ),
    "classes out of range": (
        *(GIVEN_G, GIVEN_D, {"conditions": {"label": mistakes.Drawn()}}),
        "drew 0 to 6; its field says classes 0 to 3",
    ),
    "a draw by NumPy": (
        *(GIVEN_G, GIVEN_D, {"conditions": {"label": mistakes.Drawn("numpy")}}),
        "drew other values of the same seed",
    ),
    "a network that nothing calls": (
        *(G, D, {"networks": {"spare": network(2, 2)}}),
        "nothing in the game calls the network 'spare'",
    ),
    "a network that is missing": (
        *(G, D, {"encounter": mistakes.Unread()}),
        "needs a network 'encoder'",
    ),
    "a network that nothing reads": (
        *(G, D, {"encounter": mistakes.Unread(), "networks": {"encoder": network(2, 3)}}),
        "does not depend on the encoder",
    ),
    "a network that gives one thing of two": (
        *(G, D, {"encounter": mistakes.Several(), "networks": {"encoder": network(2, 3)}}),
        "the network 'encoder' returns one tensor; mean, deviation was expected",
    ),
    "a network that is named like a condition": (
        GIVEN_G,
        GIVEN_D,
        {
            "conditions": {"label": UniformClasses(4)},
            "encounter": mistakes.Named(),
            "networks": {"label": network(2, 3)},
        },
        "a network is called 'label', as what",
    ),
    "a network that takes another shape": (
        *(G, lambda: network(5, 1), {}),
        r"'discriminator' takes 'example' of the shape \(5,\); the generator has \(2,\)",
    ),
    "a network that gives another shape": (
        *(G, D, {"encounter": mistakes.Encoding(), "networks": {"encoder": network(2, 5)}}),
        r"'encoder' gives the shape \(5,\); its role says \(4, 2\)",
    ),
    "data of another shape": (
        *(lambda: network(3, 7), lambda: network(7, 1), {}),
        r"is to compare 'example' of the shapes \(2,\), real, and \(7,\), generated",
    ),
    "a loss with state and two duels": (
        *(G, D, {"encounter": mistakes.Doubled(), "loss": mistakes.Stateful()}),
        "Stateful has a state, which 2 duels cannot share",
    ),
    "a judge that is not declared": (
        *(G, D, {"encounter": mistakes.Misjudged()}),
        "the duel 'only' is judged by 'critic'",
    ),
    "two roles of one name": (
        G,
        D,
        {
            "encounter": mistakes.Unread(),
            "penalties": [mistakes.Otherwise()],
            "networks": {"encoder": network(2, 3)},
        },
        "two roles of one name: Unread says that 'encoder' takes example, gives latent",
    ),
    "a stream that nobody brings": (
        *(G, D, {"penalties": [mistakes.Labelled()]}),
        "the game reads the stream 'labelled', and it is given none",
    ),
    "no latent, and nothing else": (
        *(G, D, {"prior": NoLatent()}),
        r"'generator' takes nothing, but its inputs are called \(one, unnamed\)",
    ),
    "an augmentation without a gradient": (
        *(G, D, {"augmentations": [mistakes.Quantised()]}),
        "Quantised lets no gradient through",
    ),
    "no steps of D": (
        *(G, D, {"updates": mistakes.Stingy()}),
        r"Stingy\(\) says that a round uses 0 batches",
    ),
    "a round that logs nothing": (
        *(G, D, {"updates": mistakes.Silent()}),
        "Silent.round returned NoneType",
    ),
    "numbers that no seed determines": (
        *(G, D, {"penalties": [mistakes.Noisy()]}),
        "random numbers by RandomStandardNormal",
    ),
}


def fit_by_hand(generator: Any, discriminator: Any, options: dict[str, Any]) -> None:
    game = AdversarialGame(generator, discriminator, **options)
    game.compile("sgd", "sgd")
    game.fit(np.ones([8, 2], "float32"), np.arange(8) % 4, batch_size=4, verbose=0)


@pytest.mark.parametrize(
    ("generator", "discriminator", "options", "message"), BY_HAND.values(), ids=BY_HAND
)
def test_by_hand(generator: Any, discriminator: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(advnets.AdvnetsError, match=message) as caught:
        fit_by_hand(generator(), discriminator(), options)
    assert caught.value.exit_code == 2


def test_an_optimizer_of_no_network_by_hand() -> None:
    with pytest.raises(advnets.UsageError, match="an optimizer for 'encodr'"):
        AdversarialGame(G(), D()).compile(optimizers={"encodr": "sgd"})


def test_after_a_mistake_is_mended_the_same_folder_is_used(tmp_path: Path) -> None:
    with pytest.raises(advnets.PluginError):
        advnets.run({**RECIPE, "encounter": "unequal"}, (), tmp_path / "run", plugins=[PLUGIN])
    run = advnets.run(RECIPE, {"training.steps": 2}, tmp_path / "run", plugins=[PLUGIN])
    assert run.manifest["status"] == "finished"
