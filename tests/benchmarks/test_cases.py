"""The cases: what a round computes, counted by hand."""

from __future__ import annotations

import pytest

from benchmarks.cases import GAMES, Adam, Game, Momentum
from benchmarks.cases.products import Product, layers, round_flops

TINY = Game(
    name="tiny",
    letter="",
    title="",
    networks="mlp",
    shape=(2,),
    stored="float32",
    prior="gaussian",
    latent=2,
    batch=1,
    examples=10,
    optimizer=Adam(1e-3, 0.5),
)
# Both networks have sizes 2, 128, 128 and 2 (G) or 1 (D); one example, in products m·k·n:
G, D = 2 * 128 + 128 * 128 + 128 * 2, 2 * 128 + 128 * 128 + 128 * 1
FIRST, G_LAST, D_LAST = 2 * 128, 128 * 2, 128 * 1


def test_a_round_is_what_algorithm_1_computes():
    d_step = G + 2 * (D + D + (D - FIRST))  # both sides: forward, weights, inputs but the first
    g_step = G + D + D + G + (G - FIRST)  # forward twice, back through D, G's weights and inputs
    assert round_flops(TINY) == 2 * (d_step + g_step)


def test_a_gradient_penalty_goes_forward_back_and_back_again():
    from dataclasses import replace

    penalised = replace(TINY, penalty=1.0)
    again = (D - D_LAST) + D
    assert round_flops(penalised) - round_flops(TINY) == 2 * (D + D + again)


def test_simultaneous_players_share_what_d_said_of_generated_examples():
    from dataclasses import replace

    simultaneous = replace(TINY, updates="simultaneous")
    # One G(z) and one D(G(z)) less than the alternating round.
    assert round_flops(TINY) - round_flops(simultaneous) == 2 * (G + D)


def test_a_convolution_counts_every_output_value_and_weight():
    # 8 examples; 16×16 outputs of 64 channels; each sums 4·4·3 products.
    assert Product("forward", (8, 32, 3, 64, 4)).flops == 2 * 8 * 16 * 16 * 64 * 4 * 4 * 3


def test_networks_have_the_sizes_of_the_paper():
    generator, discriminator = layers(GAMES["mnist"])
    assert [layer.sizes for layer in generator] == [(100, 1200), (1200, 1200), (1200, 784)]
    assert [layer.sizes for layer in discriminator] == [(784, 1200), (240, 1200), (240, 1)]


def test_momentum_follows_the_recipe():
    momentum = Momentum()
    assert momentum.rate(0) == 0.1
    assert momentum.rate(1) == pytest.approx(0.1 / 1.000004)
    assert momentum.rate(10**9) == 1e-6
    assert momentum.coefficient(0) == 0.5
    assert momentum.coefficient(249) == momentum.coefficient(1000) == pytest.approx(0.7)


def test_every_case_has_a_letter_and_a_batch_that_divides_into_its_data():
    assert {game.letter for game in GAMES.values()} == set("abcd")
    assert all(game.rounds_per_epoch > 0 for game in GAMES.values())
