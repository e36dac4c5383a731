"""What a session writes before its first round, and what it says of what has changed since."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import advnets
from advnets.data.sources import Npz
from advnets.errors import UsageError
from advnets.recipe import load_recipe
from advnets.runs import RunFolder
from advnets.session import session
from advnets.session.data_on_record import keep_data
from advnets.session.present import describe_present, say_what_changed
from advnets.train.build import build_game, carried

RING = {"name": "ring", "modes": 4, "examples": 64, "held_out": 8}
MLP = {"name": "mlp", "layers": [4]}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


def source_of(recipe: Any) -> Any:
    from advnets.train.find_data import build_source

    return build_source(recipe)


@pytest.fixture
def styled() -> Any:
    """A game told of a style that is drawn as labels are."""
    return load_recipe(
        {
            "dataset": RING,
            "latent": {"name": "gaussian", "size": 3},
            "generator": MLP,
            "discriminator": MLP,
            "loss": "minimax",
            "conditions": {"style": {"name": "frequencies", "field": "label"}},
            "given": {"generator": ["style"]},
            "optimizers": {"generator": "sgd", "discriminator": "sgd"},
            "training": {"steps": 2, "batch_size": 4},
        }
    )


def test_a_field_that_is_only_counted_is_known_but_not_carried(styled: Any) -> None:
    source = source_of(styled)
    game = build_game(styled, source)
    assert carried(game, source) == ()
    assert game.counted == {"label"}


def test_a_run_does_not_go_on_with_other_counts(styled: Any, folder: RunFolder) -> None:
    source = source_of(styled)
    keep_data(folder, source, (), ["label"])
    first = folder.manifest.data["data"]
    assert first["fields"]["names"] == ["label"]
    assert first["train"] == source.count("train")
    keep_data(folder, source, (), ["label"])
    assert folder.manifest.data["data"] == first
    entry = {**first, "fields": {**first["fields"], "fingerprint": "0" * 64}}
    folder.manifest.update(data=entry)
    with pytest.raises(UsageError, match="fields of the training data have changed"):
        keep_data(folder, source, (), ["label"])


def test_what_data_hold_is_said_and_kept(
    folder: RunFolder, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    masks = np.arange(45).reshape(5, 3, 3).astype("uint8") % 2
    np.savez(tmp_path / "masks.npz", train=masks, val=masks[:1], notes=masks)
    with caplog.at_level(logging.INFO):
        keep_data(folder, Npz(tmp_path / "masks.npz"), (), ())
    entry = folder.manifest.data["data"]
    assert entry["lines"][1:] == [
        "train: 5 examples",
        "validation: 1 example",
        "left out: arrays that nothing reads: 1 (notes)",
    ]
    assert "networks see 0 to 0.00392" in entry["warnings"][0]
    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert [text for level, text in said if level == "INFO"] == entry["lines"]
    assert [level for level, text in said if entry["warnings"][0] in text] == ["WARNING"]


def test_an_edited_plugin_is_told_of(folder: RunFolder, caplog: pytest.LogCaptureFixture) -> None:
    one = {"name": "mine", "source": "mine.py", "sha256": "1"}
    present = describe_present([one])
    with caplog.at_level(logging.WARNING):
        say_what_changed(folder, present, 0)
        folder.manifest.update(plugins=[{**one, "source": "moved/mine.py"}])
        folder.manifest.update(versions=present["versions"], devices=present["devices"])
        say_what_changed(folder, present, 7)
        assert not caplog.messages
        say_what_changed(folder, describe_present([{**one, "sha256": "2"}]), 7)
    assert "plugin mine: 1 → 2: changed since the run was last taken up" in caplog.text
    assert "Rounds from 7 on" in caplog.text


FAILING = {"dataset": "digits", "latent": {"name": "gaussian", "size": 3}, "loss": "minimax"}
FAILING |= {"generator": MLP, "discriminator": {"name": "dcgan", "stages": 4}}
FAILING |= {"optimizers": {"generator": "sgd", "discriminator": "sgd"}}
FAILING |= {"training": {"steps": 2, "batch_size": 4}}


def test_a_run_that_fails_at_set_up_removes_what_it_wrote_alone(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("mine")
    with pytest.raises(advnets.AdvnetsError, match="multiples? of"):
        advnets.run(FAILING, (), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".env"]
    assert (tmp_path / ".env").read_text() == "mine"


def test_one_that_another_was_faster_than_removes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both found the folder empty; the other has the lock, and has written its recipe since."""
    winner, looked = RunFolder(tmp_path), RunFolder.lock
    theirs = winner.lock()

    def lose(folder: RunFolder) -> Any:
        monkeypatch.setattr(RunFolder, "lock", looked)
        theirs.__enter__()
        winner.recipe_file.write_text("name: winner")
        return looked(folder)

    monkeypatch.setattr(RunFolder, "lock", lose)
    with pytest.raises(UsageError, match="another process works in this folder"):
        advnets.run(FAILING, (), tmp_path)
    theirs.__exit__()
    assert winner.recipe_file.read_text() == "name: winner"


ASKED = FAILING | {"discriminator": MLP, "conditions": {"label": "frequencies"}}
ASKED |= {"given": {"generator": ["label"]}, "checkpoints": {"every": 2}}
ASKED |= {"monitoring": {"image_every": 0, "tensorboard": False, "figures": False}}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run, and beside it data like its own, but for one thing."""
    folder = tmp_path_factory.mktemp("labelled")
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, (12, 2)).astype("float32"), np.arange(12) % 3
    np.savez(folder / "own.npz", train=x, train_labels=y)
    np.savez(folder / "labels.npz", train=x, train_labels=y[::-1])
    np.savez(folder / "examples.npz", train=-x, train_labels=y)
    np.savez(folder / "bare.npz", train=x)
    advnets.run(ASKED | {"dataset": own(folder)}, run_dir=folder / "run")
    return folder


def own(folder: Path, name: str = "own") -> dict[str, Any]:
    return {"name": "npz", "path": str(folder / f"{name}.npz")}


@pytest.mark.parametrize("status", ["finished", "running"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("labels", "fields of the training data have changed"),
        ("examples", "training data have changed"),
        ("bare", "label"),
        ("nowhere", "there is no file"),
        ("own", "refused when all is put together"),
    ],
)
def test_a_run_whose_next_session_is_refused_is_as_it_was(
    labelled: Path, name: str, message: str, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any) -> None:
        raise UsageError("refused when all is put together")

    monkeypatch.setattr(session, "make_observers", refuse)
    folder = RunFolder(labelled / "run")
    folder.manifest.update(status=status)  # one that was killed says that it runs
    files = ("recipe.yaml", ".heartbeat.json", "metrics.jsonl", "report.html")
    before = {file: (folder.path / file).read_bytes() for file in files}
    known = folder.manifest.data
    recipe = ASKED | {"dataset": own(labelled, name)}
    with pytest.raises(advnets.AdvnetsError, match=message):
        advnets.run(recipe, {"training.steps": 4}, run_dir=folder.path)
    assert {**folder.manifest.data, "updated": ""} == {**known, "updated": ""}
    assert {file: (folder.path / file).read_bytes() for file in files} == before


def test_scores_that_came_meanwhile_stay(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.manifest.update(status="finished", scores=[{"metric": "one"}])
    before = folder.manifest.data
    folder.manifest.update(status="running", scores=[{"metric": "two"}], data={"name": "other"})
    folder.manifest.put_back(before)
    kept = folder.manifest.data
    assert (kept["status"], kept["scores"]) == ("finished", [{"metric": "one"}, {"metric": "two"}])
    assert "data" not in kept
