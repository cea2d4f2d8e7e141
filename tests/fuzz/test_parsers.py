"""Damaged and hostile input of every kind: only declared errors, and soon.

`CNN_FUZZ=10000 python -m pytest tests/fuzz` tries so many inputs of each, each in less than 200 MB.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.parser import Parser, mutated
from tests.fuzz.parsers import PARSERS

EXAMPLES = int(os.environ.get("CNN_FUZZ", "0"))
FEW = 25
MOST_SECONDS, MOST_BYTES = 1.0, 200_000_000  # of processor time, and of memory, for one input


def forget_the_peak() -> None:
    """Let `peak_memory` begin at what is in use now; elsewhere than on Linux it goes on."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory() -> int:
    """The most bytes that this process has held, libraries' own included."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def try_once(parser: Parser, content: bytes) -> float:
    """Seconds of processor time that one input takes."""
    began = time.process_time()
    try:
        parser.parse(content)
    except parser.errors as error:
        assert str(error).strip()
    return time.process_time() - began


@pytest.mark.timeout(3600 if EXAMPLES else 240)
@pytest.mark.parametrize("name", PARSERS)
def test_only_declared_errors_and_none_for_long(name, runs_folder):
    parser = PARSERS[name]
    seeds = parser.seeds()
    for seed in seeds:  # whole: nothing is wrong with it, and what it needs is loaded
        parser.parse(seed)

    @settings(
        max_examples=EXAMPLES or FEW,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(mutated(seeds))
    def attack(content: bytes) -> None:
        forget_the_peak()
        before = peak_memory()
        # The collector of garbage, or another thread of torch's, may take its second now.
        assert any(try_once(parser, content) < MOST_SECONDS for _ in range(3))
        assert peak_memory() - before < MOST_BYTES

    attack()
    left = [path.name for path in runs_folder.iterdir() if path.name.startswith(".import")]
    assert not left
