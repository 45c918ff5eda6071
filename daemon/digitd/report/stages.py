"""What each stage made of a page, as pictures for people: `digitd read --debug`."""

import math
from collections.abc import Iterable, Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.ink import shrink
from digitd.reading.pipeline import Trace
from digitd.records import FieldReading, FieldState, Region, Symbol

#: Colours of a field's frame by its state, blue-green-red; told apart by the colour-blind (Okabe and Ito, 2008).
COLOURS = {
    FieldState.ACCEPTED: (178, 114, 0),
    FieldState.VERIFIED: (178, 114, 0),
    FieldState.REVIEW: (0, 94, 213),
    FieldState.BLANK: (160, 160, 160),
}

#: Longest side of a drawn page, height of a drawn field and side of a drawn glyph, in pixels.
PAGE_SIDE, FIELD_HEIGHT, GLYPH_SIDE = 1600, 72, 56

_PAPER, _GAP = 235, 6


def stage_pictures(trace: Trace) -> Mapping[str, NDArray[np.uint8]]:
    """Pictures by stage, in order: (h, w) or (h, w, 3) uint8. A stage that found nothing has no picture."""
    pictures = {"1-load": shrink(trace.page.pixels, PAGE_SIDE)[0], "2-locate": page_with_values(trace)}
    if trace.regions:
        pictures["3-segment"] = _column(_beside(r, s) for r, s in zip(trace.regions, trace.symbols, strict=True))
    if len(trace.glyphs):
        pictures["4-normalise"] = _sheet(trace.glyphs)
    return pictures


def page_with_values(trace: Trace) -> NDArray[np.uint8]:
    """The page, (h, w, 3) uint8, with each field framed in the colour of its state and its value written above."""
    small, scale = shrink(trace.page.pixels, PAGE_SIDE)
    drawn = cv2.cvtColor(small, cv2.COLOR_GRAY2BGR)
    for region, field in zip(trace.regions, trace.reading.fields, strict=True):
        corners = np.rint(region.quad * scale).astype(np.int32)
        cv2.polylines(drawn, [corners], True, COLOURS[field.state], 2, cv2.LINE_AA)
        at = (int(corners[:, 0].min()), max(14, int(corners[:, 1].min()) - 5))
        cv2.putText(drawn, _caption(field), at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, COLOURS[field.state], 1, cv2.LINE_AA)
    return drawn


def _caption(field: FieldReading) -> str:
    if field.state is FieldState.BLANK:
        return f"{field.name}: blank"
    return f"{field.name}: {field.value or '?'} {100 * field.confidence:.0f} %"


def _beside(region: Region, symbols: Sequence[Symbol]) -> NDArray[np.uint8]:
    """A field as it was cut, and beside it what was taken for writing."""
    ink = np.full_like(region.pixels, 255)
    for symbol in symbols:
        height, width = symbol.ink.shape
        if symbol.ink.size:
            y, x = int(symbol.box.y0), int(symbol.box.x0)
            ink[y : y + height, x : x + width] = np.minimum(ink[y : y + height, x : x + width], 255 - symbol.ink)
            cv2.rectangle(ink, (x, y), (x + width, y + height), 150, 1)
    scale = FIELD_HEIGHT / ink.shape[0]
    size = (max(1, round(ink.shape[1] * scale)), FIELD_HEIGHT)
    gap = np.full((FIELD_HEIGHT, _GAP), _PAPER, np.uint8)
    both = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in (region.pixels, ink)]
    return np.hstack([both[0], gap, both[1]])


def _column(pictures: Iterable[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    rows = list(pictures)
    width = max(row.shape[1] for row in rows)
    padded = [np.pad(row, ((0, _GAP), (0, width - row.shape[1])), constant_values=_PAPER) for row in rows]
    return np.vstack(padded)


def _sheet(glyphs: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """All glyphs, (N, 28, 28), side by side in rows."""
    columns = min(len(glyphs), 24)
    rows = math.ceil(len(glyphs) / columns)
    step = GLYPH_SIDE + _GAP
    sheet = np.full((rows * step, columns * step), _PAPER, np.uint8)
    for index, glyph in enumerate(glyphs):
        y, x = step * (index // columns), step * (index % columns)
        sheet[y : y + GLYPH_SIDE, x : x + GLYPH_SIDE] = cv2.resize(
            glyph, (GLYPH_SIDE, GLYPH_SIDE), interpolation=cv2.INTER_NEAREST
        )
    return sheet
