"""Streamlit's own login, against an OpenID provider that runs here: who somebody is, who teaches.

On request: `pip install oidc-provider-mock "streamlit[auth]"`, then
`CNN_BROWSER=long python -m pytest tests/browser/test_login.py`.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from cnn.common import workspaces
from tests.browser.conftest import SECONDS
from tests.browsing import free_port, idle, served

mock = pytest.importorskip("oidc_provider_mock", reason="pip install oidc-provider-mock Authlib")
pytest.importorskip("authlib", reason="pip install 'streamlit[auth]'")
pytestmark = pytest.mark.long

TEACHER = "teacher@school.example"
USERS = {
    "ada": {"email": "ada@school.example", "email_verified": True},
    "teach": {"email": TEACHER, "email_verified": True},
    "eve": {"email": TEACHER, "email_verified": False},  # which anybody may write into an account
}
SECRETS = """
[auth]
redirect_uri = "{url}/oauth2callback"
cookie_secret = "a-secret-of-this-test-and-no-others"
client_id = "playground"
client_secret = "any"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """An OpenID provider with a form in which one says who one is."""
    known = [mock.User(sub=name, claims=claims) for name, claims in USERS.items()]
    with mock.run_server_in_thread(user_claims=known) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("login")


@pytest.fixture(scope="module")
def url(runs: Path, provider: str, data_folder: Path) -> Iterator[str]:
    port, home = free_port(), runs / "home"
    (home / ".streamlit").mkdir(parents=True)
    secrets = SECRETS.format(url=f"http://127.0.0.1:{port}", provider=provider)
    (home / ".streamlit" / "secrets.toml").write_text(secrets)
    folders = {"HOME": str(home), "CNN_RUNS_DIR": str(runs), "CNN_DATA_DIR": str(data_folder)}
    with served(
        runs / "server.log", port, CNN_CLASS="1", CNN_TEACHERS=TEACHER, **folders
    ) as address:
        yield address


@contextlib.contextmanager
def logged_in(browser: Browser, url: str, who: str) -> Iterator[Page]:
    """A window of their own, in which `who` has logged in on Compare's page."""
    with contextlib.closing(browser.new_context()) as window:
        window.set_default_timeout(SECONDS)
        page = window.new_page()
        page.goto(f"{url}/?w=v{'x' * 22}&teacher=nothing")
        page.get_by_role("button", name="Log in").click()
        page.locator("input[name=sub]").fill(who)
        page.get_by_role("button", name="Authorize").click()
        page.wait_for_url(f"{url}/**")
        page.get_by_text("WORKSPACE").wait_for()
        idle(page)
        yield page


def test_a_pupil_is_known_by_the_verified_address(
    browser: Browser, url: str, runs: Path, provider: str
):
    with logged_in(browser, url, "ada") as page:
        page.get_by_text(re.compile("ada@.?school.example")).wait_for()  # its parts kept apart
        assert "w=" not in page.url and "teacher" not in page.url
        assert not page.get_by_role("link", name="Teacher").count()
        page.get_by_role("button", name="Give your name").click()
        page.get_by_role("textbox", name="Your name").fill("Ada")
        page.get_by_role("button", name="Keep it").click()
        page.get_by_test_id("stSidebar").get_by_text(re.compile("Ada *$")).wait_for()
        kept = runs / ".workspaces" / workspaces.named("ada@school.example") / ".visitor.json"
        assert kept.read_text() == '{"name":"Ada"}'
        page.reload()  # and a second tab: nobody has to log in again
        second = page.context.new_page()
        second.goto(f"{url}/compare")
        for tab in (page, second):
            tab.get_by_test_id("stSidebar").get_by_text(re.compile("Ada *$")).wait_for()
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url(f"{provider}/**")  # which asks whether to end its own session too
        page.goto(url)
        page.get_by_role("button", name="Log in").wait_for()


def test_the_teacher_is_who_the_setting_names_and_a_claimed_address_is_not(
    browser: Browser, url: str
):
    with logged_in(browser, url, "teach") as page:
        page.get_by_role("link", name="Teacher").click()
        page.get_by_role("heading", name="Teacher").wait_for()
    with logged_in(browser, url, "eve") as page:
        page.get_by_text(re.compile("localhost.* eve")).wait_for()  # the provider's own id
        assert not page.get_by_role("link", name="Teacher").count()
