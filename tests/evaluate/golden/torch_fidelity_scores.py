"""Scores of synthetic features by torch-fidelity, for `test_oracles.py`.

``torch_fidelity_scores.json`` was written by

    python tests/evaluate/golden/torch_fidelity_scores.py

in an environment with PyTorch 2.13 (CPU) and torch-fidelity 0.4.0. Only what torch-fidelity
does with features is used; where torchvision, which its feature extractors import, cannot be
loaded, something empty stands in for it.
"""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".json")
SPLITS, SUBSETS, SUBSET_SIZE, SEED, NEIGHBOURS = 5, 7, 60, 11, (3, 5)


def features() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Pairs of real and generated features, float64."""
    draw = np.random.RandomState(0)
    mix = draw.normal(size=(16, 16)) / 4
    real = draw.normal(size=(300, 16))
    wide = np.maximum(draw.normal(size=(40, 64)), 0.0)
    return {
        "correlated": (real, draw.normal(size=(280, 16)) @ mix + 0.3),
        "alike": (real, draw.normal(size=(300, 16))),
        "fewer_than_dimensions": (wide, np.maximum(draw.normal(size=(50, 64)) + 0.2, 0.0)),
    }


def logits() -> np.ndarray:
    """Outputs of a classifier before its softmax, ``[203, 10]``."""
    return 3.0 * np.random.RandomState(1).normal(size=(203, 10))


def measured() -> dict[str, Any]:
    """What torch-fidelity says of them."""
    without_torchvision()
    import torch
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
    from torch_fidelity.metric_isc import isc_features_to_metric
    from torch_fidelity.metric_kid import kid_features_to_metric
    from torch_fidelity.metric_prc import prc_features_to_metric

    found: dict[str, Any] = {}
    for name, (real, generated) in features().items():
        x, y = torch.from_numpy(generated), torch.from_numpy(real)
        size = min(SUBSET_SIZE, len(real), len(generated))
        statistics = [fid_features_to_statistics(side) for side in (x, y)]
        kernel = {"kid_kernel": "poly", "kid_kernel_poly_degree": 3}
        kernel |= {"kid_kernel_poly_gamma": None, "kid_kernel_poly_coef0": 1}
        kid = kid_features_to_metric(
            x, y, kid_subsets=SUBSETS, kid_subset_size=size, rng_seed=SEED, verbose=False, **kernel
        )
        entry = {"subset_size": size} | fid_statistics_to_metric(*statistics, verbose=False) | kid
        for k in NEIGHBOURS:
            more = {"prc_neighborhood": k, "prc_batch_size": 100, "save_cpu_ram": False}
            prc = prc_features_to_metric(x, y, verbose=False, **more)
            entry |= {f"{score}_{k}": prc[score] for score in ("precision", "recall")}
        found[name] = entry
    outputs = torch.from_numpy(logits())
    found["logits"] = isc_features_to_metric(outputs, splits=SPLITS, shuffle=False)
    return found


def without_torchvision() -> None:
    """Let torch-fidelity be imported where torchvision can't be."""
    try:
        import torchvision  # noqa: F401
    except Exception:
        pass
    else:
        return

    class Nothing(types.ModuleType):
        __path__: list[str] = []  # noqa: RUF012

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return type(name, (), {}) if name[0].isupper() else Nothing(f"{self.__name__}.{name}")

    for name in ("", ".models", ".transforms", ".transforms.functional", ".datasets"):
        sys.modules[f"torchvision{name}"] = Nothing(f"torchvision{name}")


if __name__ == "__main__":
    FILE.write_text(json.dumps(measured(), indent=2) + "\n", encoding="utf-8")
