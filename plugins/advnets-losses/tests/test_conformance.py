"""Everything that this plugin registers keeps the contracts of its kind."""

from advnets.testing import conformance

test_conformance = conformance("losses")
