"""A run is given another value from a round on, on purpose: on record, and the same when killed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import games
import pytest
from click.testing import CliRunner, Result

import advnets
from advnets.cli.main import cli
from advnets.compare import compare, read_run
from advnets.distribute import launcher
from advnets.errors import UsageError
from advnets.runs import RunFolder

TINY: dict[str, Any] = games.TINY | {
    "penalties": [{"name": "r1", "gamma": 1.0}],
    "optimizers": games.TINY["optimizers"]
    | {"discriminator": {"name": "rmsprop", "learning_rate": 1e-3}},
}
RATE = "optimizers.generator.learning_rate"


def command(*words: Any) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 20 rounds; only to be copied."""
    return advnets.run(TINY, run_dir=tmp_path_factory.mktemp("changes") / "run").path


@pytest.fixture(scope="module")
def changed(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same up to round 40, G's rate halved and γ doubled from 20 on; only to be copied."""
    path = Path(shutil.copytree(original, tmp_path_factory.mktemp("changed") / "run"))
    advnets.run(path, {RATE: 5e-4, "penalties.0.gamma": 2.0, "training.steps": 40}, change=True)
    return path


@pytest.fixture
def copy(tmp_path: Path) -> Any:
    def copy(path: Path, name: str = "copy") -> RunFolder:
        return RunFolder(shutil.copytree(path, tmp_path / name))

    return copy


def rates(folder: RunFolder) -> dict[int, float]:
    return {line["step"]: line["g_learning_rate"] for line in folder.metrics.read()}


def test_a_rate_is_another_one_from_a_round_on(original: Path, changed: Path) -> None:
    folder = RunFolder(changed)
    assert rates(folder) == pytest.approx({10: 1e-3, 20: 1e-3, 30: 5e-4, 40: 5e-4})
    manifest, before = folder.manifest.data, RunFolder(original).manifest.data
    common = {"from": 20, "rollbacks": 0}
    changes = [
        {"key": "penalties.0.gamma", "old": 1.0, "new": 2.0, **common},
        {"key": RATE, "old": 1e-3, "new": 5e-4, **common},
    ]
    assert manifest["changes"] == changes
    assert manifest["identity"] == before["identity"]
    assert manifest["recipe"] == before["recipe"]
    kept = advnets.open_run(changed)
    assert kept.commit.extras["manifest"]["changes"] == changes
    assert kept.recipe.settings.optimizers.generator["learning_rate"] == 5e-4
    assert f"from round 20 on: {RATE} 0.001 → 0.0005" in command("doctor", changed).output
    assert RATE in (changed / "report.html").read_text()


def test_it_is_the_same_when_it_was_cut_off_on_the_way(
    changed: Path, copy: Any, measured: Any
) -> None:
    """In the checkpoint with which the change begins; also where the manifest is lost."""
    whole = RunFolder(changed).manifest["state_sha256"]
    for name in ("with", "without"):
        folder = copy(changed, name)
        for step in (30, 40):
            shutil.rmtree(folder.checkpoints / f"step-000000{step}")
        if name == "without":
            folder.manifest_file.unlink()
        words = ["training.steps=40", f"{RATE}=0.0005", "penalties.0.gamma=2", "--change"]
        with measured.timed("cut_off_after_a_change", True):
            assert command("run", folder.path, *words).exit_code == 0
        assert folder.manifest["state_sha256"] == whole
        assert len(folder.changes) == 2


def test_without_change_it_is_refused(original: Path, changed: Path) -> None:
    refused = command("run", original, f"{RATE}=0.5", "training.steps=30")
    assert refused.exit_code == 2
    assert f"{RATE}: 0.001 → 0.5" in refused.stderr
    assert "--change plays on with it" in refused.stderr
    with pytest.raises(UsageError, match=r"penalties\.0\.gamma: 2.0 → 1.0"):
        advnets.run(TINY, {"training.steps": 50}, changed)  # as it began is not as it is
    refused = command("run", "digits", f"{RATE}=0.5", "--change")
    assert refused.exit_code == 2
    assert "there is no run to change" in refused.stderr


@pytest.mark.parametrize(
    ("override", "why"),
    [
        ("generator.layers=[5]", "the game would have other variables"),
        ("optimizers.generator.name=sgd", "another optimizer keeps other variables"),
        ("training.batch_size=8", "it decides which examples a round sees"),
        ("penalties=[]", "the game would have other variables"),
        ("loss=minimax", "another loss is another game"),
        ("seed=9", "all that is random follows from it"),
        ("optimizers.discriminator.momentum=0.5", "the game would have other variables"),
    ],
)
def test_what_cannot_be_changed_is_named(
    original: Path, copy: Any, override: str, why: str
) -> None:
    folder = copy(original)
    words = [override, "training.steps=30", "--change"]
    if override.startswith("optimizers.generator.name"):
        words.insert(0, "optimizers.generator={name: sgd, learning_rate: 0.001}")
    files = (folder.manifest_file, folder.recipe_file)
    before = [path.read_bytes() for path in files]
    refused = command("run", folder.path, *words)
    assert refused.exit_code == 2
    assert "what cannot be changed on the way" in refused.stderr
    assert override.partition("=")[0] in refused.stderr
    assert why in refused.stderr.replace("\n", " ")
    assert [path.read_bytes() for path in files] == before  # finished, as it was
    assert advnets.open_run(folder.path).recipe.data["loss"]["name"] == "non_saturating"


def test_a_change_that_is_refused_from_python_leaves_the_run_as_it_was(
    original: Path, copy: Any
) -> None:
    folder = copy(original)
    before = folder.manifest_file.read_bytes()
    with pytest.raises(UsageError, match="the game would have other variables"):
        advnets.run(folder.path, {"penalties": [], "training.steps": 30}, change=True)
    assert folder.manifest_file.read_bytes() == before


def test_workers_are_given_a_change(
    original: Path, copy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is refused is refused before any worker starts."""
    started = []

    class Started:
        def __init__(self, words: list[str], *_: Any):
            started.append(words)

        def run(self) -> None:
            pass

    monkeypatch.setattr(launcher, "Launcher", Started)
    folder, rate = copy(original), f"{RATE}=0.5"
    launch = ["launch", "-w", 2, folder.path, "training.steps=30"]
    assert command(*launch, rate).exit_code == 2
    refused = command(*launch, "seed=9", "--change")
    assert refused.exit_code == 2
    assert "what cannot be changed on the way" in refused.stderr
    refused = command("launch", "-w", 2, "digits", rate, "--change")
    assert "there is no run to change" in refused.stderr
    assert started == []
    assert command(*launch, rate, "--change").exit_code == 0
    assert started[0][-5:] == ["--change", "--", str(folder.path), "training.steps=30", rate]


def test_compare_takes_it_for_another_recipe(original: Path, changed: Path, copy: Any) -> None:
    score = {"metric": "m", "value": 1.0, "protocol": {"step": 20, "better": "lower"}}
    folders = [copy(original, "a"), copy(original, "b"), copy(changed, "c")]
    for folder in folders:
        folder.manifest.update(scores=[score])
    alike, _, other = [read_run(folder.path) for folder in folders]
    assert alike.without_seed != other.without_seed
    (found,), left_out = compare([alike, other])
    assert not left_out
    assert len(found.rows) == 2
    assert "from round 20 on 0.0005" in "".join(found.rows[1].differs)
