"""Looking at what was read as one digit, by keyboard."""

from typing import Any

import pytest
from playwright.sync_api import expect

from digitd.store import Store


@pytest.fixture
def passed(waiting: None, record: Any, make_field: Any) -> None:
    """Twelve fields that passed, each a 7."""
    record("c.png", [make_field(f"f{place}", "7") for place in range(12)])


def test_all_others_are_confirmed_with_one_key(passed: None, browse: Any, store: Store) -> None:
    """Arrows go from one to the next and to the row below, space marks, Enter confirms the rest."""
    page = browse("lookalikes/7")
    glyphs = page.locator(".glyph")
    expect(glyphs).to_have_count(12)
    for key in ("ArrowRight", "ArrowDown", "Space", "ArrowUp", "Space", "Space"):
        page.keyboard.press(key)
    expect(glyphs.nth(11)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#told")).to_have_text("1 is not a 7.")
    page.keyboard.press("p")
    expect(page.locator("#where")).to_have_text("c.png, page 1: f1")
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("11 fields verified, 1 to be keyed. No 7 waits any more.")
    assert len(list(store.labels())) == 11
    (doubted,) = store.field_named(document="c.png", page=1, field="f11")
    assert str(doubted.state) == "review"


def test_nobody_answers(passed: None, browse: Any, desk: Any, store: Store) -> None:
    """The screen and its marks stay until the desk has heard."""
    page = browse("lookalikes/7")
    page.locator(".glyph").nth(3).click()
    desk.stop()
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("Not confirmed yet")
    expect(page.locator(".glyph").nth(3)).to_have_attribute("aria-pressed", "true")
    desk.start()
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("11 fields verified, 1 to be keyed")
    assert len(list(store.labels())) == 11


def test_the_first_page_leads_there(passed: None, browse: Any) -> None:
    """Each digit with how many wait."""
    page = browse()
    page.get_by_role("link", name="7 12").click()
    expect(page.locator(".glyph")).to_have_count(12)


def test_marks_are_not_thrown_away_by_undo(passed: None, browse: Any, record: Any, make_field: Any) -> None:
    """It says so; without them the screen before is taken back."""
    page = browse("lookalikes/7")
    expect(page.locator(".glyph")).to_have_count(12)
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("12 fields verified")
    record("d.png", [make_field("other", "7")])
    page.reload()
    glyphs, marked = page.locator(".glyph"), page.locator('.glyph[aria-pressed="true"]')
    expect(glyphs).to_have_count(1)
    page.keyboard.press("Space")
    page.keyboard.press("u")
    expect(page.locator("#told")).to_contain_text("There are marks")
    expect(marked).to_have_count(1)
    page.keyboard.press("Space")
    page.keyboard.press("u")
    expect(page.locator("#told")).to_contain_text("Taken back")
    expect(glyphs).to_have_count(12)


def test_a_screen_is_taken_back(passed: None, browse: Any, store: Store) -> None:
    """After a reload, and from the screen of another digit: it comes again as it was marked."""
    page = browse("lookalikes/7")
    expect(page.locator(".glyph")).to_have_count(12)
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("11 fields verified")
    page.reload()
    page.keyboard.press("u")
    expect(page.locator("#told")).to_have_text("Taken back: this screen is as you left it.")
    expect(page.locator('.glyph[aria-pressed="true"]')).to_have_count(1)
    assert list(store.labels()) == []
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("11 fields verified")
    page.goto(page.url.replace("/7", "/9"))
    page.keyboard.press("u")
    page.wait_for_url("**/lookalikes/7")
    expect(page.locator('.glyph[aria-pressed="true"]')).to_have_count(1)
