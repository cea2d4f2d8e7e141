"""Freed memory stays with the process."""

import os
import platform
import resource
import subprocess
import sys

import pytest

FAULTS = """
import resource
import torch
from cnn.training.allocator import keep_freed_memory
def step():
    blocks = [torch.ones(1_000_000) for _ in range(8)]
def faults():
    for _ in range(3):
        step()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        step()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(faults())
assert keep_freed_memory()
print(faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")
def test_a_training_takes_the_memory_it_freed_and_not_new_pages():
    # Left to itself, glibc decides by what happened before; told so, it gives everything back.
    gives_back = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "131072"}
    ran = subprocess.run(
        [sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True, env=gives_back
    )
    left, kept = map(int, ran.stdout.split())
    pages = 10 * 8 * 4_000_000 // resource.getpagesize()
    assert kept < pages / 20 < left
