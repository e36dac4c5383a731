"""What tests of several packages share."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# For what the tests of several folders share, and scripts that are collected for doctests.
sys.path.insert(0, str(Path(__file__).parent / "evaluate"))
sys.path.insert(0, str(Path(__file__).parent / "faults"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from measured import Measured
from reliability_tables import read_rows

RECORD = pytest.StashKey[dict]()
MEASURED = pytest.StashKey[Measured]()
SHORT = {
    "training.steps": 60,
    "training.batch_size": 50,
    "monitoring.log_every": 5,
    "monitoring.image_every": 30,
    "checkpoints.every": 20,
    "evaluation.metrics": [],
}
"""Overrides that make a shipped recipe end within seconds."""


def pytest_addoption(parser: pytest.Parser) -> None:
    help = "write what the tests of the fault matrix measure to a file, as JSON"
    parser.addoption("--faults-record", metavar="PATH", help=help)


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--faults-record") and config.getoption("numprocesses", None):
        raise pytest.UsageError("--faults-record needs one process: pass -n 0")
    config.stash[RECORD] = {"kept": [], "skipped": {}}


@pytest.fixture(scope="session")
def preloaded() -> Iterator[list[str]]:
    """A command like ``[sys.executable]`` of a Python that has TensorFlow already."""
    script = str(Path(__file__).with_name("preloaded.py"))
    with tempfile.TemporaryDirectory() as folder:  # a short path, as addresses have to be
        address = f"{folder}/forks"
        server = subprocess.Popen(
            [sys.executable, script, "serve", address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # to be ended with all that it forked
        )
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        yield [sys.executable, "-I", "-S", script, address]
        os.killpg(server.pid, signal.SIGKILL)
        server.communicate()


@pytest.fixture
def hears_sighup() -> Iterator[None]:
    """Let SIGHUP be heard, here and by what is started here, where the tests are under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    """Takes down what a fault cost (`make faults` writes it to docs/reliability/faults.json)."""
    request.node.stash[MEASURED] = Measured(request.node.nodeid, read_rows())
    return request.node.stash[MEASURED]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Keep what a test took down, if it passed, and why it was skipped."""
    report = yield
    record = item.config.stash[RECORD]
    if report.skipped and isinstance(report.longrepr, tuple):
        record["skipped"][item.nodeid] = report.longrepr[2].removeprefix("Skipped: ")
    elif report.when == "call" and report.passed and MEASURED in item.stash:
        record["kept"] += item.stash[MEASURED].kept
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    path = session.config.getoption("--faults-record")
    if path:
        record = json.dumps(session.config.stash[RECORD])
        Path(path).write_text(record, encoding="utf-8")


@pytest.fixture
def without_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in this process end without a report, which takes as long as a short game."""
    from advnets.session import ending

    monkeypatch.setattr(ending, "write_report", lambda folder: None)


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a short finished run on digits, played once; do not write to it."""
    import advnets

    path = tmp_path_factory.mktemp("runs") / "digits"
    advnets.run("digits", SHORT, run_dir=path)
    return path


@pytest.fixture
def run_folder(finished_run: Path, tmp_path: Path) -> Path:
    """A copy of the finished run, to write to."""
    return Path(shutil.copytree(finished_run, tmp_path / "digits-run"))
