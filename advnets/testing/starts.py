"""Check that a network can take the weights of one that was built alike, as ``start`` does."""

from __future__ import annotations

import numpy as np

from ..errors import AdvnetsError
from ..networks.weight_files import put_weights
from ..networks.weights import named_weights
from .building import network_context, roles_of, shapes_for
from .failure import fail
from .subject import Subject


def can_start_from_another_run(subject: Subject) -> None:
    """Built again from another seed, it takes the first one's weights by their names, and says
    the same.
    """
    for role in roles_of(subject):
        for shape in shapes_for(subject):
            try:
                first, other = (
                    subject.make(network_context(subject, role, shape, seed)) for seed in (1, 2)
                )
            except AdvnetsError:  # it is not for this shape, which another check looks at
                continue
            arrays = {name: each.numpy() for name, each in named_weights(first).items()}
            shapes = {name: array.shape for name, array in arrays.items()}
            own = named_weights(other)
            if [*own] != [*arrays]:
                odd = [name for name in own if name not in arrays]
                fail(
                    f"the {role}, built again, has weights of other names: {', '.join(odd[:3])} "
                    f"for {', '.join(name for name in arrays if name not in own)}",
                    hint="name layers by what they are, name='hidden_0', the same every time",
                )
            put_weights(other, own, shapes, arrays.__getitem__, keep=False, source="the first")
            for name, variable in named_weights(other).items():
                if not np.array_equal(variable.numpy(), arrays[name]):
                    fail(f"the {role} did not take {name} of a network that was built alike")
