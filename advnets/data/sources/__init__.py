"""Hold the data sets that ship, and read the formats that they come in."""
