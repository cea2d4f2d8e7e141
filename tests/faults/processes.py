"""Workers seen from outside, and processes that act on runs beside this one."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from cnn import runs

ROOT = Path(__file__).parents[2]
SECONDS = 120.0
TICK = 0.02


def wait_for(condition: Callable[[], object], run: runs.Run | None = None) -> None:
    """Until `condition` holds; what a run says is shown where it never does."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        said = f"{run.status()}\n{run.log()}" if run else ""
        assert time.monotonic() < deadline, said
        threading.Event().wait(TICK)


def living(*run_ids: str) -> list[psutil.Process]:
    """All processes that work on these runs, those that started others first."""
    found = []
    for process in psutil.process_iter(["cmdline", "status", "create_time"]):
        words = process.info["cmdline"] or []
        is_worker = "worker" in words and bool(set(words) & set(run_ids))
        if is_worker and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return sorted(found, key=lambda process: process.info["create_time"])


def kill(processes: list[psutil.Process]) -> None:
    """SIGKILL to all of them, as nearly at once as can be."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def press_the_button(run: runs.Run) -> str:
    """What the Train page's button does for a run that ended early: which button that was."""
    if run.can_resume():
        runs.launch(run)
        return "Resume"
    assert run.can_start_again(), run.status()
    runs.start_again(run)
    return "Start again"


_ACT = """
import json, sys
from pathlib import Path
from cnn import runs
print("ready", flush=True)
for line in sys.stdin:
    what, path, values = json.loads(line)
    run = runs.Run(Path(path))
    do = {"launch": runs.launch, "start_again": runs.start_again, "send": runs.Run.send,
          "delete": runs.Run.delete, "rename": runs.Run.rename}[what]
    try:
        do(run, **values)
        print("ok", flush=True)
    except runs.RunError as error:
        print(str(error).replace("\\n", " "), flush=True)
"""


class Launcher:
    """A process beside this one that does to runs what it is told."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _ACT],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._read() == "ready"

    def ask(self, what: str, run: runs.Run, **values: object) -> None:
        """Tell it to act; `answer` waits for what came of it."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps([what, str(run.path), values]) + "\n")
        self._process.stdin.flush()

    def answer(self) -> str:
        """`ok`, or the error in words."""
        return self._read()

    def _read(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=10)


def at_once(*actions: Callable[[], None]) -> list[str]:
    """Do these in threads that leave one barrier together; `ok` or the error of each."""
    barrier, said = threading.Barrier(len(actions)), [""] * len(actions)

    def act(place: int, action: Callable[[], None]) -> None:
        barrier.wait()
        try:
            action()
            said[place] = "ok"
        except runs.RunError as error:
            said[place] = str(error)

    threads = [threading.Thread(target=act, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def half_written(run: runs.Run) -> Iterator[Path]:
    """Files of which a worker has written a part."""
    return run.path.rglob(".*.*")
