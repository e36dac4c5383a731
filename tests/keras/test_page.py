"""docs/keras.md has every line that a test declares."""

import re
from pathlib import Path

from keras_lines import lines

PAGE = Path(__file__).parents[2] / "docs" / "keras.md"


def test_every_section_is_on_the_page():
    sections = re.findall(r"<!-- generated: keras (\w+) -->", PAGE.read_text(encoding="utf-8"))
    assert {line.section for line in lines()} == set(sections)


def test_no_feature_has_two_verdicts():
    verdicts = {}
    for line in lines():
        assert verdicts.setdefault(line.feature, line.verdict) == line.verdict, line.feature
