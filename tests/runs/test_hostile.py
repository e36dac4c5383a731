"""Run folders made by somebody else: nothing outside of them is touched, nothing hangs."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from advnets import RunError, UsageError
from advnets.recipe import Recipe
from advnets.runs import RunFolder
from advnets.runs import metrics_log as log

Make = Callable[..., Recipe]


@pytest.fixture
def run(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A run in its usual place, below the current folder."""
    monkeypatch.chdir(tmp_path)
    folder = RunFolder.for_recipe(make())
    folder.start(make())
    return folder


LINKS = (
    *("recipe.yaml", "manifest.json", "metrics.jsonl", "report.html", ".lock", ".lock.json"),
    *("checkpoints", "samples", "tensorboard", "exports", "logs", "samples/.step-00000001.png.tmp"),
    "checkpoints/step-00000001",
)


@pytest.mark.parametrize("name", LINKS)
def test_links_that_lead_out(run: RunFolder, make: Make, tmp_path: Path, name: str) -> None:
    """Following them, a run would append to, truncate, prune or rewrite what is not its own."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "recipe.yaml").write_text(run.recipe_file.read_text())
    link = run.path / name
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(precious / "recipe.yaml" if "." in link.name else precious)
    for use in (lambda: RunFolder.open(run.path), lambda: RunFolder.for_recipe(make())):
        with pytest.raises(UsageError, match="is a link that leads out of the folder") as error:
            use()
        assert str(tmp_path / "precious") in str(error.value)
    assert list(precious.iterdir()) == [precious / "recipe.yaml"]


def test_links_within_the_folder_and_of_the_folder(run: RunFolder, tmp_path: Path) -> None:
    (run.path / "kept").mkdir()
    (run.path / "samples").symlink_to("kept")
    (tmp_path / "elsewhere").symlink_to(run.path)
    assert RunFolder.open(tmp_path / "elsewhere").recipe_file.is_file()


def test_the_runs_folder_of_somebody_else(make: Make, tmp_path: Path, monkeypatch) -> None:
    """`runs/` may be a link as a whole; a run in it may not lead out of it unasked."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "disk").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "runs").symlink_to("disk")
    usual = RunFolder.for_recipe(make())
    usual.path.symlink_to("../home")
    with pytest.raises(UsageError, match="is a link that leads out of runs/"):
        RunFolder.for_recipe(make())
    assert RunFolder.for_recipe(make(), usual.path).path == usual.path  # when it is asked for


@pytest.mark.parametrize("path", ["a\0b", "x" * 5_000, "x/" * 4_000])
def test_folders_that_no_system_has(make: Make, path: str) -> None:
    with pytest.raises(UsageError, match="cannot be a folder"):
        RunFolder.for_recipe(make(), path)
    with pytest.raises(UsageError, match="cannot be a folder"):
        RunFolder.open(path)


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": ' * 100_000,
        b"[" * 100_000,
        b"\xff\xfe",
        b"{}{}",
        b"[1]",
        b"null",
        b'{"step": "3"}',
        b'{"step": -1}',
        b'{"step": true}',
        b'{"step": 1e3}',
        b'{"step": ' + b"9" * 5_000 + b"}",
        b'{"status": ["finished"]}',
        b'{"time": {"total": "long"}}',
        b'{"time": {"total": 1e300}}',
        b'{"scores": {"a": 1}}',
        b'{"scores": [1]}',
        b'{"scores": [{"metric": 3}]}',
        b'{"scores": [{"metric": "m", "value": "high"}]}',
        b'{"scores": [{"metric": "m", "protocol": [1]}]}',
        b'{"scores": [{"metric": "m", "protocol": {"step": "1"}}]}',
        b'{"data": {"fingerprint": 12}}',
        b'{"stand_in": "digits"}',
        b'{"jit": [1]}',
    ],
)
def test_manifests(run: RunFolder, content: bytes) -> None:
    run.manifest_file.write_bytes(content)
    with pytest.raises(RunError, match="the manifest is damaged") as error:
        _ = RunFolder(run.path).manifest.data
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("name", ["manifest_file", "metrics_file", "recipe_file"])
def test_pipes_are_not_waited_for(run: RunFolder, make: Make, name: str) -> None:
    path = getattr(run, name)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    with pytest.raises(UsageError):
        RunFolder.open(run.path)
    with pytest.raises((RunError, UsageError), match="cannot|is a pipe"):
        {
            "manifest_file": lambda: run.manifest.data,
            "metrics_file": run.metrics.read,
            "recipe_file": lambda: run.load_recipe(make().registry),
        }[name]()


def test_who_holds_the_lock_may_be_anything(run: RunFolder) -> None:
    (run.path / ".lock.json").write_text("[" * 100_000)
    with run.lock() as lock:
        assert lock.holder()["pid"] == os.getpid()
    (run.path / ".lock.json").write_text('{"pid": ' * 100_000)
    assert run.lock().holder() == {}


def test_lines_that_are_no_records(run: RunFolder) -> None:
    lines = [
        b"[" * 10**5,
        b'{"step": "1"}',
        b'{"step": true}',
        b'{"step": 1.5}',
        b"\xff",
        b"\0" * 99,
    ]
    long = b'{"step": 7, "x": "' + b"y" * log.LONGEST + b'"}'
    good = [b'{"step": 1, "a": NaN}', b'{"step": 2, "b": "\\ud800"}']
    run.metrics_file.write_bytes(b"\n".join([good[0], *lines, long, good[1], b""]))
    assert run.metrics.read() == [{"step": 1, "a": None}, {"step": 2, "b": "\ufffd"}]
    run.metrics.truncate(1)
    assert run.metrics_file.read_bytes() == good[0] + b"\n"


def test_a_torn_line_longer_than_what_is_read_at_once(run: RunFolder) -> None:
    run.metrics_file.write_bytes(b'{"step": 1}\n' + b"x" * (2 * log.LONGEST + 5))
    run.metrics.append({"step": 2})
    assert run.metrics_file.read_bytes() == b'{"step": 1}\n{"step": 2}\n'


def test_more_records_than_are_kept(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "MOST_RECORDS", 10)
    lines = [json.dumps({"step": step}) for step in range(1, 47)]
    run.metrics_file.write_text("\n".join(lines) + "\n")
    steps = [record["step"] for record in run.metrics.read()]
    assert steps == [1, 9, 17, 25, 33, 41, 46]
    run.metrics.truncate(45)
    assert run.metrics_file.read_text().splitlines() == lines[:45]


def test_a_file_without_end(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "MOST_BYTES", 2**22)
    with run.metrics_file.open("wb") as file:
        file.truncate(2**40)  # a hole, that takes no room on the disk
    with pytest.raises(RunError, match=r"cannot read metrics\.jsonl: it has more than"):
        run.metrics.read()


def test_records_are_bounded_together(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """By their text and by their values, of which each takes an object in memory."""
    for extra, stride in [({}, 1), ({"note": "x" * 9_000}, 4), ({"many": [0] * 300}, 4)]:
        lines = [json.dumps({"step": step, **extra}) for step in range(30)]
        run.metrics_file.write_text("\n".join(lines) + "\n")
        with monkeypatch.context() as patched:
            patched.setattr(log, "MOST_KEPT", 100_000)
            steps = [record["step"] for record in run.metrics.read()]
        assert steps == [*range(0, 29, stride), 29]
        assert len(run.metrics.read()) == 30


def test_megabytes_of_numbers_are_no_record(run: RunFolder) -> None:
    """42 MB of such lines took 419 MB of memory."""
    many = json.dumps({"step": 2, "x": [0] * log.MOST_VALUES})
    run.metrics_file.write_text('{"step": 1}\n' + f"{many}\n" * 100 + '{"step": 3}\n')
    tracemalloc.start()
    try:
        assert run.metrics.read() == [{"step": 1}, {"step": 3}]
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_all_records_are_streamed(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "MOST_RECORDS", 2)
    lines = [json.dumps({"step": step}) for step in range(9)]
    run.metrics_file.write_text("\n".join(lines) + "\n{torn")
    streamed = log.MetricsLog(run.metrics_file).stream()
    assert [record["step"] for record in streamed] == list(range(9))
