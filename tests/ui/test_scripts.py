"""The scripts of components: each is put together of several files that share one scope."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

UI = Path(__file__).parents[2] / "ui"
# Those that others are put behind: ui/live/component.py and ui/shared/components.py.
SHARED = [UI / "live/stream.js", UI / "live/plot.js", UI / "shared/painting.js"]
DECLARED = re.compile(r"^(?:export )?(?:const|let|class|function) (\w+)", re.M)


@pytest.mark.parametrize(
    "script",
    [path for path in sorted(UI.rglob("*.js")) if path not in SHARED],
    ids=lambda path: str(path.relative_to(UI)),
)
def test_no_name_is_declared_twice_in_one_scope(script):
    """One that is, is a syntax error: the component shows that instead of itself."""
    files = [*SHARED, script]
    if script.name == "stage.js":
        files.append(UI / "play/flow.js")
    names = Counter(name for file in files for name in DECLARED.findall(file.read_text("utf-8")))
    assert [name for name, times in names.items() if times > 1] == []


MOVES = re.compile(r"\b(?:transition|animation): |\"smooth\"")


@pytest.mark.parametrize(
    "file",
    [
        p
        for kind in ("css", "js", "py")
        for p in sorted(UI.rglob(f"*.{kind}"))
        if MOVES.search(p.read_text("utf-8"))
    ],
    ids=lambda path: str(path.relative_to(UI)),
)
def test_what_moves_asks_whether_it_may(file):
    assert "prefers-reduced-motion: reduce" in file.read_text("utf-8")


def test_a_finger_scrolls_everywhere_but_on_what_is_drawn_upon():
    """`touch-action: none` keeps the page where it is: only sheets may say so."""
    still = {
        f"{path.relative_to(UI)}: {line.split('touch-action')[0].strip()}"
        for kind in ("css", "js", "py")
        for path in UI.rglob(f"*.{kind}")
        for line in path.read_text("utf-8").splitlines()
        if re.search(r"touch-?action: ?none", line, re.I)
    }
    assert still == {
        "shared/style.py: .st-key-canvas, .st-key-canvas * {",
        'shared/canvas.js: "canvas{',
        "learn/learn.css: .pad.paper canvas {",
    }
