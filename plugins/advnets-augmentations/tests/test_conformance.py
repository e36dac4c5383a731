"""Hold every component of this distribution to its kind's contract."""

from advnets.testing import conformance

test_conformance = conformance("augmentations")
