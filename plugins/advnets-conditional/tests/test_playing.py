"""From the shipped recipes to samples and scores, in short, on digits that need no download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from advnets_conditional.auxiliary import Auxiliary

import advnets
from advnets.errors import AdvnetsError
from advnets.game import AdversarialGame

SHORT: dict[str, Any] = {
    "generator.layers": [16],
    "discriminator.layers": [16],
    "training": {"steps": 6, "batch_size": 20},
    "monitoring": {"log_every": 3, "image_every": 0, "figures": False, "tensorboard": False},
    "evaluation": {"metrics": []},
}
FEW = {"name": "classifier", "steps": 30}


def played(recipe: str, folder: Path, **changed: Any) -> advnets.Run:
    return advnets.run(recipe, {**SHORT, **changed}, run_dir=folder / "run")


def test_projection_makes_what_is_asked_for(tmp_path: Path) -> None:
    run = played("projection_digits", tmp_path)
    scores = run.evaluate([{"name": "class_agreement", "features": FEW, "samples": 40}])
    assert [score.metric for score in scores] == ["class_agreement"]
    assert len(scores[0].protocol["by_class"]) == 10
    samples, _ = run.sample(4, given={"label": 3})
    assert samples.shape == (4, 8, 8, 1)


def test_projection_without_a_class_is_refused_before_a_round(tmp_path: Path) -> None:
    """Before TensorFlow is imported, where it wraps another and is wrapped as well."""
    projected = {"name": "projection", "network": {"name": "mlp", "layers": [4], "features": True}}
    for network in (projected, {"name": "spectral", "network": projected}):
        with pytest.raises(AdvnetsError, match="'projection' is of what the discriminator is told"):
            played("projection_digits", tmp_path, given={}, discriminator=network)


def test_projection_on_numbers_is_refused_before_a_round(tmp_path: Path) -> None:
    told = {"generator": ["index"], "discriminator": ["index"]}
    with pytest.raises(AdvnetsError, match="told no class") as refused:
        played("projection_digits", tmp_path, given=told)
    assert refused.value.hint == (
        "given: {discriminator: [label]}, with the name of a field that has classes"
    )


def test_acgan_logs_and_scores_its_own_classifier(tmp_path: Path) -> None:
    run = played("acgan_digits", tmp_path)
    logged = [record for record in run.metrics if "label_accuracy" in record]
    assert logged
    (score,) = run.evaluate(["classification_error"])
    said = run.discriminator(run.source.preprocess.apply(run.source.load("test")), training=False)
    wrong = np.argmax(said["class_logits"], axis=1) != run.source.labels("test")
    assert score.value == pytest.approx(wrong.mean())
    assert score.protocol["averaging"] == "none is kept of the discriminator"


@pytest.mark.parametrize(
    ("recipe", "head", "wrong"),
    [
        ("acgan_digits", "class_logits", "class_logits has 7 numbers, and label 10 classes"),
        ("infogan_digits", "code_logits", "code_logits has 7 numbers, and code 10 classes"),
        (
            "infogan_digits",
            "style_mean",
            r"style is of the shape .2,., and style_mean says .7,.",
        ),
    ],
)
def test_a_head_of_another_size_is_refused(
    recipe: str, head: str, wrong: str, tmp_path: Path
) -> None:
    with pytest.raises(AdvnetsError, match=wrong) as refused:
        played(recipe, tmp_path, **{f"discriminator.heads.{head}": 7})
    assert head in str(refused.value.hint)


def test_labels_that_a_head_has_no_number_for_are_refused_by_hand() -> None:
    """A device may take them for zeros."""
    z, y = keras.Input((2,), name="latent"), keras.Input((), name="label", dtype="int64")
    both = keras.layers.Concatenate()([z, keras.layers.Embedding(10, 2)(y)])
    x = keras.Input((2,))
    said = {"logits": keras.layers.Dense(1)(x), "class_logits": keras.layers.Dense(7)(x)}
    game = AdversarialGame(
        keras.Model({"latent": z, "label": y}, keras.layers.Dense(2)(both)),
        keras.Model(x, said),
        penalties=[Auxiliary()],
    )
    game.compile("sgd", "sgd")
    examples, labels = np.zeros((8, 2), "float32"), np.arange(8)
    with pytest.raises(AdvnetsError, match="the discriminator's class_logits has 7, 0 to 6"):
        game.fit(examples, labels, batch_size=4, verbose=0)


def test_infogan_reads_both_codes(tmp_path: Path) -> None:
    run = played("infogan_digits", tmp_path)
    last = [record for record in run.metrics if "code_accuracy" in record][-1]
    assert 0.0 <= last["code_accuracy"] <= 1.0
    assert last["style_squared_error"] > 0.0
    agreement = {"name": "class_agreement", "field": "code", "matched": True}
    error = {"name": "classification_error", "head": "code_logits", "matched": True}
    scores = run.evaluate([{**agreement, "features": FEW, "samples": 40}, error])
    assert [score.metric for score in scores] == ["class_agreement", "classification_error"]
    style = np.linspace(-1, 1, 10, dtype="float32").reshape(5, 2)
    samples, _ = run.sample(5, given={"code": 3, "style": style})
    assert samples.shape == (5, 8, 8, 1)


def test_a_network_of_its_own_reads_the_code(tmp_path: Path) -> None:
    run = played(
        "infogan_digits",
        tmp_path,
        **{
            "networks": {"q": {"name": "mlp", "layers": [8]}},
            "discriminator.heads": {},
            "given": {"generator": ["code"]},
            "conditions": {"code": {"name": "categorical", "classes": 10}},
            "penalties": [{"name": "information", "network": "q"}],
        },
    )
    (score,) = run.evaluate([{"name": "classification_error", "network": "q", "matched": True}])
    assert 0.0 <= score.value <= 1.0
