"""Make sure that there is a browser for the browser tests: `python tests/get_browser.py`.

Takes the first that works: Playwright's own, the system's Chromium, Playwright's download (needs
an open network), and, as root on Debian, apt's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

DOWNLOAD_SECONDS = 300
SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_browser() -> str | None:
    """Playwright's own Chromium where it was downloaded, else the system's, else None."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if Path(own).is_file():
        return own
    return next((path for name in SYSTEM_NAMES if (path := shutil.which(name))), None)


def ways() -> Iterator[list[str]]:
    """The commands that may bring one, in the order in which they are tried."""
    yield [sys.executable, "-m", "playwright", "install", "chromium"]
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        yield ["apt-get", "update", "-qq"]
        yield ["apt-get", "install", "-y", "-qq", "chromium"]


def main() -> int:
    """Find or install; returns the exit code."""
    for command in ways():
        if found := find_browser():
            break
        print("No browser yet. Trying:", " ".join(command), flush=True)
        try:
            subprocess.run(command, timeout=DOWNLOAD_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            print(error)
    else:
        found = find_browser()
    print(f"Browser: {found}" if found else "No browser could be installed. Install Chromium.")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
