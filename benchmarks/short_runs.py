"""Hundreds of short runs, queued and finished one after another: what is left of them afterwards.

    python -m benchmarks.short_runs [--runs 500] [--by-page 20] [--forked]

The first `--by-page` are started by the server itself, by the button of the Train page; the others
by this process, as the command line does, `--waiting` of them in the queue at a time, while the
server's pages and streams look on. `--forked` starts those from a process that has PyTorch already
(`tests.faults.nursery`): the same workers in a tenth of the time. Says at last which processes,
handles, locks and files are left, and how the memory of the server has grown.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

from benchmarks.tables import print_machine, print_table
from benchmarks.visitors import Visitor, watch
from cnn import runs
from cnn.network import Architecture
from cnn.network.layers import Flatten
from cnn.runs import locks, queue, starting
from cnn.runs.folders import devices_dir
from cnn.training import Settings
from tests.browsing import served, server_of
from tests.faults.nursery import Nursery
from tests.faults.processes import half_written

NETWORK = Architecture(layers=(Flatten(),))
SETTINGS = Settings(epochs=1, train_images=320, batch_size=32, precision="float32")
LOOK_EVERY = 20  # runs, after which a page and a stream are opened
TELL_EVERY = 50
MOST_SECONDS = 4 * 3600.0


def new(number: int) -> runs.Run:
    """A run of two seconds or less."""
    return runs.new(NETWORK, SETTINGS, "mnist-sample", "cpu", name=f"Short {number}")


async def press_start(url: str, run: runs.Run) -> list[str]:
    """Start it by the Train page's own button; what went wrong."""
    visitor = Visitor(url, f"run={run.id}")
    await visitor.enter()
    await visitor.go("train")
    await visitor.press("Start again")
    await visitor.leave()
    return visitor.errors


async def look(url: str, run: runs.Run) -> list[str]:
    """Open its page and its stream for a moment, and leave."""
    visitor, leave = Visitor(url, f"run={run.id}"), asyncio.Event()
    await visitor.enter()
    watching = asyncio.create_task(watch(url, run.id, leave))
    for page in ("train", "compare"):
        await visitor.go(page)
    leave.set()
    await asyncio.wait([watching], timeout=20)
    await visitor.leave()
    return visitor.errors


def until(condition, seconds: float = MOST_SECONDS) -> None:
    """Wait for it."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("It takes far too long.")
        time.sleep(0.05)


def of_folder(folder: str, besides: set[int]) -> list[str]:
    """The processes that were started for this runs' folder, and live."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            ours = process.environ().get("CNN_RUNS_DIR") == folder
            if ours and process.pid not in besides and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline())[:90])
    return found


def taken(process: psutil.Process) -> tuple[int, int, float]:
    """Open files and connections, threads, and megabytes of a process."""
    return process.num_fds(), process.num_threads(), process.memory_info().rss / 1e6


def left_over(folder: Path, made: list[runs.Run]) -> dict[str, object]:
    """What is there that should not be: empty where all is well."""
    names = Counter(
        frozenset(p.relative_to(run.path).as_posix() for p in run.path.rglob("*")) for run in made
    )
    (usual, _), *others = names.most_common()
    held = [run.id for run in made if locks.is_held(run.files.lock)]
    held += [p.name for p in devices_dir().glob("*.lock") if locks.is_held(p)]
    found: dict[str, object] = {
        "not finished": dict(Counter(run.state for run in made if run.state != "finished")),
        "tickets": [p.name for p in (devices_dir() / "queue").glob("*")],
        "locks that are held": held,
        "half-written files": [p.name for run in made for p in half_written(run)],
        "files that other runs do not have": [sorted(other ^ usual) for other, _ in others],
        "strangers in the folder": sorted(
            p.name
            for p in folder.iterdir()
            if p.name not in {".devices", *(run.id for run in made)}
        ),
    }
    return found


def main() -> None:
    """Run them, and say what is left."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--by-page", type=int, default=20)
    parser.add_argument("--waiting", type=int, default=8)
    parser.add_argument("--forked", action="store_true")
    parser.add_argument("--quick", action="store_true", help="forty runs, two by the page")
    options = parser.parse_args()
    if options.quick:
        options.runs, options.by_page = 40, 2
    print_machine()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        os.environ.update(CNN_RUNS_DIR=folder, CNN_STANDBY="0")
        log = Path(folder).parent / f"{Path(folder).name}.log"
        stack.callback(log.unlink)
        url = stack.enter_context(
            served(log, STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL="5", CNN_STANDBY="0")
        )
        server, me, errors = server_of(url), psutil.Process(), list[str]()
        nursery = None
        if options.forked:
            nursery = Nursery()
            starting._start = nursery.start
        besides = {me.pid, server.pid, *(child.pid for child in me.children())}
        made: list[runs.Run] = []
        rows: list[list[str]] = []

        def tell() -> None:
            files, threads, memory = taken(server)
            own, *_ = taken(me)
            rows.append([f"{len(made)}", f"{files}", f"{threads}", f"{memory:,.0f} MB", f"{own}"])
            print(*rows[-1], flush=True)

        for number in range(options.by_page):
            made.append(new(number))
            errors += asyncio.run(press_start(url, made[-1]))
            until(lambda: len(queue.tickets()) < options.waiting)
        until(lambda: not any(run.is_alive() for run in made))
        errors += asyncio.run(look(url, made[-1]))
        time.sleep(8)  # sessions that have left are forgotten
        tell()
        while len(made) < options.runs:
            until(lambda: len(queue.tickets()) < options.waiting)
            made.append(new(len(made)))
            runs.launch(made[-1])
            if len(made) % LOOK_EVERY == 0:
                errors += asyncio.run(look(url, made[-1]))
            if len(made) % TELL_EVERY == 0:
                tell()
        until(lambda: not any(run.is_alive() for run in made))
        time.sleep(8)
        tell()
        left = left_over(Path(folder), made)
        left["processes"] = of_folder(folder, besides)
        left["errors of pages"] = errors[:5]
        if nursery:
            nursery.close()
    head = ["runs", "server's handles", "threads", "memory", "launcher's handles"]
    print_table(head, rows)
    print()
    for what, found in left.items():
        print(f"{what}: {found or 'none'}")


if __name__ == "__main__":
    main()
