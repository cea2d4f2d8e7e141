"""What one process of several is told through the environment, as by `torchrun`; no torch here."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def has_several_processes() -> bool:
    """Whether this process is one of several that train the same run."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def is_leader() -> bool:
    """Whether this process decides and writes the run's files: rank 0, or a lone process."""
    return os.environ.get("RANK", "0") == "0"


def end_process(exit_code: int) -> NoReturn:
    """End this process of several at once, without Python's own tidying up.

    A thread of gloo may still hold the tensors of its last message. Where it lets go of them while
    the interpreter shuts down, the process aborts (SIGABRT): PyTorch's pull request 179291.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)
