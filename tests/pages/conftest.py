"""Pages in Streamlit's own test runner: no browser, the real scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from cnn.common import workspaces

ROOT = Path(__file__).parent.parent.parent
SECONDS = 60.0


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    """What one test cached is not another's."""
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture(autouse=True)
def through_the_front_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run app.py before every page, as a server does from its second visit on.

    The test runner would take the folder `pages` for a multipage app of Streamlit's old kind at
    every run, and run the pages bare.
    """
    make = PagesManager.__init__

    def modern(self: PagesManager, *args: Any, **named: Any) -> None:
        make(self, *args, **named)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", modern)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], AppTest]:
    """`app("draw")`: that page, run once, without an exception."""
    monkeypatch.chdir(ROOT)

    def start(page: str = "", **query: str) -> AppTest:
        test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
        if workspaces.is_visitor(query.get("w", "")):  # a key opens what is there
            workspaces.folder(query["w"]).mkdir(parents=True, exist_ok=True)
        for name, value in query.items():
            test.query_params[name] = value
        test.run()
        if page:
            test.switch_page(f"pages/{page}.py").run()
        assert not test.exception, test.exception
        return test

    return start
