"""PDF pages as pixels, by PDFium. Nothing in a PDF is run, and nothing outside it is fetched."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.errors import UnreadableDocument

#: PDF's unit: points an inch (ISO 32000-1, 8.3.2.3).
POINTS_AN_INCH = 72.0

#: A page that one picture covers to this share, untilted, is a scan: its resolution is the picture's own.
SCAN_COVERS = 0.9


@contextmanager
def opened(data: bytes) -> Iterator[Any]:
    """An open PDF document.

    Raises
    ------
    UnreadableDocument
        It is encrypted, cut off or damaged.
    """
    import pypdfium2 as pdfium  # only where a PDF comes

    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as fault:
        raise UnreadableDocument(_why(str(fault), data)) from None
    try:
        if len(document) == 0:
            raise UnreadableDocument("the PDF has no pages: make it again")
        yield document
    finally:
        document.close()


def size_and_dpi(document: Any, index: int, dpi: float) -> tuple[tuple[int, int], float]:
    """Width and height in pixels of page index, and dots an inch: the scan's own, or dpi where it is no scan."""
    with _page(document, index) as page:
        width, height = page.get_size()
        scan = _scan(page)
        if scan is None:
            return (round(width / POINTS_AN_INCH * dpi), round(height / POINTS_AN_INCH * dpi)), dpi
        size = scan.get_px_size()
        return (size[0], size[1]), size[0] / (width / POINTS_AN_INCH)


def pixels(document: Any, index: int, dpi: float) -> NDArray[np.uint8]:
    """Page index, (H, W) or (H, W, C) uint8: the scan itself where it is one, else drawn at dpi."""
    with _page(document, index) as page:
        scan = _scan(page)
        if scan is None:
            bitmap = page.render(scale=dpi / POINTS_AN_INCH, grayscale=True)
        else:
            bitmap = scan.get_bitmap(render=False)
        drawn: NDArray[np.uint8] = bitmap.to_numpy().copy()
    return drawn


@contextmanager
def _page(document: Any, index: int) -> Iterator[Any]:
    import pypdfium2 as pdfium

    try:
        page = document[index]
    except pdfium.PdfiumError:
        raise UnreadableDocument(f"page {index + 1} of the PDF is damaged: make it again") from None
    try:
        yield page
    except pdfium.PdfiumError as fault:
        raise UnreadableDocument(f"page {index + 1} of the PDF cannot be drawn ({fault}): make it again") from None
    finally:
        page.close()


def _scan(page: Any) -> Any:
    """The one picture that covers the page, upright and untilted, or None."""
    from pypdfium2 import raw

    pictures = [o for o in page.get_objects(max_depth=2) if o.type == raw.FPDF_PAGEOBJ_IMAGE]
    if len(pictures) != 1 or page.get_rotation() != 0:
        return None
    across, tilt, lean, up, *_ = pictures[0].get_matrix().get()
    width, height = page.get_size()
    upright = across > 0 and up > 0 and abs(tilt) + abs(lean) < 1e-3 * across
    covers = across * up >= SCAN_COVERS * width * height
    sharp = pictures[0].get_px_size()[0] >= width
    return pictures[0] if upright and covers and sharp else None


def _why(fault: str, data: bytes) -> str:
    if "assword" in fault or b"/Encrypt" in data:
        return "the PDF is encrypted: save it without a password"
    if b"%%EOF" not in data[-2048:]:
        return "the PDF is cut off: copy it again"
    return "the PDF is damaged: make it again"
