"""The scripts that are joined to one component's."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.browsing import ROOT

CALL = re.compile(r"^\w+ = live_component\((.+)\)$", re.M)
DECLARED = re.compile(r"^(?:export )?(?:async )?(?:const|let|class|function)\*? (\w+)", re.M)
CALLS = [
    (path, call)
    for path in sorted((ROOT / "ui").rglob("*.py"))
    for call in CALL.findall(path.read_text("utf-8"))
]


@pytest.mark.parametrize("path, call", CALLS, ids=lambda part: Path(part).stem)
def test_no_name_is_declared_twice_in_a_live_components_script(path: Path, call: str):
    """Its script is one module of several files: a name that two declare ends all of it."""
    files = [ROOT / "ui/live/stream.js", ROOT / "ui/live/plot.js"]
    files += [ROOT / f"ui/shared/{name.lower()}.js" for name in re.findall(r"(\w+)_JS\b", call)]
    files += [path.with_name(name) for name in re.findall(r'"(\w+\.js)"', call)]
    (name,) = re.findall(r', "(\w+)"', call)
    files.append(path.with_name(f"{name}.js"))
    declared = Counter(DECLARED.findall("\n".join(file.read_text("utf-8") for file in files)))
    assert "LiveStream" in " ".join(declared)
    assert not [name for name, count in declared.items() if count > 1]


def test_every_live_component_is_looked_at():
    assert len(CALLS) >= 5
