"""Documents in a browser."""

from typing import Any

from playwright.sync_api import expect


def test_a_page_with_what_was_read_in_its_place(browse: Any) -> None:
    """From the list to the document; values stand on their fields, what waits to be keyed is not told."""
    page = browse("documents")
    page.get_by_role("link", name="a.png").click()
    fields = page.locator(".value")
    expect(fields).to_have_count(2)
    expect(fields.nth(0)).to_have_attribute("aria-label", "one: waits to be keyed")
    expect(fields.nth(1)).to_have_attribute("aria-label", "sure: 9, accepted, 99.0 % sure")
    expect(page.locator("#history li")).to_have_count(5)
    box, sheet = fields.nth(1).bounding_box(), page.locator(".sheet img").bounding_box()
    assert box is not None
    assert sheet is not None
    assert abs((box["x"] - sheet["x"]) / sheet["width"] - 10 / 500) < 0.01


def test_a_document_that_is_not_there(browse: Any) -> None:
    """Says so."""
    expect(browse("documents/99").locator("body")).to_contain_text("there is no such document")
