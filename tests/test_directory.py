"""The directory of plugins: what is listed is as its page says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from directory_table import (
    KNOWN,
    LIST,
    check,
    directory,
    folders,
    known,
    read_list,
    registered_by,
)

ROOT = Path(__file__).parents[1]
ENTRY: dict[str, Any] = {
    "name": "advnets-hinge",
    "url": "https://github.com/me/advnets-hinge",
    "summary": "The hinge loss, and a recipe on digits.",
    "kinds": ["losses", "recipes"],
}


def test_what_is_listed() -> None:
    read_list(LIST.read_text(encoding="utf-8"))


def test_what_ships_is_there() -> None:
    page = (ROOT / "docs/directory.md").read_text(encoding="utf-8")
    folders = sorted((ROOT / "plugins").glob("advnets-*"))
    assert folders
    for folder in folders:
        assert f"[{folder.name}](../plugins/{folder.name})" in page
    assert "losses: `wasserstein`" in "\n".join(directory())


def test_the_example_of_the_page_can_be_listed() -> None:
    page = (ROOT / "docs/directory.md").read_text(encoding="utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    assert read_list(example) == [ENTRY]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "hinge"}, "is called advnets-"),
        ({"name": "advnets-Hinge"}, "is called advnets-"),
        ({"url": "http://there.org"}, "https://"),
        ({"summary": "x" * 121}, "one sentence"),
        ({"kinds": ["loss"]}, "its kinds are among"),
        ({"kinds": []}, "its kinds are among"),
        ({"stars": 3}, "an entry has"),
        ({"components": ["hinge"]}, "names by kind"),
        ({"components": {"metrics": ["hinge"]}}, "names by kind, of its kinds"),
        ({"components": {"losses": ["Hinge"]}}, "lists of names"),
        ({"components": {"losses": "hinge"}}, "lists of names"),
    ],
)
def test_what_cannot_be_listed(changed: dict[str, Any], said: str) -> None:
    check(ENTRY)
    with pytest.raises(ValueError, match=said):
        check({**ENTRY, **changed})


def test_components_may_be_listed() -> None:
    check({**ENTRY, "components": {"losses": ["hinge"], "recipes": ["hinge_digits"]}})


def test_what_the_core_knows_is_all_that_is_registered() -> None:
    """``python tools/write_docs.py`` writes it anew."""
    assert KNOWN.read_text(encoding="utf-8") == known()
    names = json.loads(known())
    assert names["losses"]["wasserstein"] == ["advnets-wgan"]
    for folder in folders():
        assert any(
            folder.name in owners for by_name in names.values() for owners in by_name.values()
        ) or not any(registered_by(folder).values())


def test_the_order() -> None:
    text = "- {name: advnets-%s, url: 'https://x.org', summary: x, kinds: [losses]}\n"
    assert len(read_list(text % "a" + text % "b")) == 2
    with pytest.raises(ValueError, match="in the order of their names, once"):
        read_list(text % "b" + text % "a")
