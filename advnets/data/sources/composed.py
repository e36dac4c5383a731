"""Put examples together from several examples of other data."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from ..source import Source


class Composed(Source):
    """Put each example together from ``count_of_parts`` examples of another source.

    Whoever knows the classes of :attr:`base` can find those of the parts, and so, of an
    example, which combination it is. Labels, where :attr:`base` has some, are the parts'
    labels read as one number to the base of its classes, the first part's digit first.

    Attributes:
        count_of_parts: How many parts an example has.
    """

    count_of_parts: int = 1

    @property
    @abstractmethod
    def base(self) -> Source:
        """The source that the parts are examples of."""

    @abstractmethod
    def parts(self, examples: np.ndarray) -> np.ndarray:
        """Take examples apart.

        Args:
            examples: ``[n, *shape]``, in any range.

        Returns:
            ``[n, count_of_parts, *base.spec.shape]``, in the same range.
        """
