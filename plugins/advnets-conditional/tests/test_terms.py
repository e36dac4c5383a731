"""AC-GAN's and InfoGAN's terms against values worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from advnets_conditional.auxiliary import Auxiliary
from advnets_conditional.information import Information

from advnets.errors import AdvnetsError
from advnets.game import Play, Role
from advnets.plugins import load_plugins
from advnets.recipe import load_recipe
from advnets.schedule import at_round
from advnets.testing import play_of

LOGITS = np.log([[3.0, 1.0], [1.0, 1.0], [1.0, 4.0]]).astype(np.float32)
"""Of three examples and two classes: p = (¾, ¼), (½, ½), (⅕, ⅘)."""
CODES = [0, 1, 1]
REAL, FAKE = -np.log([3 / 4, 1 / 2, 4 / 5]), -np.log([1 / 5, 1 / 2, 1 / 4])


def played(player: str = "discriminator", **fields: Any) -> Play:
    """Real examples are the logits above, generated ones backwards."""

    def words(x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"logits": tf.zeros(3), "class_logits": x, "code_logits": x, "mean": x}

    told = {name: tf.constant(values) for name, values in fields.items()}
    return play_of(
        words, tf.constant(LOGITS), tf.constant(LOGITS[::-1]), player=player, fields=told
    )


def test_d_names_both_sides_and_g_is_named() -> None:
    term = Auxiliary(weight=2.0, generator_weight=0.5)
    np.testing.assert_allclose(term(played(label=CODES)), 2 * (REAL + FAKE), rtol=1e-6)
    np.testing.assert_allclose(term(played("generator", label=CODES)), 0.5 * FAKE, rtol=1e-6)
    seen = term.observe(played(label=CODES))
    assert seen["label_accuracy"].numpy().tolist() == [1.0, 0.0, 1.0]


def test_d_may_learn_the_classes_of_real_examples_alone() -> None:
    term = Auxiliary(weight=3.0, generated=False)
    np.testing.assert_allclose(term(played(label=CODES)), 3 * REAL, rtol=1e-6)
    np.testing.assert_allclose(term(played("generator", label=CODES)), 3 * FAKE, rtol=1e-6)


def test_another_field_is_read_by_another_head() -> None:
    term = Auxiliary(field="code", head="code_logits")
    assert (term.requires, term.fields) == (("code_logits",), ("code",))
    np.testing.assert_allclose(term(played(code=CODES)), REAL + FAKE, rtol=1e-6)


@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_a_code_is_read_off_generated_examples(player: str) -> None:
    term = Information(weight=2.0)
    np.testing.assert_allclose(term(played(player, code=CODES)), 2 * FAKE, rtol=1e-6)
    seen = term.observe(played(player, code=CODES))["code_accuracy"]
    assert seen.numpy().tolist() == [0.0, 0.0, 0.0]


def test_the_bound_is_the_information_where_q_is_right() -> None:
    """H(c) − E[−log q] is 0 where q knows nothing, and log 2 where it is sure."""
    flat, sure = np.zeros((2, 2), "float32"), np.array([[99.0, 0.0], [0.0, 99.0]], "float32")
    for logits, information in ((flat, 0.0), (sure, np.log(2))):

        def words(x: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"logits": x[:, 0], "code_logits": x}

        play = play_of(words, logits, logits, fields={"code": tf.constant([0, 1])})
        missing = float(tf.reduce_mean(Information()(play)))
        assert np.log(2) - missing == pytest.approx(information, abs=1e-6)


def test_numbers_are_read_as_a_gaussian_reads_them() -> None:
    style = np.array([[0.0, 1.0], [2.0, -1.0], [0.5, 0.5]], "float32")
    term = Information(field="style", head="mean", deviation=0.5)
    off = style - LOGITS[::-1]
    expected = 0.5 * ((off / 0.5) ** 2).sum(1)
    np.testing.assert_allclose(term(played(style=style)), expected, rtol=1e-5)
    seen = term.observe(played(style=style))["style_squared_error"]
    np.testing.assert_allclose(seen, (off**2).sum(1), rtol=1e-5)


def test_a_network_of_its_own_moves_with_g_and_needs_no_head() -> None:
    term = Information(field="style", network="q")
    assert (term.player, term.requires) == ("generator", ())
    assert term.roles == {"q": Role("example", "style")}
    assert Information().player == ("discriminator", "generator")


def test_weights_may_be_schedules() -> None:
    rise = {"from": 0.0, "to": 1.0, "rounds": 4}
    with at_round(1):
        named = Auxiliary(weight=rise)(played("generator", label=CODES))
        read = Information(weight=rise)(played(code=CODES))
    np.testing.assert_allclose(named, FAKE / 4, rtol=1e-6)
    np.testing.assert_allclose(read, FAKE / 4, rtol=1e-6)


@pytest.mark.parametrize(
    ("recipe", "key", "value", "message"),
    [
        ("acgan_digits", "penalties", [{"name": "auxiliary", "weight": -1.0}], "at least 0"),
        ("infogan_digits", "penalties", [{"name": "information", "deviation": 0.0}], "more than 0"),
        (
            "infogan_digits",
            "penalties",
            [{"name": "information", "head": "code_logits", "network": "q"}],
            "both are named",
        ),
        (
            "infogan_digits",
            "conditions.style",
            {"name": "continuous", "low": 1.0, "high": 1.0},
            "must be less",
        ),
        ("projection_digits", "discriminator.layers", [], "at least 1"),
    ],
)
def test_bad_parameters_are_refused(recipe: str, key: str, value: Any, message: str) -> None:
    with pytest.raises(AdvnetsError) as refused:
        load_recipe(recipe, {key: value}, registry=load_plugins())
    assert message in str(refused.value)
