"""Feed a compiled round its real examples: from the device, or streamed to it."""
