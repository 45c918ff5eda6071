"""Pictures for the desk: a field as it was cut, and the page that it was cut from."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor

import cv2
import numpy as np
from anyio import CapacityLimiter, to_thread

from digitd.apart import begin_bounded, end, open_process
from digitd.config import Config
from digitd.errors import UnreadableDocument
from digitd.intake import archive
from digitd.reader import limits_of
from digitd.reading.ink import shrink
from digitd.reading.load import Limits, load
from digitd.reading.normalise import GLYPH_SIDE
from digitd.stored import Document, StoredGlyph

#: The longer side of a page's picture is at most so many pixels: enough to read handwriting by.
PAGE_SIDE = 1800

#: Pages kept ready: a clerk keys several fields of each.
PAGES_KEPT = 24

#: Pages that are asked of who draws them at once; the others wait.
DRAWING = 4

#: Glyphs in a row of a sheet.
COLUMNS = 10

JPEG = (cv2.IMWRITE_JPEG_QUALITY, 80)


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


class Kept:
    """The pages that were asked for last, for one event loop: they do not wait for those that draw has yet to draw."""

    def __init__(self, draw: Callable[[Document, int], bytes]) -> None:
        self._draw = draw
        self._kept: OrderedDict[tuple[Document, int], bytes] = OrderedDict()
        #: Threads that wait for pages to be drawn: others do not wait for these.
        self._drawing = CapacityLimiter(DRAWING)

    async def page(self, document: Document, number: int) -> bytes:
        """A page, counted from 1, as draw makes it."""
        asked = document, number
        if asked not in self._kept:
            drawn = await to_thread.run_sync(self._draw, document, number, limiter=self._drawing)
            self._kept[asked] = drawn
        self._kept.move_to_end(asked)
        if len(self._kept) > PAGES_KEPT:
            self._kept.popitem(last=False)
        return self._kept[asked]


class Pages:
    """Pictures of documents' pages, drawn in a process of its own: files are not trusted, and decoders are not either.

    Of documents that were read, and no others: a file that ended its readers would end this one.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._one_at_a_time = threading.Lock()
        self._executor: Executor | None = None

    def __call__(self, document: Document, number: int) -> bytes:
        """A page, counted from 1, as JPEG.

        Raises
        ------
        UnreadableDocument
            The document was not read, its file is gone, it has no such page, or it cannot be drawn.
        """
        path = archive.find(document, self._config.var) if document.read_at is not None else None
        if path is None:
            raise UnreadableDocument(f"{document.name}: its file is not in the archive")
        data = path.read_bytes()
        with self._one_at_a_time:
            try:
                if self._executor is None:
                    self._executor = open_process(begin_bounded, self._config.workers.memory_mb)
                drawing = self._executor.submit(draw, data, number, limits_of(self._config))
            except (OSError, RuntimeError):  # no process can be started, or it has ended
                self._end()
                raise UnreadableDocument(f"{document.name}: page {number} cannot be drawn") from None
            try:
                return drawing.result(timeout=self._config.workers.seconds or None)
            except (BrokenExecutor, TimeoutError, MemoryError):
                self._end()
                raise UnreadableDocument(f"{document.name}: page {number} cannot be drawn") from None

    def close(self) -> None:
        """Let the process go."""
        with self._one_at_a_time:
            self._end()

    def _end(self) -> None:
        if self._executor is not None:
            end(self._executor)
            self._executor = None


def draw(data: bytes, number: int, limits: Limits) -> bytes:
    """The page of a document, counted from 1, as JPEG.

    Raises
    ------
    UnreadableDocument
        There is none.
    """
    page = next(load(data, limits, slice(number - 1, number)), None)
    if page is None:
        raise UnreadableDocument(f"it has no page {number}")
    return bytes(cv2.imencode(".jpg", shrink(page.pixels, PAGE_SIDE)[0], JPEG)[1].tobytes())
