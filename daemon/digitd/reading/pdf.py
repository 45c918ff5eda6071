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
    page = _page(document, index)
    try:
        width, height = page.get_size()
        dpi = _scan_dpi(page, width, height) or dpi
    finally:
        page.close()
    return (round(width / POINTS_AN_INCH * dpi), round(height / POINTS_AN_INCH * dpi)), dpi


def pixels(document: Any, index: int, dpi: float) -> NDArray[np.uint8]:
    """Page index drawn at dpi: (H, W) uint8."""
    page = _page(document, index)
    try:
        bitmap = page.render(scale=dpi / POINTS_AN_INCH, grayscale=True)
        drawn: NDArray[np.uint8] = bitmap.to_numpy().copy()
        bitmap.close()
    finally:
        page.close()
    return drawn[:, :, 0] if drawn.ndim == 3 else drawn


def _page(document: Any, index: int) -> Any:
    import pypdfium2 as pdfium

    try:
        return document[index]
    except pdfium.PdfiumError:
        raise UnreadableDocument(f"page {index + 1} of the PDF is damaged: make it again") from None


def _scan_dpi(page: Any, width: float, height: float) -> float | None:
    """The resolution of the one picture that covers the page, where there is one."""
    import pypdfium2.raw as raw

    pictures = [o for o in page.get_objects(max_depth=2) if o.type == raw.FPDF_PAGEOBJ_IMAGE]
    if len(pictures) != 1:
        return None
    left, bottom, right, top = pictures[0].get_bounds()
    if (right - left) * (top - bottom) < SCAN_COVERS * width * height:
        return None
    across = pictures[0].get_px_size()[0] / ((right - left) / POINTS_AN_INCH)
    return float(across) if across >= POINTS_AN_INCH else None


def _why(fault: str, data: bytes) -> str:
    if "assword" in fault or b"/Encrypt" in data:
        return "the PDF is encrypted: save it without a password"
    if b"%%EOF" not in data[-2048:]:
        return "the PDF is cut off: copy it again"
    return "the PDF is damaged: make it again"
