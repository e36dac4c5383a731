"""What both measurements of the machine's limits share."""

from __future__ import annotations

LARGE = 2048
"""Rows and columns of the large matrices: 17 GFLOP a product, 16 MiB a matrix in float32."""
