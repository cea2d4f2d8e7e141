"""The first page paints, and the navigation reaches every other one."""

from playwright.sync_api import Page, expect


def test_a_servers_first_visit_may_be_to_any_page(page: Page, server):
    """Streamlit would run the bare page, as in a multipage app of its old kind."""
    page.goto(f"{server.url}/evaluate")
    expect(page.get_by_role("heading", level=1)).to_have_text("Evaluate")
    expect(page.get_by_text("CURRENT RUN")).to_be_visible()
    expect(page.get_by_test_id("stSidebarNav").get_by_role("link")).to_have_count(6)


def test_the_navigation_reaches_every_page(page: Page, server):
    page.goto(server.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("How does a machine see a digit?")
    for name in ("Design", "Train", "Inspect", "Draw", "Evaluate", "Learn"):
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
        heading = "How does a machine see a digit?" if name == "Learn" else name
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        expect(page.get_by_test_id("stException")).to_have_count(0)
