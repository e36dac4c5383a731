from __future__ import annotations

import pytest

from advnets.data.splits import USUAL, split_called


@pytest.mark.parametrize("split", USUAL)
def test_every_usual_name_in_any_case(split: str) -> None:
    for name in USUAL[split]:  # type: ignore[index]
        assert {split_called(name), split_called(name.upper()), split_called(name.title())} == {
            split
        }


def test_other_words_are_no_splits() -> None:
    assert [split_called(word) for word in ("bus", "trains", "tests", "", "train_2")] == [None] * 5
