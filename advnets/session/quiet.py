"""Import TensorFlow without the lines that its C++ part prints before any level applies."""

from __future__ import annotations

import os
import sys
import tempfile

import absl.logging

LEVEL = "TF_CPP_MIN_LOG_LEVEL"


def import_tensorflow() -> None:
    """Import TensorFlow for a command: silent if it works, with everything it printed if not.

    TensorFlow's libraries write a dozen lines to standard error when they are loaded,
    whatever ``TF_CPP_MIN_LOG_LEVEL`` says. They are held back, and shown if the import
    fails. Later messages follow that variable, which is 3 (fatal ones only) unless set.

    >>> import_tensorflow()
    """
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault(LEVEL, "3")
    # TensorFlow Datasets warns, whenever it reads, of deprecated calls of its own.
    absl.logging.set_verbosity(absl.logging.ERROR)
    try:
        stderr = sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        import tensorflow

        return
    sys.stderr.flush()
    kept = os.dup(stderr)
    with tempfile.TemporaryFile() as output:
        os.dup2(output.fileno(), stderr)
        try:
            import tensorflow  # noqa: F401
        except BaseException:
            os.dup2(kept, stderr)
            output.seek(0)
            sys.stderr.write(output.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(kept, stderr)
            os.close(kept)
