"""Locks between processes: what a process holds is free again however that process ended.

On POSIX a lock belongs to the open file, not to the process: whoever inherits the descriptor holds
the lock as well, and it is free once all of them have closed it or died. So a launcher hands a lock
to the process it starts without a gap (`flock`, not `lockf`). On Windows a lock cannot be handed
on; there the started process takes it itself.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

CAN_HAND_ON = sys.platform != "win32"
MOMENT = 0.3  # seconds: longer than any reader's look at a lock, which keeps it from being taken
POLL_SECONDS = 0.004


def _try(handle: int, exclusive: bool) -> bool:
    """Whether the open file could be locked, without waiting."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            how = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
            fcntl.flock(handle, how | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True


class Lock:
    """A lock that this process holds, in an open file."""

    def __init__(self, handle: int):
        self.handle = handle

    @classmethod
    def take(cls, path: Path, seconds: float = 0.0) -> Lock | None:
        """The lock of the file `path`, which is made if need be; None where another holds it for
        longer than `seconds`. Raises OSError, such as FileNotFoundError for a missing folder."""
        deadline = time.monotonic() + seconds
        if path.is_dir() and not path.is_symlink():  # a foreign run's: no lock is a folder
            shutil.rmtree(path, ignore_errors=True)
        while True:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                if _try(handle, exclusive=True) and _is_same_file(handle, path):
                    return cls(handle)
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)
            if time.monotonic() >= deadline:
                return None
            time.sleep(POLL_SECONDS)

    @classmethod
    def inherited(cls, handle: int) -> Lock:
        """The lock that the process which started this one handed on."""
        os.set_inheritable(handle, False)
        return cls(handle)

    def release(self) -> None:
        """Free it, for all who hold it."""
        if sys.platform != "win32":
            with contextlib.suppress(OSError):
                fcntl.flock(self.handle, fcntl.LOCK_UN)
        self.leave()

    def leave(self) -> None:
        """Hold it no longer; those to whom it was handed on still do."""
        with contextlib.suppress(OSError):
            os.close(self.handle)


def _is_same_file(handle: int, path: Path) -> bool:
    """Whether `path` is still the file that was opened: its folder may have been deleted."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def is_held(path: Path) -> bool:
    """Whether anybody holds the lock of the file `path`."""
    try:
        # Of another user's run too; a pipe of that name would keep us waiting.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return False
    try:
        return not _try(handle, exclusive=False)
    except OSError:
        return False
    finally:
        os.close(handle)  # frees it where it was taken for this look


@contextlib.contextmanager
def holding(path: Path, seconds: float) -> Iterator[None]:
    """Hold the lock of the file `path`, for work that is short. Raises OSError: TimeoutError where
    another holds it for longer than `seconds`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = Lock.take(path, seconds)
    if lock is None:
        raise TimeoutError(errno.ETIMEDOUT, "another process has been changing it for too long")
    try:
        yield
    finally:
        lock.release()
