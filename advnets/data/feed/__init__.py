"""Where a compiled round gets its real examples: from the device, or streamed to it."""
