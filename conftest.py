"""Settings that every test needs before anything imports TensorFlow."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # silence the greeting of TensorFlow's runtime
os.environ.setdefault("MPLBACKEND", "Agg")  # figures are drawn to files, never to a window
os.environ.pop("ADVNETS_PLUGINS", None)  # a developer's own plugins are no part of the tests
