"""Pages in Streamlit's own test runner: no browser, the real scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parent.parent.parent
SECONDS = 60.0


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    """What one test cached is not another's."""
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], AppTest]:
    """`app("draw")`: that page, run once, without an exception."""
    monkeypatch.chdir(ROOT)

    def start(page: str = "", **query: str) -> AppTest:
        test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
        for name, value in query.items():
            test.query_params[name] = value
        test.run()
        if page:
            test.switch_page(f"pages/{page}.py").run()
        assert not test.exception, test.exception
        return test

    return start
