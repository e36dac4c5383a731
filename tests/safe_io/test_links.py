"""What in a folder leads out of it is found, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

from advnets.safe_io import outside


def test_what_leads_out(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "run", tmp_path / "run-elsewhere"
    (folder / "a" / "b").mkdir(parents=True)
    elsewhere.mkdir()
    (elsewhere / "x").touch()
    (folder / "file").touch()
    (folder / "within").symlink_to("a/b")
    (folder / "a" / "back").symlink_to("../file")
    assert list(outside(folder)) == []
    (folder / "up").symlink_to("..")
    (folder / "sibling").symlink_to("../run-elsewhere")
    (folder / "a" / "b" / "deep").symlink_to(elsewhere / "x")
    (folder / "dangling").symlink_to("/no/such/place")
    (folder / "loop").symlink_to("loop")
    (folder / "through").symlink_to("up/run-elsewhere/x")
    os.mkfifo(folder / "pipe")
    found = {str(path): fault for path, fault in outside(folder)}
    assert set(found) == {"up", "sibling", "a/b/deep", "dangling", "loop", "through", "pipe"}
    assert found["a/b/deep"] == f"is a link that leads out of the folder, to {elsewhere / 'x'}"
    assert found["loop"] == "is a link that leads in a circle"
    assert found["pipe"] == "is neither a file nor a folder"


def test_a_folder_may_itself_be_reached_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real" / "a").mkdir(parents=True)
    (tmp_path / "real" / "own").symlink_to(tmp_path / "real" / "a")
    (tmp_path / "link").symlink_to("real")
    assert list(outside(tmp_path / "link")) == []
