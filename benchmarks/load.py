"""A class on one server: many sessions that design, draw and watch while one training runs.

    python -m benchmarks.load [--sessions 1 5 15 30] [--seconds 30] [--kept 0]

Starts a server of its own, trains Compact CNN, and lets so many visitors (`benchmarks.visitors`)
act, one action in about `--think` seconds each: a third edits a network, a third draws, a third
watches the training and changes pages. Says for each number of sessions the errors, the rerun's
median and 95th percentile, what the training lost, and the server's memory; at last the memory
after all have left.
With `--kept 300` it measures instead how long every page takes beside so many kept runs.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.latency import end, new_run, wait_for_step
from benchmarks.tables import print_machine, print_table
from benchmarks.visitors import Visitor, watch
from cnn import runs
from tests.browsing import served, server_of
from tests.strokes import SAMPLE_STROKES, fabric, place

PAGES = ["", "learn", "design", "train", "inspect", "draw", "evaluate", "compare"]
LEFT_SECONDS = 8.0  # after which a session that has left is forgotten, here
ENVIRONMENT = {"STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": "5", "CNN_STANDBY": "0"}


async def act(visitor: Visitor, role: int, run: runs.Run, think: float, until: float) -> None:
    """What one of a class does until then, with pauses between."""
    chance, turn, leave = random.Random(role), 0, asyncio.Event()
    watching = None
    await asyncio.sleep(chance.uniform(0, think))
    await visitor.enter()
    await visitor.go(("design", "draw", "train")[role % 3])
    if role % 3 == 2:
        watching = asyncio.create_task(watch(visitor.url, run.id, leave))
    while time.monotonic() < until:
        await asyncio.sleep(chance.uniform(0.5, 1.5) * think)
        turn += 1
        if role % 3 == 0:
            await visitor.press("Undo" if turn % 2 == 0 else "Dropout")
        elif role % 3 == 1:
            strokes = chance.choice(list(SAMPLE_STROKES.values()))
            await visitor.draw(fabric(place(strokes, 20 + turn, 20, 2.2)))
        else:
            await visitor.go(("inspect", "train", "compare", "train")[turn % 4])
    leave.set()
    if watching:
        await asyncio.wait([watching], timeout=5)
    await visitor.leave()


async def crowd(url: str, run: runs.Run, count: int, seconds: float, think: float) -> list[Visitor]:
    """So many visitors at once for so long."""
    visitors = [Visitor(url, f"run={run.id}") for _ in range(count)]
    until = time.monotonic() + seconds
    tasks = [act(one, role, run, think, until) for role, one in enumerate(visitors)]
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    for visitor, ended in zip(visitors, ends, strict=True):
        if isinstance(ended, BaseException):
            visitor.errors.append(f"{type(ended).__name__}: {ended}")
    return visitors


def images_seen(run: runs.Run) -> tuple[float, int]:
    """The moment, and how many images the run has learned from."""
    return time.monotonic(), int(run.last_status().get("images_seen", 0))


def speed(since: tuple[float, int], now: tuple[float, int]) -> float:
    """Images per second between two looks."""
    return (now[1] - since[1]) / max(now[0] - since[0], 1e-9)


def measure(sessions: Sequence[int], seconds: float, think: float, log: Path) -> None:
    """Every number of sessions, one after the other, on one server."""
    run = new_run()
    rows = []
    with served(log, **ENVIRONMENT) as url:
        server = server_of(url)
        runs.launch(run)
        wait_for_step(run)
        asyncio.run(crowd(url, run, 1, 2, 0.1))  # what is loaded once
        warm = Visitor(url, f"run={run.id}")
        asyncio.run(every_page(warm))
        time.sleep(LEFT_SECONDS)
        began = images_seen(run)
        time.sleep(min(seconds, 15))
        alone, before = speed(began, images_seen(run)), server.memory_info().rss
        for count in sessions:
            began = images_seen(run)
            visitors = asyncio.run(crowd(url, run, count, seconds, think))
            trained, memory = speed(began, images_seen(run)), server.memory_info().rss
            took = 1000 * np.array([s for one in visitors for s in one.seconds])
            errors = [error for one in visitors for error in one.errors]
            for error in errors[:5]:
                print("!", error)
            middle, slow = np.percentile(took, (50, 95))
            lost = f"{max(0.0, 1 - trained / max(alone, 1e-9)):.0%}"
            made = [f"{count}", f"{len(took):,}", f"{len(errors)}", f"{middle:,.0f} ms"]
            rows.append([*made, f"{slow:,.0f} ms", lost, f"{memory / 1e6:,.0f} MB"])
        time.sleep(LEFT_SECONDS)
        after = server.memory_info().rss
        end(run)
    head = ["sessions", "reruns", "errors", "median", "95 %", "training lost", "server's memory"]
    print_table(head, rows)
    print(
        f"\nTraining alone: {alone:,.0f} images/s. Memory: {before / 1e6:,.0f} MB before the first"
    )
    print(f"crowd, {after / 1e6:,.0f} MB after all have left ({after / before - 1:+.0%}).")


async def every_page(visitor: Visitor) -> dict[str, float]:
    """The seconds that each page takes at its second visit."""
    found = {}
    await visitor.enter()
    for page in (*PAGES, *PAGES):
        await visitor.go(page)
        found[page or "play"] = visitor.seconds[-1]
    await visitor.leave()
    return found


def measure_kept(count: int, log: Path) -> None:
    """Every page's rerun beside so many finished runs."""
    from tests.made_runs import made_run

    for number in range(count):
        made_run(f"Run {number}", (0.8, 0.85, 0.9))
    with served(log, **ENVIRONMENT) as url:
        visitors = [Visitor(url), Visitor(url)]  # PyTorch loads while the first looks around
        first, then = (asyncio.run(every_page(visitor)) for visitor in visitors)
    rows = [
        [page, f"{1000 * first[page]:,.0f} ms", f"{1000 * then[page]:,.0f} ms"] for page in then
    ]
    print_table(["page", f"{count} kept runs, PyTorch loading", "loaded"], rows)
    for error in [error for visitor in visitors for error in visitor.errors][:5]:
        print("!", error)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 5, 15, 30])
    parser.add_argument("--seconds", type=float, default=30.0, help="for each number of sessions")
    parser.add_argument("--think", type=float, default=4.0, help="seconds between two actions")
    parser.add_argument("--kept", type=int, default=0, help="beside so many runs, every page once")
    options = parser.parse_args()
    print_machine()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CNN_RUNS_DIR"] = folder
        if options.kept:
            measure_kept(options.kept, Path(folder) / "server.log")
        else:
            measure(options.sessions, options.seconds, options.think, Path(folder) / "server.log")


if __name__ == "__main__":
    main()
