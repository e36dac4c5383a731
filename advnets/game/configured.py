"""Remember how components are made, so that a file can say it, and make them again."""

from __future__ import annotations

import inspect
from typing import Any, Self

import keras

from ..schedule import Scheduled

PLAIN = (bool, int, float, str, tuple, list, type(None), Scheduled)
"""What is compared, and shown, of a component."""
MADE_WITH = "_made_with"
"""The attribute that holds the arguments; no part of a component's state."""


class Configured:
    """Remember the arguments of the constructor; the base class of a game's components.

    Keras's files then say them, as they do of layers. A component whose arguments cannot be
    written, or that is made of more than them, defines ``get_config`` and ``from_config``.

    >>> class Scale(Configured):
    ...     def __init__(self, factor, *, shift=0.0):
    ...         self.factor = factor
    >>> Scale(2.0, shift=1.0).get_config()
    {'factor': 2.0, 'shift': 1.0}
    >>> Scale.from_config({"factor": 3.0}).factor
    3.0
    """

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        keras.saving.register_keras_serializable(cls.__module__, cls.__qualname__)(cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Make it, and remember what it is made with."""
        made = super().__new__(cls)
        if cls.__init__ is object.__init__:
            if args or kwargs:
                raise TypeError(f"{cls.__name__}() takes no arguments")
            return made
        try:
            bound = inspect.signature(cls.__init__).bind(made, *args, **kwargs)
        except (TypeError, ValueError):
            return made  # the constructor itself says what is wrong
        _, *arguments = bound.arguments.items()
        found = dict(arguments)
        for name, parameter in bound.signature.parameters.items():
            if parameter.kind is parameter.VAR_KEYWORD:
                found |= found.pop(name, {})
        vars(made)[MADE_WITH] = found
        return made

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; one that is a weight that may follow a schedule takes a number too."""
        before = vars(self).get(name)
        if isinstance(before, Scheduled):
            value = before.changed_to(value)
        super().__setattr__(name, value)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make it again, by name."""
        return dict(vars(self).get(MADE_WITH, {}))

    def __repr__(self) -> str:
        public = {k: v for k, v in vars(self).items() if not k.startswith("_")}
        plain = {k: v for k, v in public.items() if isinstance(v, PLAIN)}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in plain.items())})"

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make one from what a file says of :meth:`get_config`."""
        return cls(**{k: keras.saving.deserialize_keras_object(v) for k, v in config.items()})
