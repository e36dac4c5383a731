"""Draws from known distributions, and what metrics of them truly are: for `interval_cases.py`."""

from __future__ import annotations

import importlib
import math

import numpy as np
from scipy.stats import norm, t

from advnets.builtin.metrics import advnets_metrics
from advnets.data.sources import Ring
from advnets.evaluate import Data, MetricContext

METRICS = {component.name: component.target for component in advnets_metrics()}


def metric(name):
    module, _, attribute = METRICS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def as_they_are(what, wanted, examples):
    """Take the examples for their features."""
    return {"dimensions": 1} if examples is None else np.asarray(examples, np.float64)


def arrays(samples, source=None, extract=as_they_are, **splits):
    """A context of plain arrays, ``[n, d]`` each."""
    return MetricContext(
        samples=lambda n, seed, first=0: samples[first:n],
        data=Data(load=splits.__getitem__, splits=tuple(splits), source=source),
        extract=extract,
        seed=int(abs(samples).sum() * 1e6) % 2**31,
    )


def against(n, shift, d=1, scale=1.0, **more):
    """Samples of N(shift, scale²) and as many real examples of N(0, 1)."""
    return lambda draw: arrays(draw.normal(shift, scale, (n, d)), test=draw.normal(size=(n, d)))


def kernel_distance(mean_kernel, shift):
    """Twice E k(X, X′) − E k(X, Y), of equal distributions that are apart."""
    return 2 * (mean_kernel(0.0) - mean_kernel(shift))


def absolute(shift):
    """E|N(shift, 2)|."""
    s = math.sqrt(2)
    folded = s * math.sqrt(2 / math.pi) * math.exp(-(shift**2) / (2 * s**2))
    return folded + shift * (1 - 2 * norm.cdf(-shift / s))


def gaussian_mmd(protocol, shift=0.5):
    (sigma,) = protocol["bandwidths"]
    width = sigma**2 + 2
    return kernel_distance(
        lambda apart: sigma / math.sqrt(width) * math.exp(-(apart**2) / (2 * width)), shift
    )


def cubic(a, b, d=4):
    """E (x·y/d + 1)³ of N(a, 1) and N(b, 1) in each of d dimensions, by the cumulants of xy."""
    m1, m2, m3 = a * b, (1 + a**2) * (1 + b**2), (a**3 + 3 * a) * (b**3 + 3 * b)
    k1, k2, k3 = d * m1, d * (m2 - m1**2), d * (m3 - 3 * m2 * m1 + 2 * m1**3)
    s1, s2, s3 = k1, k2 + k1**2, k3 + 3 * k2 * k1 + k1**3
    return s3 / d**3 + 3 * s2 / d**2 + 3 * s1 / d + 1


def cubic_distance(shift, d):
    return cubic(shift, shift, d) + cubic(0.0, 0.0, d) - 2 * cubic(shift, 0.0, d)


KID = cubic_distance(0.5, 4)


def student_energy(shift, freedom):
    """2 ∫ (F(x − shift) − F(x))² dx of Student's t on the line, by the trapezoidal rule."""
    x = np.linspace(-500, 500, 100_001)
    apart = t.cdf(x - shift, freedom) - t.cdf(x, freedom)
    return float(2 * np.sum(apart**2) * (x[1] - x[0]))


def copied(share, n=150, d=2):
    """Of the samples that share repeats training examples, the others are fresh."""

    def draw(random):
        train, test, fresh = (random.normal(size=(n, d)) for _ in range(3))
        repeated = train[random.integers(n, size=n)]
        samples = np.where(random.random((n, 1)) < share, repeated, fresh)
        return arrays(samples, train=train, test=test)

    return draw


def likelihood(protocol):
    """E log p̂ under N(0, 1), of the samples that were drawn last."""
    x = np.linspace(-5, 5, 401)
    apart = (x[:, None] - LAST["samples"][:, 0]) / protocol["sigma"]
    density = norm.pdf(apart).mean(axis=1) / protocol["sigma"]
    weights = norm.pdf(x)
    return float(weights @ np.log(density) / weights.sum())


LAST: dict[str, np.ndarray] = {}


def kernel_density(random):
    LAST["samples"] = random.normal(size=(60, 1))
    return arrays(
        LAST["samples"], validation=random.normal(size=(40, 1)), test=random.normal(size=(200, 1))
    )


UNEVEN = np.array([0.4, 0.3, 0.2, 0.06, 0.02, 0.012, 0.008, 0.0])


RING = Ring()


def on_the_ring(random, samples=200):
    """Samples of eight modes, some of them rare, 5 % of the samples far from any."""
    points = RING.modes()[random.choice(8, samples, p=UNEVEN)]
    points = points * np.where(random.random((samples, 1)) < 0.05, 3.0, 1.0)
    return arrays(points, source=RING)


def opinions(random, samples=300):
    logits = 2 * random.normal(size=(samples, 5)) + np.array([1, 0, 0, 0, -1])
    p = np.exp(logits)
    p /= p.sum(axis=1, keepdims=True)
    return arrays(
        np.arange(samples)[:, None],
        extract=lambda what, _, examples: (
            {"dimensions": 5} if examples is None else p[examples[:, 0].astype(int)]
        ),
    )
