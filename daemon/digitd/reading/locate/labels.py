"""Rooms that hold print are no fields: words, a table's header row, its column of labels. Values in, values out."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.locate.rooms import upright
from digitd.reading.locate.ruling import Ruling
from digitd.reading.locate.tables import Place

#: Ink is darker than this share of the room's darkest against its paper, and than this, of 255.
SHARE_OF_DARKEST, FAINTEST = 0.45, 30

#: Words: so many pieces that are so low, as a share of the room's height; any of the pairs.
WORDS = ((6, 0.4), (4, 0.34), (3, 0.27))

#: Pieces lower than this share of the room, or of this many pixels where the room is higher, are specks.
SPECK, SPECK_OF_PX = 0.08, 70

#: A header row or column of labels has ink in so many of its rooms, and at least in so many; and the feet of what
#: stands in them spread by no more than this share of the room. Measured: print 0.000 to 0.010, handwriting 0.018 and
#: more, a row's tops and feet together 0.022 and more.
NEARLY_ALL, FEWEST_IN_LINE, SET_BY_MACHINE = 0.8, 4, 0.013


@dataclass(frozen=True, slots=True, kw_only=True)
class Inked:
    """What stands in a room: the number of pieces; their median height and the whole's top and foot as shares of it."""

    pieces: int
    height: float
    top: float
    foot: float


def for_writing(places: Sequence[Place], lines: Ruling) -> list[Place]:
    """The rooms of a table in which people write: without words, header rows and columns of labels."""
    inked = {id(place): look(place, lines.grey, lines.thickness) for place in places}
    rows, columns = sorted({p.row for p in places}), sorted({p.column for p in places})
    while rows and _printed_row([inked[id(p)] for p in places if p.row == rows[0]]):
        rows.pop(0)
    while columns and _printed_column([inked[id(p)] for p in places if p.column == columns[0] and p.row in rows]):
        columns.pop(0)
    return [p for p in places if p.row in rows and p.column in columns and not _words(inked[id(p)])]


def look(place: Place, grey: NDArray[np.uint8], thickness: float) -> Inked:
    """Look at what stands in a room on the small picture."""
    rim = min(thickness, 0.2 * max(8.0, min(place.room.width, place.room.height)))
    cell = upright(place.room, grey, left=rim, right=rim, ends=rim)
    height = cell.shape[0]
    paper = np.percentile(cell, 80)
    dark = np.clip(paper - cell.astype(np.float32), 0, 255)
    ink = (dark > max(FAINTEST, SHARE_OF_DARKEST * float(dark.max()))).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    found = stats[1:][(stats[1:, cv2.CC_STAT_HEIGHT] >= max(3, SPECK * min(height, SPECK_OF_PX)))]
    if not len(found):
        return Inked(pieces=0, height=0.0, top=0.0, foot=0.0)
    tops, heights = found[:, cv2.CC_STAT_TOP], found[:, cv2.CC_STAT_HEIGHT]
    return Inked(
        pieces=len(found),
        height=float(np.median(heights)) / height,
        top=float(tops.min()) / height,
        foot=float((tops + heights).max()) / height,
    )


def _words(ink: Inked) -> bool:
    return any(ink.pieces >= fewest and ink.height <= highest for fewest, highest in WORDS)


def _printed_row(cells: Sequence[Inked]) -> bool:
    """Whether what stands in a row was set by a machine: filled, on one line and of one height."""
    inked = [cell for cell in cells if cell.pieces]
    if len(inked) < max(FEWEST_IN_LINE, NEARLY_ALL * len(cells)):
        return False
    spread = (_spread([c.foot for c in inked]), _spread([c.top for c in inked]))
    return max(spread) <= SET_BY_MACHINE


def _printed_column(cells: Sequence[Inked]) -> bool:
    """As `_printed_row`, of a column; its words differ in height, but stand on the same line of their rows."""
    inked = [cell for cell in cells if cell.pieces]
    return len(inked) >= max(FEWEST_IN_LINE, NEARLY_ALL * len(cells)) and (
        _spread([cell.foot for cell in inked]) <= SET_BY_MACHINE
    )


def _spread(values: Sequence[float]) -> float:
    """The median distance from the median."""
    return float(np.median(np.abs(np.array(values) - np.median(values))))
