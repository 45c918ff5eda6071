"""PDF pages as pixels, by PDFium. Nothing in a PDF is run, and nothing outside it is fetched."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.errors import UnreadableDocument

#: PDF's unit: points an inch (ISO 32000-1, 8.3.2.3).
POINTS_AN_INCH = 72.0

#: A page that one picture fills, but for this share, is a scan: the picture itself is taken, at its own resolution.
SLACK = 0.02


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
    """The one picture that is all there is to see on the page, upright and filling it, or None."""
    from pypdfium2 import raw

    seen = [o for o in page.get_objects(max_depth=1) if not _invisible_text(o)]
    if (
        len(seen) != 1
        or seen[0].type != raw.FPDF_PAGEOBJ_IMAGE
        or page.get_rotation()
        or raw.FPDFPage_GetAnnotCount(page)
    ):
        return None
    picture = seen[0]
    if raw.FPDFPageObj_HasTransparency(picture) or picture.get_metadata().colorspace == raw.FPDF_COLORSPACE_UNKNOWN:
        return None  # a stencil or a mask: its numbers are not shades
    return picture if _fills(picture, page) else None


def _fills(picture: Any, page: Any) -> bool:
    """Whether a picture lies upright on the whole page with square pixels, within SLACK."""
    across, tilt, lean, up, x, y = picture.get_matrix().get()
    left, bottom, right, top = page.get_cropbox()
    width, height = right - left, top - bottom
    wide, high = picture.get_px_size()
    return (
        (left, bottom, right, top) == tuple(page.get_mediabox())
        and max(abs(x - left), abs(across - width), abs(tilt)) <= SLACK * width
        and max(abs(y - bottom), abs(up - height), abs(lean)) <= SLACK * height
        and abs(wide / width - high / height) <= SLACK * wide / width
        and wide >= width
    )


def _invisible_text(found: Any) -> bool:
    """Text that a recognition program laid under a scan."""
    from pypdfium2 import raw

    return (
        found.type == raw.FPDF_PAGEOBJ_TEXT
        and raw.FPDFTextObj_GetTextRenderMode(found) == raw.FPDF_TEXTRENDERMODE_INVISIBLE
    )


def _why(fault: str, data: bytes) -> str:
    if "assword" in fault or b"/Encrypt" in data:
        return "the PDF is encrypted: save it without a password"
    if b"%%EOF" not in data[-2048:]:
        return "the PDF is cut off: copy it again"
    return "the PDF is damaged: make it again"
