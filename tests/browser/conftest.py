"""The real app in a real browser: a server of its own, Chromium without a screen.

Without a browser these tests are skipped with a loud reason; in CI (CI=true) they fail.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from cnn import runs
from cnn.common.files import write_json
from tests.browsing import ARGUMENTS, ROOT, served
from tests.get_browser import find_browser

SECONDS = 60_000
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note a failure for the fixture that keeps the picture: of one that is tried again, too."""
    report = yield
    item.stash[FAILED] = report.failed
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser.

    In CI one that fails is tried once more, as Playwright's own template has it: there the machine
    is shared, and a click may fall into a moment of which nobody can say more. `-rR` names it.
    """
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if os.environ.get("CI"):
                item.add_marker(pytest.mark.flaky(reruns=1))
            if item.get_closest_marker("long") and os.environ.get("CNN_BROWSER") != "long":
                item.add_marker(pytest.mark.skip(reason="runs on request: CNN_BROWSER=long"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the session."""
    found = find_browser()
    with sync_playwright() as playwright:
        if found is None:
            reason = (
                "NO BROWSER: browser tests did not run. 'python tests/get_browser.py' brings one."
            )
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Server:
    """A running app and the folder of its runs."""

    url: str
    runs: Path


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, data_folder: Path, trained_folder: Path
) -> Iterator[Server]:
    """`streamlit run app.py` on a free port; one trained run lies in its folder."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(trained_folder, folder / trained_folder.name)
    log = folder.parent / f"{folder.name}.log"
    with served(log, CNN_RUNS_DIR=str(folder), CNN_DATA_DIR=str(data_folder)) as url:
        yield Server(url, folder)
    discard_runs(folder)


def discard_runs(folder: Path) -> None:
    """End what a test has left at work there."""
    for path in folder.glob("*/config.json"):
        if (run := runs.Run(path.parent)).state in runs.ACTIVE:
            write_json(run.files.control, {"stop": True, "discard": True})


@pytest.fixture(autouse=True)
def nothing_left_at_work(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that fails leaves no training to the next one, or to its own second try."""
    yield
    if request.node.stash.get(FAILED, False) and "server" in request.fixturenames:
        discard_runs(request.getfixturevalue("server").runs)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh visitor with a desktop-sized window."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(SECONDS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A tab; if the test fails, what it showed is kept in test-artifacts/."""
    page = context.new_page()
    yield page
    if request.node.stash.get(FAILED, False):
        folder = ROOT / "test-artifacts"
        folder.mkdir(exist_ok=True)
        page.screenshot(path=folder / f"{request.node.name}.png", full_page=True)
