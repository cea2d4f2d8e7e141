"""The app and Chromium, for whoever drives the real thing: browser tests and benchmarks."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
from playwright.sync_api import Page

ROOT = Path(__file__).parent.parent
START_SECONDS = 180
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def free_port() -> int:
    """A port on which nobody listens now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def served(log: Path, port: int | None = None, **environment: str) -> Iterator[str]:
    """`streamlit run app.py` on a free port, its output in `log`; yields the address.

    Raises RuntimeError with that output where the app does not answer.
    """
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    options = f"--server.port {port} --server.address 127.0.0.1 --server.headless true"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", *options.split()]
    env = {**os.environ, **environment}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + START_SECONDS
            while not _answers(url):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"The app did not start.\n{log.read_text()}")
                time.sleep(0.1)
            yield url
        finally:
            process.terminate()
            process.wait(10)


def server_of(url: str) -> psutil.Process:
    """The process, of those that this one has started, which listens there."""
    port = int(url.rpartition(":")[2])
    for one in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if any(c.laddr and c.laddr.port == port for c in one.net_connections(kind="tcp")):
                return one
    raise RuntimeError(f"No process of ours listens at {url}.")


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).close()
    except OSError:
        return False
    return True


def idle(page: Page) -> None:
    """Wait until the page's script has run, and what it drew stands still."""
    page.locator('[data-testid="stApp"]').wait_for()
    page.wait_for_function(
        """() => {
            const app = document.querySelector('[data-testid="stApp"]');
            const now = app.dataset.testScriptState === "notRunning"
                && !document.querySelector('[data-testid="stSkeleton"], [data-stale="true"]');
            const seen = now ? (window.idleSince ??= performance.now()) : (window.idleSince = null);
            return now && performance.now() - seen > 400;
        }""",
        polling=50,
    )


def choose(page: Page, label: str, option: str) -> None:
    """Choose an option of the select box with that label."""
    page.get_by_role("combobox", name=re.compile(label)).click()
    page.get_by_role("option", name=option).first.click()


def draw_strokes(page: Page, strokes: list[list[tuple[float, float]]]) -> None:
    """Draw on the page's canvas with the mouse; points on a sheet of 280×280, however large it is
    shown."""
    canvas = page.locator("canvas.upper-canvas")
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    scale = box["width"] / 280
    strokes = [[(scale * x, scale * y) for x, y in stroke] for stroke in strokes]
    for stroke in strokes:
        (x, y), *rest = stroke
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.mouse.down()
        for x, y in rest:
            page.mouse.move(box["x"] + x, box["y"] + y, steps=6)
        page.mouse.up()
