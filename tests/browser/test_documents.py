"""Documents in a browser."""

from typing import Any

from playwright.sync_api import expect

from digitd.records import LabelMode
from digitd.store import Store


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


def test_a_value_that_looks_wrong_is_marked_and_sent(browse: Any, store: Store) -> None:
    """By keyboard; it is told no more, and nothing can be approved while it waits."""
    page = browse("documents/1")
    one = page.locator(".value.accepted")
    expect(one).to_have_count(1)
    one.focus()
    page.keyboard.press("Space")
    expect(one).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("k")
    expect(page.locator("#told")).to_have_text("To be keyed: 1.")
    expect(page.locator(".value.review")).to_have_count(2)
    expect(page.locator("#approve")).to_be_disabled()
    assert store.waiting() == 4


def test_a_document_is_approved_with_one_key(browse: Any, record: Any, make_field: Any, store: Store) -> None:
    """Enter, when every field of it is known."""
    document = record("d.png", [make_field("sure", "9")])
    page = browse(f"documents/{document.id}")
    expect(page.locator("#approve")).to_be_enabled()
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_have_text("Approved.")
    assert [act.act for act in store.trail(newest=1)] == ["document approved"]


def test_what_has_changed_meanwhile_is_looked_at_again(browse: Any, record: Any, make_field: Any, store: Store) -> None:
    """Enter approves nothing then: the value is shown as it is now, and Enter once more approves that."""
    document = record("d.png", [make_field("sure", "9")])
    page = browse(f"documents/{document.id}")
    expect(page.locator(".value span")).to_have_text("9")
    (field,) = store.fields(document_id=document.id)
    store.add_label(field.id, "4", verifier="eve", mode=LabelMode.BLIND)
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_have_text("Its values have changed since you looked; look again.")
    expect(page.locator(".value span")).to_have_text("4")
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_have_text("Approved.")


def test_the_list_keeps_itself_true(browse: Any, record: Any, make_field: Any) -> None:
    """A document that is read while it is looked at is on it at once."""
    page = browse("documents")
    expect(page.locator("tbody tr")).to_have_count(2)
    record("new.png", [make_field("sure", "9")])
    expect(page.locator("tbody tr")).to_have_count(3)


def test_a_document_that_is_not_there(browse: Any) -> None:
    """Says so."""
    expect(browse("documents/99").locator("body")).to_contain_text("there is no such document")
