"""The door in a browser."""

from typing import Any

import pytest
from playwright.sync_api import expect

from digitd.records import Role
from digitd.store import Store


@pytest.fixture
def ada(store: Store, waiting: None) -> None:
    store.add_verifier("ada", Role.CLERK, "ada's token", author="root")


def test_in_and_out_by_keyboard(ada: None, browse: Any) -> None:
    """The door leads to where one was going; who is out is at the door again."""
    page = browse("fields?form=sheet")
    expect(page.get_by_label("Your token")).to_be_focused()
    page.keyboard.type("not it")
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_have_text(
        "Not logged in: nobody has this token; `digitd verifier add NAME` makes one."
    )
    page.keyboard.type("ada's token")
    page.keyboard.press("Enter")
    page.wait_for_url("**/fields?form=sheet")
    expect(page.locator(".who")).to_have_text("ada")
    page.goto(page.url.replace("/fields?form=sheet", "/"))
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")


def test_a_login_that_ends_in_the_middle_loses_nothing(ada: None, browse: Any, store: Store) -> None:
    """What was keyed is kept in the browser, and saved once they are back."""
    page = browse("fields")
    page.get_by_label("Your token").fill("ada's token")
    page.keyboard.press("Enter")
    expect(page.locator("#picture img")).to_have_attribute("alt", "Field two")
    store.add_verifier("ada", Role.CLERK, "ada's new token", author="root")  # which ends her logins
    page.keyboard.type("22")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Log in in another tab").wait_for()
    assert list(store.labels()) == []
    page.keyboard.type("1")
    door = page.context.new_page()
    door.goto(page.url.replace("/fields", "/login"))
    door.get_by_label("Your token").fill("ada's new token")
    door.keyboard.press("Enter")
    expect(page.locator("#door")).to_have_count(0)
    expect(page.locator("#picture img")).to_have_attribute("alt", "Field one")
    expect(page.locator("#typed")).to_have_value("1")
    assert [label.value for _, label in store.labels()] == ["22"]


def test_who_comes_by_a_link_from_elsewhere_is_not_asked_again(ada: None, browse: Any) -> None:
    """The door sees that they are logged in already."""
    page = browse("login")
    page.get_by_label("Your token").fill("ada's token")
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    page.goto(page.url + "login?to=/documents")
    page.wait_for_url("**/documents")
    expect(page.get_by_role("heading", name="Documents")).to_be_visible()
