"""The bytes of a document become pages. PNG, JPEG, TIFF (CCITT G4 and multi-page too) and PDF; no files, no network.

A picture's size is read from its header and refused before anything is decoded, so that a few kilobytes cannot
ask for gigabytes. A picture that is cut off, or whose decoder complains of its data, is refused too: half a page must
not be taken for a page. (Damage that no decoder notices, as in uncompressed pictures, cannot be found.)
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.errors import UnreadableDocument
from digitd.reading import headers
from digitd.reading.chatter import caught
from digitd.reading.load import pdf
from digitd.records import Page

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # its warnings are told as our own faults

#: What the decoders say of damaged data; other complaints, of stray bytes and unknown tags, are harmless.
_DAMAGE = re.compile(r"premature end|bad Huffman|(Fax[34]|LZW|Zip|PackBits|JPEG)\w*[Dd]ecode", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is refused, and how a PDF page that is not a scan is drawn."""

    max_megapixels: float = 200.0
    max_pages: int = 500
    pdf_dpi: int = 300


#: Every page of a document.
ALL = slice(None)


def load(data: bytes, limits: Limits, wanted: slice = ALL) -> Iterator[Page]:
    """Yield the pages of a document that are wanted, counted from 0, in order, each decoded when it is asked for.

    Raises
    ------
    UnreadableDocument
        The bytes are empty, of another format, cut off, encrypted, or larger than limits allow.
    """
    kind = _kind_of(data)
    if kind is None:
        raise UnreadableDocument(_what_it_is(data))
    yield from _KINDS[kind][1](data, limits, wanted)


def page_count(data: bytes) -> int:
    """How many pages a document has that can be loaded."""
    kind = _kind_of(data)
    if kind == "TIFF":
        return len(headers.tiff(data))
    if kind == "PDF":
        with pdf.opened(data) as document:
            return len(document)
    return 1


def _kind_of(data: bytes) -> str | None:
    for kind, (starts, _) in _KINDS.items():
        if data.startswith(starts) or (kind == "PDF" and b"%PDF-" in data[:1024]):
            return kind
    return None


def _png(data: bytes, limits: Limits, wanted: slice) -> Iterator[Page]:
    header = headers.png(data)
    _check_size(header, limits)
    if not header.complete:
        raise UnreadableDocument("the PNG is cut off: scan or copy it again")
    with caught():
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise UnreadableDocument("the PNG is damaged: scan or copy it again")
    yield from [Page(number=1, pixels=_grey(pixels), dpi=header.dpi)][wanted]


def _jpeg(data: bytes, limits: Limits, wanted: slice) -> Iterator[Page]:
    header = headers.jpeg(data)
    _check_size(header, limits)
    if not header.complete:
        raise UnreadableDocument("the JPEG is cut off: scan or copy it again")
    with caught() as said:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)  # turns it as EXIF says
    if pixels is None or _DAMAGE.search(said[0]):
        raise UnreadableDocument("the JPEG is damaged: scan or copy it again")
    yield from [Page(number=1, pixels=_grey(pixels), dpi=header.dpi)][wanted]


def _tiff(data: bytes, limits: Limits, wanted: slice) -> Iterator[Page]:
    found = headers.tiff(data)
    if len(found) > limits.max_pages:
        raise UnreadableDocument(f"the TIFF has {len(found)} pages, more than {limits.max_pages}: split it")
    for header in found:
        _check_size(header, limits)
        if not header.complete:
            raise UnreadableDocument("the TIFF is cut off: scan or copy it again")
    buffer = np.frombuffer(data, np.uint8)
    for index, header in list(enumerate(found))[wanted]:
        with caught() as said, _decoder_warnings():
            done, pixels = _decoded(buffer, index)
        if not done or not pixels or pixels[0] is None:
            raise UnreadableDocument(
                f"page {index + 1} of the TIFF is damaged, or of a rare kind: save it as 8 bits, or scan it again"
            )
        if _DAMAGE.search(said[0]):
            raise UnreadableDocument(f"page {index + 1} of the TIFF is damaged: scan or copy it again")
        yield Page(number=index + 1, **_square(_grey(pixels[0], opacity=header.opacity), header))


def _decoded(buffer: NDArray[np.uint8], index: int) -> tuple[bool, Sequence[NDArray[Any]]]:
    """Page index of a TIFF; most of what is wrong with one is told by a flag, some by a fault."""
    try:
        return cv2.imdecodemulti(buffer, cv2.IMREAD_UNCHANGED, range=(index, index + 1))
    except cv2.error as fault:
        if fault.code == cv2.Error.STS_NO_MEM:
            raise MemoryError from fault
        return False, ()


def _pdf(data: bytes, limits: Limits, wanted: slice) -> Iterator[Page]:
    with pdf.opened(data) as document:
        if len(document) > limits.max_pages:
            raise UnreadableDocument(f"the PDF has {len(document)} pages, more than {limits.max_pages}: split it")
        for index in range(len(document))[wanted]:
            size, dpi = pdf.size_and_dpi(document, index, limits.pdf_dpi)
            _check_size(headers.Header(width=size[0], height=size[1]), limits)
            yield Page(number=index + 1, pixels=_grey(pdf.pixels(document, index, dpi)), dpi=dpi)


_KINDS: dict[str, tuple[tuple[bytes, ...], Callable[[bytes, Limits, slice], Iterator[Page]]]] = {
    "PNG": ((b"\x89PNG\r\n\x1a\n",), _png),
    "JPEG": ((b"\xff\xd8\xff",), _jpeg),
    "TIFF": ((b"II*\0", b"MM\0*"), _tiff),
    "PDF": ((b"%PDF-",), _pdf),
}


@contextmanager
def _decoder_warnings() -> Iterator[None]:
    """Let OpenCV say what its TIFF decoder finds."""
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_WARNING)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)


def _what_it_is(data: bytes) -> str:
    wanted = "digitd reads PNG, JPEG, TIFF and PDF"
    if not data:
        return f"the file is empty: scan or copy it again ({wanted})"
    if data.startswith(b"\x89PNG"):
        return "the PNG was damaged by a transfer in text mode: copy it again as binary"
    if data.startswith((b"II+\0", b"MM\0+")):
        return "a BigTIFF, which digitd does not read: save it as TIFF"
    head = data[:512]
    if all(byte >= 32 or byte in b"\t\n\r\f" for byte in head):
        return f"the file holds text, not a picture, whatever its name says ({wanted})"
    return f"not a picture that digitd knows ({wanted}; this begins with {head[:8].hex(' ')})"


def _check_size(header: headers.Header, limits: Limits) -> None:
    megapixels = header.width * header.height / 1e6
    if header.width < 1 or header.height < 1:
        raise UnreadableDocument("the picture's header is damaged: scan or copy it again")
    if megapixels > limits.max_megapixels:
        raise UnreadableDocument(
            f"the picture is {header.width} x {header.height} pixels, {megapixels:.0f} megapixels, and the limit is "
            f"{limits.max_megapixels:g}: scan it smaller, or raise reading.max_megapixels"
        )


def _grey(pixels: NDArray[Any], *, opacity: bool = True) -> NDArray[np.uint8]:
    """(H, W), (H, W, 3) or (H, W, 4) of any depth to (H, W) uint8; with opacity, what is transparent is paper."""
    if pixels.dtype != np.uint8:
        top = 65535.0 if pixels.dtype == np.uint16 else max(1.0, float(np.nan_to_num(pixels).max()))
        pixels = np.nan_to_num(pixels.astype(np.float32))
        pixels = np.clip(pixels * (255.0 / top), 0, 255).astype(np.uint8)
    if pixels.ndim == 3 and pixels.shape[2] == 4 and not opacity:
        pixels = pixels[:, :, :3]
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        share = pixels[:, :, 3:].astype(np.float32) / 255.0
        pixels = np.rint(pixels[:, :, :3] * share + 255.0 * (1.0 - share)).astype(np.uint8)
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY) if pixels.shape[2] == 3 else pixels[:, :, 0]
    grey: NDArray[np.uint8] = np.ascontiguousarray(pixels, dtype=np.uint8)
    return grey


def _square(pixels: NDArray[np.uint8], header: headers.Header) -> dict[str, Any]:
    """The pixels and dpi of a page with square pixels: a fax's lines are often half as dense as its columns."""
    if header.pixel_aspect is None or math.isclose(header.pixel_aspect, 1.0, rel_tol=0.02):
        return {"pixels": pixels, "dpi": header.dpi}
    height, width = pixels.shape
    aspect = min(max(header.pixel_aspect, 0.25), 4.0)
    size = (width, max(1, round(height * aspect))) if aspect > 1 else (max(1, round(width / aspect)), height)
    dpi = None if header.dpi is None else header.dpi / min(aspect, 1.0)
    return {"pixels": cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), "dpi": dpi}
