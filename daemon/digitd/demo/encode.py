"""Pages as the files scanners write: PNG, JPEG, multi-page TIFF and PDF, each saying its resolution."""

import io
import struct
import zlib
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.demo.card import DPI

Pages = Sequence[NDArray[np.uint8]]

JPEG_QUALITY = 78

#: Where a PNG's first chunk ends: 8 bytes of signature, 25 of IHDR.
_PNG_HEADER = 33

#: Points in an inch: the unit of PDF.
_POINTS = 72


def as_png(pages: Pages) -> bytes:
    """The first page as PNG."""
    data = cv2.imencode(".png", pages[0], [cv2.IMWRITE_PNG_COMPRESSION, 4])[1].tobytes()
    body = b"pHYs" + struct.pack(">IIB", *[round(DPI / 0.0254)] * 2, 1)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return data[:_PNG_HEADER] + chunk + data[_PNG_HEADER:]


def as_jpeg(pages: Pages) -> bytes:
    """The first page as JPEG; bytes 13 to 17 of its JFIF header are unit and density."""
    data = bytearray(cv2.imencode(".jpg", pages[0], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes())
    data[13:18] = struct.pack(">BHH", 1, DPI, DPI)
    return bytes(data)


def as_tiff(pages: Pages) -> bytes:
    """All pages as one TIFF, compressed by LZW."""
    settings = [
        *(cv2.IMWRITE_TIFF_COMPRESSION, cv2.IMWRITE_TIFF_COMPRESSION_LZW),
        *(cv2.IMWRITE_TIFF_RESUNIT, 2, cv2.IMWRITE_TIFF_XDPI, DPI, cv2.IMWRITE_TIFF_YDPI, DPI),
    ]
    return cv2.imencodemulti(".tiff", list(pages), settings)[1].tobytes()


def as_pdf(pages: Pages) -> bytes:
    """All pages as PDF, each one a JPEG, as scanners make them."""
    import pypdfium2

    document = pypdfium2.PdfDocument.new()
    for page in pages:
        height, width = (length * _POINTS / DPI for length in page.shape)
        image = pypdfium2.PdfImage.new(document)
        image.load_jpeg(io.BytesIO(as_jpeg([page])), inline=True)
        image.set_matrix(pypdfium2.PdfMatrix().scale(width, height))
        sheet = document.new_page(width, height)
        sheet.insert_obj(image)
        sheet.gen_content()
        sheet.close()
    data = io.BytesIO()
    document.save(data)
    document.close()
    return data.getvalue()
