"""What picture files say of themselves, read without decoding them: size, resolution, and whether the end is there.

PNG: ISO/IEC 15948. JPEG: ITU-T T.81 annex B, JFIF. TIFF: revision 6.0; BigTIFF is refused by `load` as unknown.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from digitd.errors import UnreadableDocument

#: A resolution outside this range is not believed; dots an inch.
BELIEVABLE_DPI = (50.0, 2400.0)

#: Bytes and letters of the TIFF value types that matter here: BYTE, SHORT, LONG, RATIONAL (two LONGs).
_TIFF_SIZES, _TIFF_LETTERS = {1: 1, 3: 2, 4: 4, 5: 8}, {1: "B", 3: "H", 4: "I"}
_WIDTH, _LENGTH, _STRIP_OFFSETS, _STRIP_COUNTS = 256, 257, 273, 279
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT, _TILE_OFFSETS, _TILE_COUNTS = 282, 283, 296, 324, 325
_EXTRA_SAMPLES, _OPACITY = 338, 2
_INCH, _CENTIMETRE = 2, 3
_MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Size in pixels; dpi across, or None where it is not said or not believable; pixel_aspect is height by width.

    opacity says whether a fourth channel is how opaque a pixel is.
    """

    width: int
    height: int
    dpi: float | None = None
    pixel_aspect: float | None = None
    complete: bool = True
    opacity: bool = True


def png(data: bytes) -> Header:
    """The header of a PNG; complete where its IEND chunk is there."""
    if len(data) < 33:
        return Header(width=1, height=1, complete=False)
    width, height = struct.unpack(">II", data[16:24])
    dpi, complete = None, False
    for kind, body in _png_chunks(data):
        if kind == b"pHYs" and len(body) == 9 and body[8] == 1:
            dpi = _believable(struct.unpack(">I", body[:4])[0] * 0.0254)
        complete = kind == b"IEND"
    return Header(width=width, height=height, dpi=dpi, complete=complete)


def jpeg(data: bytes) -> Header:
    """The header of a JPEG; complete where an end marker follows the start of its scan."""
    width = height = 1
    dpi, at = None, 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise UnreadableDocument("the JPEG's header is damaged: scan or copy it again")
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        body = data[at + 4 : at + 2 + length]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xE0 and body[:4] == b"JFIF" and len(body) >= 10 and body[7] in (1, 2):
            dpi = _believable(struct.unpack(">H", body[8:10])[0] * (1.0 if body[7] == 1 else 2.54))
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and len(body) >= 5:
            height, width = struct.unpack(">HH", body[1:5])
        if marker == 0xDA:  # the scan begins; inside it 0xFF is always followed by 0 or a restart marker
            return Header(width=width, height=height, dpi=dpi, complete=data.rfind(b"\xff\xd9", at) >= 0)
        at += 2 + length
    return Header(width=width, height=height, dpi=dpi, complete=False)


def tiff(data: bytes) -> list[Header]:
    """A header for each page of a TIFF; a page whose directory or data lie beyond the end is not complete."""
    order = "<" if data[:2] == b"II" else ">"
    found: list[Header] = []
    visited: set[int] = set()
    at = struct.unpack(order + "I", data[4:8])[0] if len(data) >= 8 else len(data)
    while at and at not in visited and len(found) < _MOST_PAGES:
        visited.add(at)
        try:
            tags, following = _tiff_directory(data, at, order)
            found.append(_tiff_header(data, tags))
        except (struct.error, IndexError):
            found.append(Header(width=1, height=1, complete=False))
            break
        at = following
    return found or [Header(width=1, height=1, complete=False)]


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at + 12 <= len(data):
        length = struct.unpack(">I", data[at : at + 4])[0]
        if at + 12 + length > len(data):
            return
        kind = data[at + 4 : at + 8]
        yield kind, data[at + 8 : at + 8 + length]
        if kind == b"IEND":
            return
        at += 12 + length


def _tiff_directory(data: bytes, at: int, order: str) -> tuple[dict[int, tuple[float, ...]], int]:
    """The tags of the directory at `at` that matter here, and the offset of the next directory."""
    count = struct.unpack(order + "H", data[at : at + 2])[0]
    tags: dict[int, tuple[float, ...]] = {}
    wanted = {
        _WIDTH, _LENGTH, _STRIP_OFFSETS, _STRIP_COUNTS, _X_RESOLUTION, _Y_RESOLUTION,
        _RESOLUTION_UNIT, _TILE_OFFSETS, _TILE_COUNTS, _EXTRA_SAMPLES,
    }  # fmt: skip
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, values = struct.unpack(order + "HHI", data[entry : entry + 8])
        if tag in wanted:
            tags[tag] = _tiff_values(data, entry, kind, values, order)
    end = at + 2 + 12 * count
    return tags, struct.unpack(order + "I", data[end : end + 4])[0]


def _tiff_values(data: bytes, entry: int, kind: int, count: int, order: str) -> tuple[float, ...]:
    letter = _TIFF_LETTERS.get(kind, "")
    size = _TIFF_SIZES.get(kind, 0) * count
    if size > len(data):
        raise struct.error("more values than the file has bytes")
    start = entry + 8 if size <= 4 else struct.unpack(order + "I", data[entry + 8 : entry + 12])[0]
    if kind == 5:
        pairs = struct.unpack(f"{order}{2 * count}I", data[start : start + size])
        return tuple(up / down if down else 0.0 for up, down in zip(pairs[::2], pairs[1::2], strict=True))
    return struct.unpack(f"{order}{count}{letter}", data[start : start + size]) if letter else ()


def _tiff_header(data: bytes, tags: dict[int, tuple[float, ...]]) -> Header:
    offsets = tags.get(_STRIP_OFFSETS) or tags.get(_TILE_OFFSETS) or ()
    counts = tags.get(_STRIP_COUNTS) or tags.get(_TILE_COUNTS) or ()
    inside = all(offset + count <= len(data) for offset, count in zip(offsets, counts, strict=False))
    unit = int(tags.get(_RESOLUTION_UNIT, (_INCH,))[0])
    across, down = tags.get(_X_RESOLUTION, (0.0,))[0], tags.get(_Y_RESOLUTION, (0.0,))[0]
    return Header(
        width=int(tags[_WIDTH][0]) if _WIDTH in tags else 0,
        height=int(tags[_LENGTH][0]) if _LENGTH in tags else 0,
        dpi=_believable(across * (2.54 if unit == _CENTIMETRE else 1.0)) if unit in (_INCH, _CENTIMETRE) else None,
        pixel_aspect=across / down if across > 0 and down > 0 else None,
        complete=bool(offsets) and inside,
        opacity=tags.get(_EXTRA_SAMPLES, (_OPACITY,))[-1] in (1, _OPACITY),
    )


def _believable(dpi: float) -> float | None:
    return float(dpi) if BELIEVABLE_DPI[0] <= dpi <= BELIEVABLE_DPI[1] else None
