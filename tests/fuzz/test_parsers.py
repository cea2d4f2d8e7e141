"""Damaged and hostile input of every kind: only declared errors, and soon.

`CNN_FUZZ=10000 python -m pytest tests/fuzz` tries so many inputs of each, each in less than 200 MB.
"""

from __future__ import annotations

import os
import resource
import time
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.parser import mutated
from tests.fuzz.parsers import PARSERS

EXAMPLES = int(os.environ.get("CNN_FUZZ", "0"))
FEW = 25
MOST_SECONDS, MOST_BYTES = 1.0, 200_000_000  # of processor time, and of memory, for one input


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
    @given(st.data())
    def attack(data: st.DataObject) -> None:
        content = data.draw(mutated(seeds))
        if EXAMPLES:
            tracemalloc.reset_peak()
        before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        try:
            parser.parse(content)
        except parser.errors as error:
            assert str(error).strip()
        assert time.process_time() - began < MOST_SECONDS
        grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
        assert grown < MOST_BYTES
        if EXAMPLES:
            assert tracemalloc.get_traced_memory()[1] < MOST_BYTES

    if EXAMPLES:
        tracemalloc.start()
    try:
        attack()
    finally:
        tracemalloc.stop()
    left = [path.name for path in runs_folder.iterdir() if path.name.startswith(".import")]
    assert not left
