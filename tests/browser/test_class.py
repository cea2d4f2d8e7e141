"""Two pupils of one class server, each in a browser of their own."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import SECONDS
from tests.browsing import idle, served


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, data_folder: Path):
    folder = tmp_path_factory.mktemp("class")
    settings = {"CNN_CLASS": "1", "CNN_MIN_FREE_BYTES": "0", "CNN_MAX_EPOCHS": "none"}
    log = folder.parent / f"{folder.name}.log"
    with served(
        log, CNN_RUNS_DIR=str(folder), CNN_DATA_DIR=str(data_folder), **settings
    ) as address:
        yield address
    for run in folder.glob(".workspaces/*/*/"):  # of a test that failed before it stopped it
        (run / "control.json").write_text('{"stop": true}')


def test_each_trains_watches_and_keeps_to_themselves(browser: Browser, url: str):
    with contextlib.ExitStack() as open_windows:
        ada, bob = (
            open_windows.enter_context(contextlib.closing(browser.new_context())) for _ in "ab"
        )
        for window in (ada, bob):
            window.set_default_timeout(SECONDS)
        page, other = ada.new_page(), bob.new_page()
        page.goto(f"{url}/train")
        start = page.get_by_role("button", name=re.compile("^Train .* for "))
        with page.expect_response(lambda answer: "/live/" in answer.url) as watched:
            start.click()
        assert watched.value.status == 200  # the stream, with the page's own key
        run_id, _, key = watched.value.url.rpartition("/")[2].partition("~")
        key = key.partition("?")[0]
        mine = re.search(r"[?&]w=(v[\w-]{33})", page.url)
        assert mine and key and key != mine[1]

        other.goto(f"{url}/compare?run={run_id}")
        idle(other)
        theirs = re.search(r"[?&]w=(v[\w-]{33})", other.url)
        assert theirs and theirs[1] != mine[1] and run_id not in other.url
        for name in (run_id, f"{run_id}~", f"{run_id}~{theirs[1]}", f"{run_id}~{mine[1]}"):
            assert other.request.get(f"{url}/live/{name}").status == 404

        page.get_by_role("link", name="Compare").first.click()
        page.wait_for_url(re.compile(rf"/compare\?.*{mine[1]}"))  # the key stays in the address
        page.reload()
        page.get_by_text(re.compile("^[0-9]+ runs?$")).first.wait_for()
        page.get_by_role("link", name="Train").first.click()
        page.get_by_role("button", name="Stop").click()
        page.get_by_text(re.compile("Stopped|stopped")).first.wait_for()
