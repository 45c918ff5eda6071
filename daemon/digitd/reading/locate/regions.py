"""Where the fields are on a page: where the template says, or, with none, its tables and boxes, or lines of writing.

A field is cut upright, with a margin that keeps strokes written over its edge; at the page's own resolution where that
is neither coarse nor finer than a pen needs.
"""

import math
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading import ink as inks
from digitd.reading.lines import Frame
from digitd.reading.locate import boxes
from digitd.records import Box, Page, Region, Registration, Template

#: Margin around a field, as a share of its height.
MARGIN = 0.2

#: A field lower than this, in pixels, is cut larger, at most so many times: a pen's gap from a printed line is counted
#: in pixels, and at 27 of them a 7 reaches from border to border.
LOWEST_FIELD_PX, LARGER = 64, 4.0

#: Dots an inch beyond which nothing more is seen of a pen's stroke; a field is cut smaller, but not lower than above.
FINEST_DPI = 200.0

#: At this scale and below, a pixel covers more of the page than the four that it is interpolated from.
HALF = 0.5

#: A field that reaches over the page's edge by more than this share of its height is cut off.
OVER_THE_EDGE = 0.15

#: A picture with a shorter side below this is a number, not a form; pixels.
SMALLEST_FORM_PX = 200

#: A line of writing is at least so high, in pixels; lower marks are specks.
LOWEST_LINE_PX = 8

#: Pieces belong to one line when their heights overlap by this share of the lower one.
SAME_LINE = 0.4


def locate(page: Page, template: Template, registration: Registration) -> Iterator[Region]:
    """Cut a template's fields out of a page where registration found them."""
    for field in template.fields:
        quad = cv2.perspectiveTransform(field.box.corners()[:, None], registration.page_from_template)[:, 0]
        dpi = template.dpi * _height(quad) / field.box.height
        yield _cut(page.pixels, quad, name=field.name, cells=field.cells, dpi=dpi)


def locate_whole(page: Page, template: Template) -> Iterator[Region]:
    """The one field of a whole-page template."""
    height, width = page.pixels.shape
    field = template.fields[0]
    quad = Box(x0=0, y0=0, x1=width, y1=height).corners()
    yield Region(name=field.name, quad=quad, pixels=page.pixels, cells=field.cells)


def locate_freely(page: Page) -> Iterator[Region]:
    """The fields of a page without a template: cells of ruled tables, boxes and combs; else its lines of writing.

    Cells are called r1c1, ... from the first row and column for writing, boxes field1, ..., lines line1, ...
    """
    found = boxes.find(page.pixels) if min(page.pixels.shape) >= SMALLEST_FORM_PX else ()
    for field, name in zip(found, boxes.names(found), strict=True):
        yield _cut(page.pixels, field.quad, name=name, cells=field.cells)
    if not found:
        yield from _locate_lines(page)


def _locate_lines(page: Page) -> Iterator[Region]:
    """Every line of writing, from top to bottom, as fields line1, line2, ..."""
    dark = inks.darkness(page.pixels)
    height, width = page.pixels.shape
    frame = Frame(x0=0, y0=0, x1=width, y1=height)
    for number, (y0, y1, x0, x1) in enumerate(_lines(inks.writing(dark, frame)), start=1):
        margin = max(2, round(MARGIN * (y1 - y0)))
        box = Box(
            x0=max(0, x0 - margin), y0=max(0, y0 - margin), x1=min(width, x1 + margin), y1=min(height, y1 + margin)
        )
        cut = page.pixels[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]
        yield Region(name=f"line{number}", quad=box.corners(), pixels=cut)


def page_box(region: Region) -> Box:
    """The upright box, in page pixels, around a region without its margin."""
    return _around(region.quad)


def boxes_on_page(region: Region, boxes: Sequence[Box]) -> list[Box]:
    """The upright boxes, in page pixels, around boxes given in region pixels."""
    if not boxes:
        return []
    height, width = region.pixels.shape
    margin = region.margin_px
    corners = np.array(
        [(margin, margin), (width - margin, margin), (width - margin, height - margin), (margin, height - margin)]
    )
    to_page = cv2.getPerspectiveTransform(corners.astype(np.float32), region.quad.astype(np.float32))
    inside = np.concatenate([box.corners() for box in boxes])
    return [_around(points) for points in cv2.perspectiveTransform(inside[:, None], to_page).reshape(-1, 4, 2)]


def _around(points: NDArray[np.float64]) -> Box:
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    return Box(x0=float(x0), y0=float(y0), x1=float(x1), y1=float(y1))


def _cut(
    pixels: NDArray[np.uint8], quad: NDArray[np.float64], *, name: str, cells: int | None, dpi: float = 0.0
) -> Region:
    """What lies in quad, (4, 2) float64 in page pixels, made upright, with its margin; dpi is the page's, if known."""
    high = _height(quad)
    scale = min(LARGER, max(FINEST_DPI / max(FINEST_DPI, dpi), LOWEST_FIELD_PX / max(1.0, high)))
    width, height = math.ceil(scale * _width(quad)), math.ceil(scale * high)
    margin = max(2, round(MARGIN * height))
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32) + margin
    size = (max(1, width + 2 * margin), max(1, height + 2 * margin))
    seen, seen_quad = _halved_around(pixels, quad, scale, margin=2 * margin) if scale <= HALF else (pixels, quad)
    upright = cv2.getPerspectiveTransform(seen_quad.astype(np.float32), corners)
    way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_LINEAR
    cut = cv2.warpPerspective(seen, upright, size, flags=way, borderMode=cv2.BORDER_REPLICATE)
    return Region(
        name=name,
        quad=quad,
        pixels=cut,
        margin_px=margin,
        cells=cells,
        cut_off=_outside(quad, pixels.shape, tolerance=OVER_THE_EDGE * high),
    )


def _halved_around(
    pixels: NDArray[np.uint8], quad: NDArray[np.float64], scale: float, *, margin: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The part of a page around quad, halved while that leaves it larger than scale asks, and where quad lies in it."""
    around, least = margin / scale, math.ceil(1 / scale)  # of what lies off the page, its edge
    sides = np.array(pixels.shape[::-1])
    low = np.floor(quad.min(axis=0) - around).clip(0, np.maximum(0, sides - least))
    high = np.ceil(quad.max(axis=0) + around).clip(low + least, np.maximum(low + least, sides))
    (x0, y0), (x1, y1) = low.astype(int), high.astype(int)
    small, left = inks.halved(pixels[y0:y1, x0:x1], scale)
    return small, (quad - low) * scale / left


def _width(quad: NDArray[np.float64]) -> float:
    return (_length(quad[1] - quad[0]) + _length(quad[2] - quad[3])) / 2


def _height(quad: NDArray[np.float64]) -> float:
    return (_length(quad[3] - quad[0]) + _length(quad[2] - quad[1])) / 2


def _length(edge: NDArray[np.float64]) -> float:
    return math.sqrt(edge @ edge)


def _outside(quad: NDArray[np.float64], shape: tuple[int, ...], *, tolerance: float) -> bool:
    height, width = shape
    return bool((quad < -tolerance).any() or (quad > np.array([width, height]) + tolerance).any())


def _lines(writing: NDArray[np.uint8]) -> list[tuple[int, int, int, int]]:
    """Lines of writing as y0, y1, x0, x1, from top to bottom."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(writing, connectivity=8)
    found: list[list[int]] = []
    for x, y, width, height, _ in sorted(stats[1:].tolist(), key=lambda row: -row[3]):
        if height < LOWEST_LINE_PX:
            continue
        home = next((line for line in found if min(line[1], y + height) - max(line[0], y) >= SAME_LINE * height), None)
        if home is None:
            found.append([y, y + height, x, x + width])
        else:
            home[:] = [min(home[0], y), max(home[1], y + height), min(home[2], x), max(home[3], x + width)]
    return sorted((line[0], line[1], line[2], line[3]) for line in found)
