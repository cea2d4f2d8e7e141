"""Buttons that answer at once are buttons that there are."""

from __future__ import annotations

import re
from pathlib import Path

from ui.shared.pressed import BECOMES, WORDS

UI = Path(__file__).parents[3] / "ui"


def test_each_word_is_some_buttons():
    source = "\n".join(path.read_text("utf-8") for path in UI.rglob("*.py"))
    buttons = set(re.findall(r'st\.button\(.{0,400}?key="(\w+)"', source, re.S))
    assert set(WORDS) | set(BECOMES.values()) <= buttons
    bar = {key for key in buttons if key.startswith("play_")} - {"play_clear"}
    assert bar <= set(WORDS)
