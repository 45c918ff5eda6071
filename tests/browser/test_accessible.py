"""Every screen, as axe-core sees it: in light and dark, at twice the size, and on a narrow tablet."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

SERIOUS = {"serious", "critical"}

SCREENS = {
    "": ".queue",
    "fields": "#picture img",
    "lookalikes/9": ".glyph",
    "documents": "tbody tr",
    "documents/1": ".value",
    "login": "#token",
}


@pytest.mark.parametrize("path", SCREENS)
@pytest.mark.parametrize(
    "settings",
    [
        {"color_scheme": "light"},
        {"color_scheme": "dark"},
        {"color_scheme": "light", "viewport": {"width": 640, "height": 480}},
    ],
    ids=["light", "dark", "narrow"],
)
def test_nothing_serious_stands_in_anybody_s_way(browse: Any, path: str, settings: dict[str, Any]) -> None:
    """Names, roles, contrast, order: what axe-core calls serious or critical is on no screen; nothing is cut off."""
    page = browse(path, bypass_csp=True, **settings)  # axe is put into the page, which its own rules forbid
    expect(page.locator(SCREENS[path]).first).to_be_visible()
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["target"]) for one in found if one["impact"] in SERIOUS] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
