"""The metrics that ship, each with its protocol."""
