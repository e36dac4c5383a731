"""One of two workers that tell each other things and compute a metric together: TF_CONFIG, OUT."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import shared_metrics

from advnets.distribute.strategy import make_strategy
from advnets.distribute.workers import Workers
from advnets.evaluate.features import Extractors
from advnets.evaluate.per_example import importable_name, per_example
from advnets.observe.evaluation import Helpers
from advnets.plugins import load_plugins

ARRAYS = {
    "images": np.arange(24, dtype="uint8").reshape(2, 3, 4),
    "numbers": [np.array([1.5, -0.0, np.pi], "float32"), np.zeros((0, 2))],
    "true": np.array(True),
    "words": "ends",
}


def main(out: str) -> None:
    strategy = make_strategy("multi_worker", 2)
    workers = Workers(strategy)
    found: dict[str, Any] = {"index": workers.index}

    heard = workers.broadcast(ARRAYS if workers.is_chief else None)
    for mine, theirs in zip(flat(ARRAYS), flat(heard), strict=True):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)
    assert heard["words"] == "ends"

    extractors = Extractors(registry=load_plugins(["shared_metrics"]))
    game: Any = SimpleNamespace(distribute_strategy=strategy)
    helpers = Helpers(game, workers, extractors)
    x = np.random.default_rng(0).random((11, 3))
    centre, options = x.mean(axis=0), {"power": 3}

    def work(together: Any) -> None:
        for count in (11, 1, 0):
            name = importable_name(shared_metrics.norm)
            shared = together("per_example", name, x[:count], [centre, options], 4)
            alone = per_example(shared_metrics.norm, x[:count], centre, options)
            np.testing.assert_allclose(shared, alone, rtol=1e-12)
        found["shares"] = together(
            "per_example", importable_name(shared_metrics.worker), x, [], 100
        ).tolist()
        places = together("extract", "features", "places", x)
        np.testing.assert_allclose(places[:, 0], x.astype("float32").sum(axis=1), rtol=1e-6)
        found["extracted"] = places[:, 1].tolist()
        # Where two workers' weights differ, the chief's count.
        found["apart"] = together("extract", "features", {"name": "apart"}, x)[:, 1].tolist()
        found["described"] = together("extract", "describe", "apart", None)
        try:
            together("extract", "features", "nothing", x)
        except Exception as error:
            found["refused"] = type(error).__name__
        try:
            together("per_example", importable_name(shared_metrics.fail_on_the_second), x, [], 100)
        except Exception as error:
            found["failure"] = repr(error)

    workers.coordinate(work, helpers)
    assert workers.all_reduce_sum([1]) == [2]  # both go on together
    try:
        workers.coordinate(
            lambda together: together(
                "per_example", importable_name(shared_metrics.fail_on_the_second), x, [], 100
            ),
            helpers,
        )
    except Exception as error:
        found["end"] = repr(error)
    Path(out).write_text(json.dumps(found))
    workers.all_reduce_sum([0])
    # Who is through with the sum may still have to hand it over: neither goes before the other.
    Path(out).with_suffix(".through").touch()
    while len(list(Path(out).parent.glob("*.through"))) < 2:
        time.sleep(0.01)


def flat(values: Any) -> list[np.ndarray]:
    return [values["images"], *values["numbers"], values["true"]]


if __name__ == "__main__":
    main(sys.argv[1])
