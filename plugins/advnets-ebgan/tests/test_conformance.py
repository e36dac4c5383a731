"""Everything that this plugin registers keeps the contracts of its kind."""

from advnets.testing import conformance

# The suite scores noise, with no loss that ebgan_value could take its margin from.
test_conformance = conformance("ebgan", parameters={"ebgan_value": {"margin": 10.0}})
