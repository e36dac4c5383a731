"""What networks start from: found before anything is built, and its digest in the identity."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from advnets.cli.main import cli
from advnets.errors import RecipeError, UsageError
from advnets.recipe import load_recipe, recipe_schema
from advnets.runs.index import describe, own_hash
from advnets.runs.starts import check_starts

STATE = "a" * 64


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commit(run: str, step: int, state: str = STATE, **extras: object) -> Path:
    """Write what a checkpoint says of itself, and a file that it names."""
    folder = Path(run) / "checkpoints" / f"step-{step:08d}"
    folder.mkdir(parents=True)
    (Path(run) / "recipe.yaml").write_text("name: old\n")
    (folder / "state.index").write_text("weights")
    groups = ("generator", "averaged_generator", "discriminator", "networks.encoder")
    index = {
        "step": step,
        "state_sha256": state,
        "variables": {f"{group}/0000/kernel": ["float32", [2, 3]] for group in groups},
        "files": {"state.index": describe(folder / "state.index").model_dump()},
        "extras": extras,
    }
    index["sha256"] = own_hash(index)
    (folder / "checkpoint.json").write_text(json.dumps(index))
    return folder


def load(start: object):
    return load_recipe("digits", {"start": start})


def test_a_recipe_without_a_start_is_what_it_was() -> None:
    plain = load_recipe("digits")
    assert plain.data["start"] == {"missing": "refuse"}
    assert load({"missing": "keep"}).identity() == load({}).identity() == plain.identity()
    assert check_starts(plain) == []


def test_all_is_filled_in_from_what_the_checkpoint_says() -> None:
    commit("old", 20)
    commit("old", 40, "b" * 64, best={"step": 20})
    latest = load({"generator": {"run": "old"}}).settings.start.origins["generator"]
    assert (latest.step, latest.weights, latest.network) == (40, "averaged", "generator")
    assert latest.sha256 == "b" * 64
    best = load_recipe("digits", ["start.discriminator.run=old", "start.discriminator.step=best"])
    found = best.settings.start.origins["discriminator"]
    assert (found.step, found.weights, found.sha256) == (20, "current", STATE)
    assert check_starts(best) == [
        "start: the discriminator from old, the current weights of its discriminator at step 20 "
        "(SHA-256 aaaaaaaaaaaa…)"
    ]


def test_the_resolved_recipe_needs_no_old_run_and_may_find_it_elsewhere() -> None:
    commit("old", 20)
    first = load({"generator": {"run": "old"}})
    again = load_recipe(first.data)
    Path("old").rename("moved")
    assert load_recipe(first.data).data == again.data == first.data
    assert load_recipe(first.data, {"start.generator.run": "moved"}).identity() == first.identity()
    with pytest.raises(UsageError, match="there is no run folder old") as caught:
        check_starts(load_recipe(first.data))
    assert caught.value.where == "start.generator"
    assert "advnets run RUN" in caught.value.hint


def test_other_weights_are_another_identity() -> None:
    commit("old", 20)
    plain, one = load_recipe("digits").identity(), load({"generator": {"run": "old"}})
    commit("old", 40, "b" * 64)  # the newest has moved on
    two = load({"generator": {"run": "old"}})
    own = load({"generator": {"run": "old", "weights": "current"}})
    assert len({plain, one.identity(), two.identity(), own.identity()}) == 4


def test_a_file_is_known_by_its_digest(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = hashlib.sha256(b"weights").hexdigest()
    (here / "w.npz").write_bytes(b"weights")
    monkeypatch.setenv("HOME", str(here))
    near, far = (load({"generator": {"file": f}}) for f in ("w.npz", "~/w.npz"))
    assert near.settings.start.origins["generator"].sha256 == digest
    assert near.identity() == far.identity()
    (here / "w.npz").write_bytes(b"others")
    changed = load({"generator": {"file": "w.npz", "sha256": digest}})
    assert changed.identity() == near.identity()
    with pytest.raises(UsageError, match=f"and {digest} was expected") as caught:
        check_starts(changed)
    assert hashlib.sha256(b"others").hexdigest() in caught.value.message


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ({"generator": {"run": "none"}}, "there is no run folder none"),
        ({"generator": {"run": "empty"}}, "not the folder of a run with a checkpoint"),
        ({"generator": {"run": "old", "step": 30}}, "no checkpoint of step 30"),
        ({"generator": {"run": "old", "step": "best"}}, "knows of no best checkpoint"),
        ({"generator": {"run": "old", "network": "teacher"}}, "no network 'teacher'"),
        (
            {"generator": {"run": "old", "network": "encoder", "weights": "averaged"}},
            "no averaged weights of its encoder",
        ),
        ({"generator": {"run": "torn"}}, "state.index is not what was written"),
        ({"generator": {"run": "junk"}}, "cannot be used"),
        ({"generator": {"file": "none.npz"}}, "cannot be read: No such file"),
        ({"generator": {"file": "empty"}}, "end in .npz, .weights.h5, .keras"),
        ({"generator": {"file": "folder.npz"}}, "is a folder"),
    ],
)
def test_weights_that_are_not_there_are_refused(start: object, said: str) -> None:
    commit("old", 20)
    (commit("torn", 20) / "state.index").write_text("wights")
    (commit("junk", 20) / "checkpoint.json").write_text("{}")
    Path("empty").mkdir()
    Path("folder.npz").mkdir()
    recipe = load(start)  # it may be that of a run that has begun, and needs them no more
    with pytest.raises(UsageError, match=said) as caught:
        check_starts(recipe)
    assert caught.value.where


def test_validate_and_a_dry_run_say_so(here: Path) -> None:
    commit("old", 20)
    for words, code in ((["start.generator.run=old"], 0), (["start.generator.run=none"], 2)):
        for command in (["validate", "digits"], ["run", "digits", "--dry-run"]):
            said = CliRunner().invoke(cli, [*command, *words])
            assert said.exit_code == code, said.output
            assert STATE[:12] in said.stdout or "no run folder none" in said.stderr


def test_a_link_out_of_the_runs_folder_is_refused(here: Path) -> None:
    folder = commit("old", 20)
    (here / "outside").write_text("weights")
    (folder / "state.index").unlink()
    (folder / "state.index").symlink_to(here / "outside")
    with pytest.raises(UsageError, match="state.index"):
        check_starts(load({"generator": {"run": "old"}}))


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ({"gnerator": {"run": "old"}}, "no network is called 'gnerator'; did you mean 'generator'"),
        ({"generator": {"stp": 1}}, "unknown key 'stp' in start.generator; did you mean 'step'"),
        ({"generator": {"run": "a", "file": "b"}}, "give one of run"),
        ({"generator": {}}, "give one of run"),
        ({"generator": {"file": "a.npz", "step": 3}}, "are of a run"),
        ({"generator": {"run": "a", "sha256": "abc"}}, "start.generator.sha256"),
        ({"generator": "old"}, "expected a mapping"),
        ({"missing": "kep"}, "did you mean 'keep'"),
    ],
)
def test_what_no_start_says_is_refused(start: object, said: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load(start)
    assert said in str(caught.value)


def test_the_schema_of_recipes_knows_starts() -> None:
    schema = recipe_schema(load_recipe("digits").registry)
    start = schema["properties"]["start"]
    assert start["properties"]["missing"]["enum"] == ["refuse", "keep"]
    origin = start["additionalProperties"]["$ref"].rpartition("/")[2]
    assert set(schema["$defs"][origin]["properties"]) == {
        *("run", "network", "step", "weights", "file", "sha256")
    }
