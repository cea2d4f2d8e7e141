"""The first page paints, and the navigation reaches every other one."""

from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

HEADINGS = {
    "Learn": "How does a machine see a digit?",
    "Play": "Press Train and watch a network learn to read digits",
}


def test_a_servers_first_visit_may_be_to_any_page(page: Page, server):
    """Streamlit would run the bare page, as in a multipage app of its old kind."""
    page.goto(f"{server.url}/evaluate")
    expect(page.get_by_role("heading", level=1)).to_have_text("Evaluate")
    expect(page.get_by_text("CURRENT RUN")).to_be_visible()
    expect(page.get_by_test_id("stSidebarNav").get_by_role("link")).to_have_count(8)


def test_the_navigation_reaches_every_page_and_none_asks_another_host(page: Page, server):
    """Nothing leaves the machine: no font, no icon, no statistics. Nor is an error written."""
    elsewhere, errors = [], []
    page.on("request", lambda r: elsewhere.append(r.url) if is_elsewhere(r.url, server) else None)
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.goto(f"{server.url}/compare")
    for name in ("Design", "Train", "Inspect", "Draw", "Evaluate", "Compare", "Learn", "Play"):
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
        heading = HEADINGS.get(name, name)
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        page.wait_for_load_state("networkidle")
    assert not elsewhere
    # Streamlit itself looks for its own files below the page's path first.
    assert [text for text in errors if "404" not in text] == []


def is_elsewhere(url: str, server) -> bool:
    """Whether a request goes to anything but the app."""
    address = urlsplit(url)
    return address.scheme not in ("data", "blob") and address.netloc != urlsplit(server.url).netloc


def test_the_server_does_not_ask_the_internet_for_its_address(server):
    log = server.runs.parent / f"{server.runs.name}.log"
    assert "External URL" not in log.read_text()
