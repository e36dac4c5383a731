"""Tell a callback what it may know of its run, and let it write into TensorBoard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data import DataSpec
from ..errors import UsageError

if TYPE_CHECKING:
    from ..recipe import Recipe
    from .observers import Observers


def _no_maker(kind: str, entry: Any) -> Any:
    raise UsageError(
        f"{entry!r:.100} of the {kind} is named, and there is no recipe to look it up by",
        hint="by hand, give the callback itself",
    )


class Writer:
    """Hand on what callbacks write, once there is somebody who takes it: a run's observers."""

    def __init__(self) -> None:
        self.observers: Observers | None = None


@dataclass(frozen=True)
class CallbackContext:
    """Hold what a callback may know of its run.

    Attributes:
        recipe: The run's recipe; ``None`` outside of a run.
        spec: What the data's examples and fields look like.
        folder: The run's folder, which the chief alone writes into; ``None`` outside of a run.
        is_chief: Whether this process is the chief.
        maker: Makes what :meth:`make` is asked for.
        writer: Takes what is written.

    >>> CallbackContext().values(3, {"mine/height": 1.0})  # outside of a run nobody takes it
    """

    recipe: Recipe | None = None
    spec: DataSpec | None = None
    folder: Path | None = None
    is_chief: bool = True
    maker: Callable[[str, Any], Any] = _no_maker
    writer: Writer = field(default_factory=Writer)

    def values(self, step: int, values: Mapping[str, float]) -> None:
        """Write numbers into the run's TensorBoard, on the chief, where the run has one.

        Args:
            step: The round that they are of.
            values: By tag; ``GROUP/NAME`` puts it into a group.
        """
        if self.writer.observers is not None:
            self.writer.observers.values(step, values)

    def picture(self, step: int, name: str, path: Path) -> None:
        """Show a picture, a .png or a .gif, in the run's TensorBoard; as :meth:`values`."""
        if self.writer.observers is not None:
            self.writer.observers.picture(step, name, path)

    def make(self, kind: str, entry: Any) -> Any:
        """Make a callback that a parameter names (:class:`advnets.Names`), to wrap it.

        Args:
            kind: ``callbacks``.
            entry: A name, or a mapping with ``name`` and parameters; one that was made already,
                by hand, is returned as it is.

        Raises:
            PluginError: If there is no such callback, if it cannot be made, or if it changes the
                game and the component that names it does not say so.
            UsageError: If its parameters do not fit.
        """
        return self.maker(kind, entry) if isinstance(entry, str | Mapping) else entry
