"""PyTorch: the game as a good user of it would write it by hand, eager or with torch.compile.

The data stay in memory, an epoch's order is one ``randperm``, real and generated examples go
through D as one batch where that is the same mathematics, optimizers are the fused ones, and
images and filters lie in memory with their channels last, which is faster.

What differs: momentum is PyTorch's (lr multiplies the velocity rather than entering it; the
same up to the decay of lr, a factor 1.000004 per update); weights are drawn by PyTorch. In a
CUDA graph (option `graph`) examples are drawn with replacement and rates are constant.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.nn.functional import softplus

from .. import data
from ..cases.game import Adam, Game, Momentum
from .contestant import Contestant
from .torch_networks import networks, weights


class Hand:
    """One game, written by hand.

    Args:
        game: The case.
        compiled: Whether losses and their gradients are compiled with torch.compile.
        device: Where to play.
        compile_mode: torch.compile's mode.
        graph: Whether a round is recorded once as a CUDA graph and then replayed.
    """

    def __init__(
        self,
        game: Game,
        compiled: bool = False,
        device: str = "cpu",
        compile_mode: str | None = None,
        graph: bool = False,
    ):
        self.game, self.device, self.compiled = game, torch.device(device), compiled
        self.graph = graph
        self.replayed: torch.cuda.CUDAGraph | None = None
        self.generator, self.discriminator = (n.to(self.device) for n in networks(game))
        self.g_weights = list(self.generator.parameters())
        self.d_weights = list(self.discriminator.parameters())
        self.g_optimizer, self.d_optimizer = (
            self._optimizer(w) for w in (self.g_weights, self.d_weights)
        )
        stored = torch.from_numpy(data.load(game.data))
        if stored.dim() == 4 and game.networks == "dcgan":
            # Channels last, in memory: a quarter less time, in both precisions.
            stored = stored.permute(0, 3, 1, 2)
            for network in (self.generator, self.discriminator):
                network.to(memory_format=torch.channels_last)
        else:
            stored = stored.flatten(1)
        self.stored = stored.to(self.device)
        self.batches = self._batches()
        self.rounds = 0
        self.d_loss = self.g_loss = torch.zeros((), device=self.device)
        wrap: Callable[[Any], Any] = (
            (lambda f: torch.compile(f, mode=compile_mode)) if compiled else (lambda f: f)
        )
        self.discriminator_loss = wrap(self._discriminator_loss)
        self.generator_loss = wrap(self._generator_loss)
        self.both_losses = wrap(self._both_losses)

    def play(self, rounds: int) -> None:
        """Play that many rounds."""
        if self.graph and self.replayed is None:
            self._record()
        for _ in range(rounds):
            if self.replayed is not None:
                self.replayed.replay()
            else:
                self._round()
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def _round(self) -> None:
        if isinstance(self.game.optimizer, Momentum) and not self.graph:
            self._schedule(self.game.optimizer)
        if self.game.updates == "alternating":
            self._alternate()
        else:
            self._simultaneous()
        self.rounds += 1

    def _record(self) -> None:
        """Record a round, as PyTorch's manual has it: on a side stream first, to warm up."""
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(5):
                self._round()
        torch.cuda.current_stream().wait_stream(aside)
        self.replayed = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.replayed):
            self._round()

    # ------------------------------------------------------------------------- moves

    def _alternate(self) -> None:
        for _ in range(self.game.steps):
            x = next(self.batches)
            with torch.no_grad(), self._precision():
                fake = self.generator(self._latents())
            self.d_optimizer.zero_grad(set_to_none=True)
            self.d_loss = self.discriminator_loss(x, fake)
            self.d_loss.backward()
            self.d_optimizer.step()
        self.g_optimizer.zero_grad(set_to_none=True)
        # D's weights are left out of G's backward pass.
        for weight in self.d_weights:
            weight.requires_grad_(False)
        self.g_loss = self.generator_loss(self._latents())
        self.g_loss.backward()
        for weight in self.d_weights:
            weight.requires_grad_(True)
        self.g_optimizer.step()

    def _simultaneous(self) -> None:
        d_loss, g_loss = self.both_losses(next(self.batches), self._latents())
        d_gradients = torch.autograd.grad(d_loss, self.d_weights, retain_graph=True)
        g_gradients = torch.autograd.grad(g_loss, self.g_weights)
        for weight, gradient in zip(
            [*self.d_weights, *self.g_weights], [*d_gradients, *g_gradients], strict=True
        ):
            weight.grad = gradient
        self.d_optimizer.step()
        self.g_optimizer.step()
        self.d_loss, self.g_loss = d_loss.detach(), g_loss.detach()

    # ------------------------------------------------------------------------ losses

    def _discriminator_loss(self, x: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        with self._precision():
            real_logits, fake_logits = self._judge(x, fake)
        loss = self._d(real_logits.float(), fake_logits.float())
        if self.game.penalty:
            loss = loss + self.game.penalty * self._penalty(x, fake)
        return loss

    def _generator_loss(self, z: torch.Tensor) -> torch.Tensor:
        with self._precision():
            logits = self.discriminator(self.generator(z))
        return self._g(logits.float())

    def _both_losses(self, x: torch.Tensor, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        with self._precision():
            fake = self.generator(z)
            real_logits, fake_logits = self.discriminator(x), self.discriminator(fake)
        return self._d(real_logits.float(), fake_logits.float()), self._g(fake_logits.float())

    def _judge(self, x: torch.Tensor, fake: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.game.joint:
            return self.discriminator(x), self.discriminator(fake)
        both = self.discriminator(torch.cat([x, fake]))
        return both[: len(x)], both[len(x) :]

    def _d(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        if self.game.loss == "wasserstein":
            return fake.mean() - real.mean()
        return self.game.discriminator_weight * (softplus(-real) + softplus(fake)).mean()

    def _g(self, fake: torch.Tensor) -> torch.Tensor:
        return -fake.mean() if self.game.loss == "wasserstein" else softplus(-fake).mean()

    def _penalty(self, x: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        share = torch.rand(len(x), 1, device=self.device)
        between = share * x + (1 - share) * fake
        if self.compiled:  # which knows no second derivatives but this kind
            slope = torch.func.grad(lambda b: self.discriminator(b).sum())(between)
        else:
            between.requires_grad_(True)
            total = self.discriminator(between).sum()
            (slope,) = torch.autograd.grad(total, between, create_graph=True)
        return (slope.norm(dim=1) - 1).square().mean()

    # ------------------------------------------------------------------------ the rest

    def _precision(self) -> contextlib.AbstractContextManager[Any]:
        if self.game.precision == "float32":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def _latents(self) -> torch.Tensor:
        shape = (self.game.batch, self.game.latent)
        if self.game.prior == "gaussian":
            return torch.randn(shape, device=self.device)
        return (torch.rand(shape, device=self.device) * 2 - 1) * 3.0**0.5

    def _batches(self) -> Iterator[torch.Tensor]:
        count, size = len(self.stored), self.game.batch
        while self.graph:  # a recorded round cannot know where in the epoch it is
            yield self._scaled(self.stored[torch.randint(count, (size,), device=self.device)])
        while True:
            order = torch.randperm(count, device=self.device)
            for start in range(0, count - size + 1, size):
                yield self._scaled(self.stored[order[start : start + size]])

    def _scaled(self, x: torch.Tensor) -> torch.Tensor:
        if x.dtype != torch.uint8:
            return x
        x = x.float() / 255
        return x * 2 - 1 if self.game.networks == "dcgan" else x

    def _optimizer(self, parameters: list[torch.Tensor]) -> torch.optim.Optimizer:
        optimizer = self.game.optimizer
        if isinstance(optimizer, Adam):
            return torch.optim.Adam(
                parameters,
                lr=optimizer.learning_rate,
                betas=(optimizer.beta_1, optimizer.beta_2),
                eps=optimizer.epsilon,
                fused=True,
                capturable=self.graph,
            )
        return torch.optim.SGD(
            parameters, lr=optimizer.learning_rate, momentum=optimizer.start, fused=True
        )

    def _schedule(self, momentum: Momentum) -> None:
        for optimizer in (self.g_optimizer, self.d_optimizer):
            (group,) = optimizer.param_groups
            group["lr"] = momentum.rate(self.rounds)
            group["momentum"] = momentum.coefficient(self.rounds // self.game.rounds_per_epoch)


def build(game: Game, tf32: bool = False, **options: Any) -> Contestant:
    """The game in PyTorch; the options are those of :class:`Hand`."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    hand = Hand(game, **options)
    return Contestant(
        hand.play,
        (weights(hand.generator), weights(hand.discriminator)),
        lambda: (hand.d_loss.item(), hand.g_loss.item()),
        version=torch.__version__,
        threads=torch.get_num_threads(),
    )
