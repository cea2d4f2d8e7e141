"""Everything that trains, on an imitation of an Apple GPU (apple_gpu_cases.py)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_everything_that_trains_keeps_the_rules_of_an_apple_gpu():
    """In a process of its own: PyTorch learns of another kind of device before its first backward
    pass, or not at all."""
    cases = Path(__file__).with_name("apple_gpu_cases.py")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(cases)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert ended.returncode == 0, ended.stdout[-8000:]
    assert " passed" in ended.stdout and "skipped" not in ended.stdout
