"""The pytest plugin: fixtures for the tests of plugins. Loaded wherever advnets is installed.

It must stay cheap: pytest imports it in projects that have nothing to do with advnets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from advnets import Run
    from advnets.plugins import Registry


@pytest.fixture(scope="session")
def advnets_registry() -> Registry:
    """The components of all installed plugins, ``ADVNETS_PLUGINS`` included."""
    from advnets.plugins import load_plugins

    return load_plugins()


@pytest.fixture
def advnets_run(tmp_path: Path) -> Callable[..., Run]:
    """Plays a recipe in a folder of the test's own: ``advnets_run(recipe, overrides) -> Run``.

    Ten steps, without TensorBoard's files, unless the overrides say otherwise.
    """

    def play(
        recipe: str | Path | Mapping[str, Any],
        overrides: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Run:
        import advnets

        quick = {"training.steps": 10, "monitoring.tensorboard": False}
        folder = options.pop("run_dir", tmp_path / "run")
        return advnets.run(recipe, {**quick, **(overrides or {})}, folder, **options)

    return play
