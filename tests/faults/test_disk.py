"""The disk is full, cannot be written to, or is gone: nothing that was committed is lost.

Real file systems of a few hundred KiB are filled and switched to read-only in mid-run.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from measured import lost

from advnets.checkpoint import CheckpointStore
from advnets.cli.main import cli


def invoke(*words: object) -> Result:
    """Call a command in this process."""
    return CliRunner().invoke(cli, [str(word) for word in words])


SELDOM_LOGGED = "monitoring.log_every=5"


def faulty(where: str, how: str, *paths: Path, keep: int = 0, step: int = 17) -> str:
    """Callbacks that do something after round 17, which is after the checkpoint of round 10."""
    entries = [
        f"{{name: faulty, where: {where}, how: {how}, step: {step}, path: '{path}', keep: {keep}}}"
        for path in paths
    ]
    return f"monitoring.callbacks=[{', '.join(entries)}]"


@pytest.mark.parametrize("how", ["fill", "read_only"])
def test_a_checkpoint_cannot_be_written(play, mount, tmp_path, undisturbed, measured, how):
    disk = mount(tmp_path / "disk", 1024)
    folder = disk / "run"
    place = disk if how == "fill" else folder / "checkpoints"
    failed = play(faulty("on_train_batch_end", how, place), SELDOM_LOGGED, folder=folder)
    assert failed.code == 1
    reason = "No space left on device" if how == "fill" else "Read-only file system"
    assert "error: " in failed.said
    assert "step 20" in failed.said
    assert reason in failed.said
    assert "hint: " in failed.said
    store = CheckpointStore(failed.folder.checkpoints)
    assert store.steps() == [10]
    assert store.fault(10) is None
    if how == "fill":
        (disk / "ballast").unlink()
    else:
        subprocess.run(["umount", "-l", str(place)], check=True)
    again = play(SELDOM_LOGGED, folder=folder)
    assert again.code == 0
    assert "resuming from step 10" in again.said
    assert again.manifest["state_sha256"] == undisturbed
    assert again.steps == [5, 10, 15, 20, 25, 30]
    row = "full_at_a_checkpoint" if how == "fill" else "read_only_checkpoints"
    measured(row, True, *again.cost_of(failed))


def test_a_line_of_the_metrics_cannot_be_written(play, mount, tmp_path, undisturbed, measured):
    disk = mount(tmp_path / "disk", 1024)
    full = faulty("on_train_batch_end", "fill", disk)
    failed = play(full, "checkpoints.every=11", folder=disk / "run")
    assert failed.code == 1
    assert "cannot write metrics.jsonl: No space left on device" in failed.said
    assert "free some space" in failed.said
    (disk / "ballast").unlink()
    again = play("checkpoints.every=11", folder=disk / "run")
    assert again.code == 0
    assert again.steps == list(range(1, 31))  # each once, none torn
    assert again.manifest["state_sha256"] == undisturbed
    measured("full_at_the_metrics", True, *again.cost_of(failed))


def test_the_manifest_cannot_be_sealed(play, mount, tmp_path, undisturbed, measured):
    disk = mount(tmp_path / "disk", 1024)
    failed = play(faulty("on_train_end", "fill", disk), SELDOM_LOGGED, folder=disk / "run")
    assert failed.code == 1
    assert "cannot write manifest.json: No space left on device" in failed.said
    (disk / "ballast").unlink()
    again = play(SELDOM_LOGGED, folder=disk / "run")
    assert again.code == 0
    assert "This run is finished" in again.said  # not a round had to be played again
    assert again.manifest["status"] == "finished"
    assert again.manifest["state_sha256"] == undisturbed
    steps_lost, seconds_lost = lost(again.manifest)
    measured("full_at_the_manifest", True, steps_lost, seconds_lost + again.seconds)


def test_what_only_watches_cannot_be_written(play, mount, tmp_path, undisturbed, measured):
    folder = tmp_path / "run"
    for name in ("samples", "tensorboard"):
        mount(folder / name, 4)
    done = play("monitoring.image_every=15", "monitoring.tensorboard=true")
    assert done.code == 0
    assert done.said.count("warning: sample grids failed: ") == 1
    assert done.said.count("warning: TensorBoard failed: cannot write") == 1
    assert done.said.count("warning: theory failed: cannot write") == 1
    assert done.said.count("No space left on device") == 3
    assert done.steps == list(range(1, 31))
    assert done.manifest["state_sha256"] == undisturbed
    measured.booked("full_at_the_samples", True, done.manifest)


def test_the_report_cannot_be_written(play, mount, tmp_path, measured):
    disk = mount(tmp_path / "disk", 1024)
    nearly_full = faulty("on_train_end", "fill", disk, keep=2**14)
    done = play(nearly_full, SELDOM_LOGGED, folder=disk / "run", report=True)
    assert done.code == 0
    assert "warning: the report failed: cannot write report.html" in done.said
    assert f"`advnets report {disk / 'run'}` writes it" in done.said
    assert done.manifest["status"] == "finished"
    assert not done.folder.report_file.exists()
    assert not list(done.folder.path.glob(".report*"))
    measured.booked("full_at_the_report", True, done.manifest)


@pytest.mark.parametrize(
    ("words", "name", "kib"),
    [
        ("export --format savedmodel", "served", 64),
        ("export --format keras", "g.keras", 16),
        ("export", "g.npz", 16),
        ("sample -n 64", "pictures", 32),
        ("sample -n 64", "x.npz", 8),
        ("sample -n 400", "x.png", 8),
        ("sample -n 400", "x.jpg", 8),
        ("figure 2", "f.pdf", 4),
        ("figure 2", "f.npz", 4),
        ("figure 3", "f.png", 4),
    ],
)
def test_what_is_written_elsewhere_finds_no_room(
    words, name, kib, finished_run, mount, tmp_path, measured
):
    disk = mount(tmp_path / "disk", kib)
    with measured.timed("full_elsewhere"):
        done = invoke(*words.split(), finished_run, "--out", disk / name)
    assert done.exit_code == 1
    assert f"cannot write {name}: No space left on device" in done.stderr
    assert "free some space" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(disk.iterdir()) == []


def test_what_was_there_stays_where_its_successor_finds_no_room(finished_run, mount, tmp_path):
    disk = mount(tmp_path / "disk", 32)
    for words, name, more in (
        ("sample -n 2", "pictures", "sample --seed 1 -n 64"),
        ("sample -n 2", "x.npz", "sample --seed 1 -n 600"),
    ):
        out = disk / name
        assert invoke(*words.split(), finished_run, "--out", out).exit_code == 0
        before = {path: path.read_bytes() for path in disk.rglob("*") if path.is_file()}
        failed = invoke(*more.split(), finished_run, "--out", out, "--force")
        assert failed.exit_code == 1
        assert {path: path.read_bytes() for path in disk.rglob("*") if path.is_file()} == before


def test_a_report_finds_no_room(run_folder, mount, tmp_path):
    disk = mount(tmp_path / "disk", 1024)
    without = shutil.ignore_patterns("checkpoints", "samples")
    run = shutil.copytree(run_folder, disk / "run", ignore=without)
    (run / "report.html").unlink(missing_ok=True)
    with contextlib.suppress(OSError), (disk / "ballast").open("wb", 0) as ballast:
        while ballast.write(bytes(1024)):
            pass
    done = invoke("report", run)
    assert done.exit_code == 1
    assert "cannot write report.html: No space left on device" in done.stderr
    assert not list(run.glob("*report*"))


def test_files_lie_where_folders_belong(play, tmp_path, undisturbed, measured):
    folder = tmp_path / "run"
    folder.mkdir()
    for name in ("samples", "tensorboard"):
        (folder / name).write_text("in the way")
    done = play("monitoring.image_every=15", "monitoring.tensorboard=true")
    assert done.code == 0
    assert done.said.count("warning: sample grids failed: ") == 1
    assert done.said.count("warning: TensorBoard failed: cannot write") == 1
    assert done.manifest["state_sha256"] == undisturbed
    assert (folder / "samples").read_text() == "in the way"
    measured.booked("files_for_folders", True, done.manifest)


def test_a_file_lies_where_checkpoints_belong(play, tmp_path, undisturbed, measured):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "checkpoints").write_text("in the way")
    failed = play()
    assert failed.code == 1
    assert "the checkpoint of step 10 could not be written" in failed.said
    (folder / "checkpoints").unlink()
    again = play()
    assert again.code == 0
    assert again.manifest["state_sha256"] == undisturbed
    measured("file_for_checkpoints", True, *again.cost_of(failed))


def test_the_runs_folder_vanishes(play, tmp_path, undisturbed, measured):
    folder = tmp_path / "run"
    failed = play(faulty("on_train_batch_end", "vanish", folder), SELDOM_LOGGED)
    assert failed.code == 1
    assert "No such file or directory" in failed.said or "is gone" in failed.said
    assert "put the folder back" in failed.said
    assert not folder.exists()  # nothing is begun anew in its place
    (tmp_path / "run.gone").rename(folder)
    again = play(SELDOM_LOGGED)
    assert again.code == 0
    assert "resuming from step 10" in again.said
    assert again.manifest["state_sha256"] == undisturbed
    measured("run_vanishes", True, *again.cost_of(failed))


def test_folders_that_only_serve_watching_vanish(play, tmp_path, undisturbed, measured):
    places = [tmp_path / "run" / name for name in ("samples", "tensorboard")]
    gone = faulty("on_train_batch_end", "vanish", *places, step=12)
    done = play(gone, "monitoring.image_every=15", "monitoring.tensorboard=true")
    assert done.code == 0
    assert done.manifest["state_sha256"] == undisturbed
    assert "switched_off" not in done.manifest
    measured.booked("samples_vanish", True, done.manifest)


def test_a_folder_that_is_read_only_from_the_start(play, mount, tmp_path, measured):
    disk = mount(tmp_path / "disk", 64)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    failed = play(folder=disk / "run")
    assert failed.code == 1
    assert "Read-only file system" in failed.said
    assert "--run-dir" in failed.said
    assert not failed.folder.path.exists()
    measured("read_only_from_the_start", None, 0, failed.seconds)


@pytest.mark.slow  # tests/monitor/test_progress.py does it without a process
def test_nothing_can_be_said(recipe, tmp_path, undisturbed, measured):
    """Standard error is a log on a full disk: the run goes on in silence."""
    words = [sys.executable, "-m", "advnets", "run", "--run-dir", str(tmp_path / "run")]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*words, str(recipe)], stderr=full, stdout=subprocess.DEVNULL)
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert (manifest["status"], manifest["state_sha256"]) == ("finished", undisturbed)
    assert done.returncode == 0
    measured.booked("nothing_can_be_said", True, manifest)
