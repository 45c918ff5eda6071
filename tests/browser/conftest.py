"""The system's Chromium on a desk that runs here; skipped where there is none."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from digitd.config import Config, Web
from digitd.desk.server import Server
from digitd.intake import archive
from digitd.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

PATIENCE_MS = 20_000


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def waiting(store: Store, make_field: Any, record: Any, tmp_path: Path) -> None:
    """Three doubtful fields on two pages that are in the archive."""
    record("a.png", [make_field("one", "11", confidence=0.6, reason="unsure"), make_field("sure", "9")])
    fields = [("two", "22", 0.2), ("three", "33", 0.9)]
    record("b.png", [make_field(name, value, confidence=sure, reason="unsure") for name, value, sure in fields])
    for document in store.documents():
        path = archive.place(document, tmp_path / "var")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", np.full((700, 500), 200, np.uint8))[1].tobytes())


class Desk:
    """A server that can be stopped and started again at the same address."""

    def __init__(self, store: Store, root: Path) -> None:
        self._store, self._root, self._port = store, root, 0
        self.start()

    def start(self) -> None:
        config = Config(root=self._root, web=Web(listen=f"127.0.0.1:{self._port}"))
        self._server = Server(config, self._store, verifier="ada")
        self._port, self.url = self._server.port, self._server.url
        self._server.start()

    def stop(self) -> None:
        self._server.stop()


@pytest.fixture
def desk(store: Store, waiting: None, tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(store, tmp_path)
    yield opened
    opened.stop()


@pytest.fixture
def browse(chromium: "Browser", desk: Desk) -> "Iterator[Callable[..., Page]]":
    """A browser of its own at a page of the desk, by keyboard. What its pages complain of fails the test."""
    contexts = []
    faults: list[str] = []

    def opened(path: str = "", **settings: Any) -> "Page":
        contexts.append(chromium.new_context(**settings))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
        page.goto(desk.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []
