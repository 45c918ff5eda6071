"""Keying field after field in a browser, as a clerk does: with the keyboard alone."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from digitd.records import Verdict
from digitd.store import Store


def shows(page: Any, field: str) -> None:
    """The field is on the screen: its name, its picture, and its place on the page."""
    expect(page.locator("#where")).to_have_text(f"{'a' if field == 'one' else 'b'}.png, page 1: {field}")
    expect(page.locator("#picture img")).to_have_attribute("alt", f"Field {field}")
    expect(page.locator("#mark")).to_be_visible()


def key(page: Any, keys: str) -> None:
    """Press keys one after the other; a space is Enter."""
    for one in keys:
        page.keyboard.press("Enter" if one == " " else one)


def saved(page: Any, waiting: int) -> None:
    """The desk has all that was said."""
    expect(page.locator("#waiting")).to_have_text(str(waiting))
    while page.evaluate("Object.keys(localStorage).length"):
        page.wait_for_timeout(20)


def labels(store: Store) -> dict[str, str]:
    return {field.name: label.value for field, label in store.labels()}


def test_a_clerk_keys_all_that_waits(browse: Any, store: Store) -> None:
    """Enter on the first page begins; digits and Enter, field after field; then nothing waits."""
    page = browse()
    page.keyboard.press("Enter")
    shows(page, "two")
    key(page, "22 ")
    shows(page, "one")
    key(page, "11 33 ")
    expect(page.locator("#picture")).to_contain_text("Nothing waits for you")
    saved(page, 0)
    assert labels(store) == {"two": "22", "one": "11", "three": "33"}
    expect(page.locator("#pace")).to_have_text(re.compile(r"^3 keyed, \d+\.\d s and 3\.0 keys each$"))


def test_every_key_does_what_its_button_says(browse: Any, store: Store) -> None:
    """x, w and b say why there are no digits; s leaves the field for another time."""
    page = browse("fields")
    shows(page, "two")
    key(page, "x")
    shows(page, "one")
    key(page, "w")
    shows(page, "three")
    key(page, "s")
    expect(page.locator("#told")).to_have_text("three is passed over.")
    saved(page, 1)
    said = {field.name: field.label and field.label.verdict for field in store.fields()}
    assert said == {"one": Verdict.MISPLACED, "sure": None, "two": Verdict.UNREADABLE, "three": None}


def test_undo_goes_back_also_after_a_reload(browse: Any, store: Store) -> None:
    """The field is there again with what was said of it, which typing replaces."""
    page = browse("fields")
    shows(page, "two")
    key(page, "21 12 ")
    shows(page, "three")
    saved(page, 1)
    page.reload()
    shows(page, "three")
    saved(page, 1)
    key(page, "u")
    shows(page, "one")
    expect(page.locator("#typed")).to_have_value("12")
    key(page, "u")
    shows(page, "two")
    key(page, "22 ")
    saved(page, 2)
    assert labels(store) == {"two": "22"}


def test_two_clerks_at_once_never_see_the_same(browse: Any, store: Store) -> None:
    """Each signs with the name given at that browser; what one leaves to others comes to the other by itself."""
    first = browse("fields")
    shows(first, "two")
    second = browse()
    second.locator("#name").fill("bob")
    second.keyboard.press("Enter")
    expect(second.locator(".who")).to_have_text("bob")
    second.goto(second.url + "fields")
    expect(second.locator("#picture")).to_contain_text("Nothing waits for you. To be keyed by others")
    key(first, "22 s33 ")
    saved(first, 1)
    expect(second.locator("#where")).to_have_text("a.png, page 1: one", timeout=20_000)
    key(second, "11 ")
    saved(second, 0)
    assert {label.verifier for _, label in store.labels()} == {"ada", "bob"}


def test_what_is_typed_while_nobody_answers_is_saved_later(browse: Any, desk: Any, store: Store) -> None:
    """The server goes away in the middle, the page is even loaded again when it is back: nothing is lost or doubled."""
    page = browse("fields")
    shows(page, "two")
    desk.stop()
    key(page, "22 ")
    shows(page, "one")
    expect(page.locator("#told")).to_contain_text("Not saved yet: 1")
    key(page, "11 33 ")
    expect(page.locator("#picture")).to_contain_text("kept here until the desk answers")
    desk.start()
    page.reload()
    saved(page, 0)
    assert [(field.name, label.value) for field, label in store.labels()] == [
        ("one", "11"),
        ("two", "22"),
        ("three", "33"),
    ]


def test_what_somebody_else_has_keyed_is_told(browse: Any, store: Store) -> None:
    """What was typed is named in the message, so that it is not lost either."""
    page = browse("fields")
    shows(page, "two")
    field = store.field_named(document="b.png", page=1, field="two")[0]
    from digitd.records import LabelMode

    store.add_label(field.id, "22", verifier="eve", mode=LabelMode.BLIND)
    key(page, "21 ")
    expect(page.locator("#told")).to_have_text("21 is not saved for two: somebody else has keyed it meanwhile.")
    shows(page, "one")
    assert labels(store) == {"two": "22"}


def test_letters_are_no_digits(browse: Any) -> None:
    """They stay out of the box, and b does not throw digits away."""
    page = browse("fields")
    shows(page, "two")
    key(page, "2k2b")
    expect(page.locator("#typed")).to_have_value("22")
    expect(page.locator("#told")).to_contain_text("There are digits")
    page.keyboard.press("Escape")
    expect(page.locator("#typed")).to_have_value("")
    key(page, " ")
    expect(page.locator("#told")).to_contain_text("Type the digits first")


@pytest.mark.parametrize("width", [1280, 640, 390])
def test_nothing_is_cut_off_on_any_screen(browse: Any, width: int) -> None:
    """No sideways scrolling on a monitor, at 200 %, on a tablet or a telephone; the box has the focus."""
    page = browse("fields", viewport={"width": width, "height": 800})
    shows(page, "two")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator("#typed")).to_be_focused()
