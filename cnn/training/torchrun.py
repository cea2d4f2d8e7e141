"""What one process of several is told through the environment, as by `torchrun`; no torch here."""

from __future__ import annotations

import os


def has_several_processes() -> bool:
    """Whether this process is one of several that train the same run."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def is_leader() -> bool:
    """Whether this process decides and writes the run's files: rank 0, or a lone process."""
    return os.environ.get("RANK", "0") == "0"
