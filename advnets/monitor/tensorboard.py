"""Write event files for TensorBoard."""

from __future__ import annotations

import contextlib
import os
import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from ..errors import RunError
from ..plugins.tracebacks import describe_error
from .progress import EQUILIBRIUM
from .report.flatten import flatten

FLUSH_SECONDS = 10
RECORD_FRAME = 16
"""Bytes of a record besides its data: its length in 8, and two checksums."""

TAGS = {
    "d_loss": "losses/discriminator",
    "g_loss": "losses/generator",
    "value": "game/value",
    "d_real": "discriminator/probability_on_real",
    "d_fake": "discriminator/probability_on_fake",
    "d_accuracy_real": "discriminator/accuracy_on_real",
    "d_accuracy_fake": "discriminator/accuracy_on_fake",
    "d_gradient_norm": "gradient_norms/discriminator",
    "g_gradient_norm": "gradient_norms/generator",
    "d_learning_rate": "learning_rates/discriminator",
    "g_learning_rate": "learning_rates/generator",
    "steps_per_second": "speed/steps_per_second",
    "epoch": "speed/epoch",
    "theory_value": "theory/value",
    "theory_criterion": "theory/criterion",
    "theory_jsd": "theory/jsd",
    "theory_gap": "theory/gap",
    "theory_discriminator_error": "theory/discriminator_error",
}
"""TensorBoard's tag for each key of a record; other numbers go under ``more/``."""

DESCRIPTIONS = {
    "game/value": "V(D, G) in nats; −log 4 = −1.3863 at the equilibrium.",
    "game/value_plus_log_4": "V(D, G) + log 4: 2·JSD(p_data‖p_g) if D were optimal, else less.",
    "theory/value": "V(D, G) in nats, in expectation, from the densities; D without dropout.",
    "theory/criterion": "C(G) = max_D V(D, G) = −log 4 + 2·JSD(p_data‖p_g), in nats.",
    "theory/jsd": "JSD(p_data‖p_g) in nats: 0 at the solution, log 2 = 0.6931 if disjoint.",
    "theory/gap": "C(G) − V(D, G) in nats: what D could still gain.",
    "theory/discriminator_error": "max |D − D*| where the densest 99 % of both densities lie.",
    "discriminator/probability_on_real": "Mean probability that D assigns to “real”, real data.",
    "discriminator/probability_on_fake": "Mean probability that D assigns to “real”, samples.",
    "discriminator/accuracy_on_real": "Share of real examples that D takes for real.",
    "discriminator/accuracy_on_fake": "Share of samples that D takes for fake.",
}

UNTAGGED = ("step", "time")
HPARAM_KEYS = (
    *("dataset", "streams", "latent", "generator", "discriminator", "loss", "penalties"),
    *("augmentations", "updates"),
    *("optimizers", "training", "distribution", "seed"),
)


class EventLog:
    """Write a run's event files.

    Args:
        folder: Where the event files go.
        step: The step the run starts from. What was recorded after it, by a run that was
            killed and now resumes from its last checkpoint, is removed first, so that no step
            appears twice; a marker notifies TensorBoard servers that are watching. ``None``:
            nothing is removed, since what is added is about steps that were played.

    Raises:
        RunError: By all that writes, if it cannot be written.
    """

    def __init__(self, folder: Path, step: int | None):
        self.folder = folder
        with self._writing():
            self.folder.mkdir(parents=True, exist_ok=True)
            if step is not None:
                forget(self.folder, step)
            suffix = ".afterwards" if step is None else f".from-{step}"
            self._writer = tf.summary.create_file_writer(
                str(self.folder), flush_millis=FLUSH_SECONDS * 1000, filename_suffix=suffix
            )

    def record(self, record: Mapping[str, Any]) -> None:
        """Write every number of a line of metrics.jsonl; of scores, none of their errors."""
        step, scores = int(record["step"]), record.get("scores")
        if scores is not None:
            errors = {f"{name}_error" for name in scores}
            named = {f"scores/{name}": n for name, n in scores.items() if name not in errors}
        else:
            named = {TAGS.get(k, f"more/{k}"): n for k, n in record.items() if k not in UNTAGGED}
            if record.get("value") is not None:
                named["game/value_plus_log_4"] = record["value"] - EQUILIBRIUM
        self.values(step, {tag: n for tag, n in named.items() if isinstance(n, int | float)})

    def values(self, step: int, values: Mapping[str, float]) -> None:
        """Write numbers under the tags given."""
        with self._writing(), self._writer.as_default():
            for tag, value in values.items():
                tf.summary.scalar(tag, value, step, description=DESCRIPTIONS.get(tag))

    def image(self, step: int, tag: str, path: Path) -> None:
        """Write a picture as it is: a PNG, or a GIF that may move."""
        from tensorboard.plugins.image import metadata

        with self._writing(), self._writer.as_default():
            content = path.read_bytes()
            width, height = _size(content)
            parts = [str(width).encode(), str(height).encode(), content]
            summary = metadata.create_summary_metadata(display_name=None, description="")
            tf.summary.write(tag, tf.constant(parts), step, metadata=summary)

    def changes(self, step: int, lines: Sequence[str]) -> None:
        """Write as text what the run was given on the way."""
        with self._writing(), self._writer.as_default():
            tf.summary.text("changes", "\n".join(f"- {line}" for line in lines), step)

    def recipe(self, step: int, text: str, data: Mapping[str, Any]) -> None:
        """Write the recipe as text, and its parameters as hyper-parameters."""
        from tensorboard.plugins.hparams import api as hp

        with self._writing(), self._writer.as_default():
            tf.summary.text("recipe", f"```yaml\n{text.rstrip()}\n```", step)
            values = {
                key: value if isinstance(value, bool | int | float | str) else str(value)
                for key, value in flatten({k: data[k] for k in HPARAM_KEYS if k in data}).items()
            }
            hp.hparams(values, trial_id=self.folder.resolve().parent.name)

    def close(self, succeeded: bool | None = True) -> None:
        """Write how the run ended, if this was its end, and what is buffered; close the files."""
        from tensorboard.plugins.hparams import api_pb2, summary

        with self._writing():
            if succeeded is not None:
                status = api_pb2.STATUS_SUCCESS if succeeded else api_pb2.STATUS_FAILURE
                ending = summary.session_end_pb(status).SerializeToString()
                with self._writer.as_default():
                    tf.summary.experimental.write_raw_pb(ending, step=0)
            self._writer.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, tf.errors.OpError) as error:
            raise RunError(
                f"cannot write TensorBoard's event files: {describe_error(error)}",
                where=str(self.folder),
            ) from error


def _size(picture: bytes) -> tuple[int, int]:
    """Read width and height of a PNG or a GIF from its first bytes, however large it is.

    >>> _size(b"GIF89a" + bytes([32, 3, 164, 1]))
    (800, 420)
    """
    gif = picture.startswith(b"GIF")
    width, height = struct.unpack_from(*(("<HH", picture, 6) if gif else (">II", picture, 16)))
    return width, height


def forget(folder: Path, step: int) -> None:
    """Remove from ``folder``'s event files all that was recorded after ``step``.

    Files are rewritten without those events (and without a torn end), each replaced
    atomically. A marker of TensorFlow's own kind makes servers that already hold the
    events in memory drop them. For ``step`` 0 the files are removed: nothing in them
    belongs to a run that starts from scratch.
    """
    files = sorted(path for path in folder.glob("*tfevents*") if path.is_file())
    if step <= 0:
        for path in files:
            path.unlink()
        return
    if sum([_rewrite(path, step) for path in files]):
        _mark(folder, step + 1)


def _rewrite(path: Path, step: int) -> bool:
    """Keep a file's events up to ``step``; return whether any was dropped."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    temporary = path.with_name(f".rewriting-{path.stat().st_ino}")
    dropped = _cut(path)
    with tf.io.TFRecordWriter(str(temporary)) as writer:
        try:
            for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
                if tf.compat.v1.Event.FromString(record).step <= step:
                    writer.write(record)
                else:
                    dropped = True
        except (tf.errors.DataLossError, DecodeError):
            dropped = True
    if dropped:
        os.replace(temporary, path)
    else:
        temporary.unlink()
    return dropped


def _cut(path: Path) -> bool:
    """Cut off what follows the last whole record; return whether there was anything.

    A record begins with its length, which TensorFlow does not check: one that claims 2^62 bytes
    makes a segmentation fault.
    """
    with path.open("rb+") as file:
        size, end = os.fstat(file.fileno()).st_size, 0
        while len(written := file.read(8)) == 8:
            after = end + RECORD_FRAME + int.from_bytes(written, "little")
            if after > size:
                break
            end = file.seek(after)
        if end < size:
            file.truncate(end)
        return end < size


def _mark(folder: Path, step: int) -> None:
    """Write an event file with the marker that the log starts again at ``step``."""
    now = time.time()
    session = tf.compat.v1.SessionLog(status=tf.compat.v1.SessionLog.START)
    version = tf.compat.v1.Event(wall_time=now, file_version="brain.Event:2")
    start = tf.compat.v1.Event(wall_time=now, step=step, session_log=session)
    path = folder / f"events.out.tfevents.{now:.6f}.restart-{step}"
    with tf.io.TFRecordWriter(str(path)) as writer:
        # Servers take the first marker in a log for its beginning.
        for event in (version, start, start):
            writer.write(event.SerializeToString())
