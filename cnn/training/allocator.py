"""A setting of the C library's memory allocator that training needs to be fast."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import sys

# Of glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST_MMAP_THRESHOLD = 32 << 20  # more is refused on 64 bits
TRIM_THRESHOLD = 512 << 20


@functools.cache
def keep_freed_memory() -> bool:
    """Let this process keep up to 512 MB that it freed, for its own use; whether that worked.

    A step frees and takes some MB for every layer. By default glibc gives such blocks back to the
    kernel, which hands them out again page by page, zeroed, while both threads wait: a third of
    the tutorial network's time, a tenth of Compact CNN's (benchmarks/README.md). Only glibc has
    this switch; elsewhere nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return False
    with contextlib.suppress(OSError, AttributeError):  # musl has no mallopt
        mallopt = ctypes.CDLL(None).mallopt
        return bool(
            mallopt(M_MMAP_THRESHOLD, LARGEST_MMAP_THRESHOLD)
            and mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD)
        )
    return False


def give_back_freed_memory() -> None:
    """Give to the kernel what `keep_freed_memory` has kept: this process computes nothing now."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
