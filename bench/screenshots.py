"""Pictures of the desk for the README, from the drawn forms of the demo. `make screenshots` writes docs/screens/."""

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from desk import CHROMIUM, DIGITD, desk

SCREENS = Path(__file__).parents[1] / "docs" / "screens"

#: Screens that are taken as they come: their address, the picture's name, and what is waited for.
FIRST = (("", "start", ".queue"), ("documents", "documents", "tbody"), ("login", "login", "#token"))


def main() -> None:
    """Run the demo, open its desk, and take a picture of each screen."""
    if CHROMIUM is None:
        sys.exit("bench/screenshots.py: there is no Chromium here. Install one, and try again.")
    SCREENS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "demo"
        subprocess.run([*DIGITD, "demo", str(folder)], check=True, capture_output=True)
        with desk(folder) as port, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1180, "height": 640})
            address = f"http://127.0.0.1:{port}"
            for path, name, there in FIRST:
                page.goto(f"{address}/{path}")
                page.wait_for_selector(there)
                taken(page, name)
            page.goto(f"{address}/fields")
            page.wait_for_selector("#mark", state="visible")
            page.keyboard.press("s")
            page.wait_for_selector("#picture img[alt='Field card']")
            page.keyboard.type("831")
            taken(page, "fields")
            page.goto(f"{address}/lookalikes/5")
            page.wait_for_selector(".glyph")
            for key in ("ArrowRight", "Space", "p"):
                page.keyboard.press(key)
            page.wait_for_selector("#page img")
            taken(page, "lookalikes")
            page.set_viewport_size({"width": 1180, "height": 900})
            page.goto(f"{address}/documents/5")
            page.wait_for_selector(".value")
            taken(page, "document")
            browser.close()


def taken(page: Page, name: str) -> None:
    """Take a picture, when all pictures on the page are there."""
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    page.screenshot(path=SCREENS / f"{name}.png")
    print(f"Written: {SCREENS / name}.png")


if __name__ == "__main__":
    main()
