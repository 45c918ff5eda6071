"""Pictures for the desk: a field as it was cut, and the page that it was cut from."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import cv2
import numpy as np

from digitd.config import Config
from digitd.errors import UnreadableDocument
from digitd.intake import archive
from digitd.reader import limits_of
from digitd.reading.ink import shrink
from digitd.reading.load import load
from digitd.reading.normalise import GLYPH_SIDE
from digitd.stored import Document, StoredGlyph

#: The longer side of a page's picture is at most so many pixels: enough to read handwriting by.
PAGE_SIDE = 1800

#: Pages kept ready: a clerk keys several fields of each.
PAGES_KEPT = 24

#: Glyphs in a row of a sheet.
COLUMNS = 10

JPEG = (cv2.IMWRITE_JPEG_QUALITY, 80)


def kind_of(picture: bytes) -> str:
    """The media type of a field's picture."""
    return "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"


def sheet(glyphs: Sequence[StoredGlyph]) -> bytes:
    """Glyphs beside and below each other, dark on light, as PNG: COLUMNS in a row, GLYPH_SIDE pixels each way."""
    rows = -(-len(glyphs) // COLUMNS)
    drawn = np.zeros((rows * GLYPH_SIDE, COLUMNS * GLYPH_SIDE), np.uint8)
    for place, glyph in enumerate(glyphs):
        if glyph.pixels_png:
            top, left = (GLYPH_SIDE * at for at in divmod(place, COLUMNS))
            pixels = cv2.imdecode(np.frombuffer(glyph.pixels_png, np.uint8), cv2.IMREAD_GRAYSCALE)
            assert pixels is not None
            drawn[top : top + GLYPH_SIDE, left : left + GLYPH_SIDE] = pixels
    return bytes(cv2.imencode(".png", 255 - drawn)[1].tobytes())


def pages_of(config: Config) -> Callable[[Document, int], bytes]:
    """What gives the picture of a document's page, counted from 1, as JPEG; the last ones are kept.

    It raises UnreadableDocument where the file is gone, or has no such page.
    """

    @lru_cache(maxsize=PAGES_KEPT)
    def drawn(document: Document, number: int) -> bytes:
        path = archive.find(document, config.var)
        if path is None:
            raise UnreadableDocument(f"{document.name}: its file is not in the archive any more")
        page = next(load(path.read_bytes(), limits_of(config), slice(number - 1, number)), None)
        if page is None:
            raise UnreadableDocument(f"{document.name}: it has no page {number}")
        return bytes(cv2.imencode(".jpg", shrink(page.pixels, PAGE_SIDE)[0], JPEG)[1].tobytes())

    return drawn
