"""Which rooms there are on a page: what lines enclose, put right by the rectangles that lines draw.

Pens part rooms and enclose others; frames stand around rooms, and guides for digits in them. Arrays in, values out.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.locate.rooms import (
    LARGEST_AREA,
    LEAST_WALL,
    SMALL_WALL,
    SMALLEST,
    STEP,
    Room,
    rectangle,
    seen,
    support,
    walled,
)
from digitd.reading.locate.ruling import GAP, Ruling

#: A box of three sides is so many times as wide as the smallest room.
OPEN_WIDTH = 4.0

#: A room in a room is a printed guide for a digit, or what a pen encloses, where its height is below this share of the
#: outer's. A room so many times as high as those in it is a frame around a part of the page.
GUIDE_MOST, MANY_LINES = 0.6, 3.5

#: Rooms that printed dividers make of a frame cover this share of it.
TILED = 0.8

#: Two or more equal rooms, at least this share as high as the one they are in, were printed there.
LEAST_PART = 0.25


def rooms(lines: Ruling) -> list[Room]:
    """The rooms on a page's small picture, in no order; frames around other rooms and guides in them left out."""
    walls = lines.across | lines.down | lines.solid | (1 - lines.inside)
    paper = 1 - walls
    _, marks, stats, _ = cv2.connectedComponentsWithStats(paper, connectivity=4)
    smallest = max(8.0, SMALLEST * lines.side)
    print_under = (lines.thin_across | lines.solid, lines.thin_down | lines.solid)
    found = []
    for index in range(1, len(stats)):
        x, y, width, height, area = (int(v) for v in stats[index])
        if min(width, height) < smallest or area > LARGEST_AREA * paper.size or area < 0.4 * smallest**2:
            continue
        room = rectangle(marks[y : y + height, x : x + width] == index, x, y, lines)
        if room is not None and min(room.width, room.height) >= smallest and walled(room, print_under, lines):
            found.append(room)
    return _innermost(_whole(_innermost(found), _drawn(lines, smallest, print_under)))


def _drawn(lines: Ruling, smallest: float, dark: Sequence[NDArray[np.uint8]]) -> list[Room]:
    """Rectangles that connected lines draw, seen from outside: pens inside and over the border do not matter.

    The fourth side may be missing where the other three are whole.
    """
    walls = lines.across | lines.down
    _, marks, stats, _ = cv2.connectedComponentsWithStats(walls, connectivity=8)
    brush = 2 * round(2 * lines.thickness) + 1
    found = []
    for index in range(1, len(stats)):
        x, y, width, height, _ = (int(v) for v in stats[index])
        if min(width, height) < 1.5 * smallest or width * height > LARGEST_AREA * walls.size:
            continue
        drawn = np.pad((marks[y : y + height, x : x + width] == index).view(np.uint8), brush)
        contours, _ = cv2.findContours(drawn, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        filled = cv2.drawContours(np.zeros_like(drawn), contours, -1, (1,), cv2.FILLED)
        filled = cv2.morphologyEx(filled, cv2.MORPH_OPEN, np.ones((brush, brush), np.uint8))
        room = rectangle(filled > 0, x - brush, y - brush, lines) if filled.any() else None
        if room is not None and min(room.width, room.height) >= smallest and walled(room, dark, lines):
            if not _several(room, dark[0], lines) and not _filled_black(room, lines):
                found.append(_shrunk(room, lines.thickness))
        elif width >= OPEN_WIDTH * smallest and width > height:
            found += _open(np.array([x, y, x + width, y + height], np.float64), dark, lines.thickness)
    return found


def _several(room: Room, dark: NDArray[np.uint8], lines: Ruling) -> bool:
    """Whether both lines across stop at the same place: boxes side by side whose gaps were taken for a line's."""
    gap = max(4, round(1.3 * GAP * lines.side))
    unseen = [~seen(dark, room.quad[i], room.quad[j], reach=lines.thickness) for i, j in ((0, 1), (3, 2))]
    steps = min(len(unseen[0]), len(unseen[1]))
    both = (unseen[0][:steps] & unseen[1][:steps]).view(np.uint8)
    return bool(cv2.morphologyEx(both[None], cv2.MORPH_OPEN, np.ones((1, max(2, gap // STEP)), np.uint8)).any())


def _filled_black(room: Room, lines: Ruling) -> bool:
    low, high = room.quad.min(axis=0).astype(int), np.ceil(room.quad.max(axis=0)).astype(int)
    return float(lines.solid[low[1] : high[1], low[0] : high[0]].mean()) > 0.5


def _open(box: NDArray[np.float64], dark: Sequence[NDArray[np.uint8]], thickness: float) -> list[Room]:
    """The room that three whole sides draw: the lower or upper line is lost."""
    x0, y0, x1, y1 = box + np.array([1, 1, -1, -1]) * thickness / 2
    quad = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    seen = [support(dark[i % 2], quad[i], quad[(i + 1) % 4], reach=1.5 * thickness) for i in range(4)]
    whole = seen[1] >= SMALL_WALL and seen[3] >= SMALL_WALL and max(seen[0], seen[2]) >= SMALL_WALL
    return [Room(quad=quad)] if whole and min(seen[0], seen[2]) < LEAST_WALL else []


def _shrunk(room: Room, thickness: float) -> Room:
    """A room measured from outside its walls, to their middle."""
    inward = (thickness + 0.5) * np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)])
    return Room(quad=room.quad + inward, cut=room.cut)


def _whole(found: list[Room], drawn: Sequence[Room]) -> list[Room]:
    """Put a rectangle of one row of writing in the place of what pens have made of it."""
    for frame in drawn:
        low, high = frame.quad.min(axis=0), frame.quad.max(axis=0)
        inner = [room for room in found if (room.centre > low).all() and (room.centre < high).all()]
        guides = frame.width < 1.3 * frame.height
        if not _divided(frame, inner) and (guides or all(frame.height < 2.2 * room.height for room in inner)):
            found = [room for room in found if all(room is not other for other in inner)] + [frame]
    return found


def _divided(frame: Room, inner: Sequence[Room]) -> bool:
    """Whether rooms are what printed dividers make of a frame: all of it, in several rows or equally wide."""
    if len(inner) < 2 or sum(room.width * room.height for room in inner) < TILED * frame.width * frame.height:
        return False
    widths = [room.width for room in inner]
    if any(room.height < 0.75 * frame.height for room in inner):
        return True
    return max(widths) < 1.3 * min(widths) or len(inner) > 6


def _innermost(found: list[Room]) -> list[Room]:
    """Leave out frames around other rooms, and what pens and guides enclose within a room."""
    boxes = np.array([(*room.quad.min(axis=0), *room.quad.max(axis=0)) for room in found]).reshape(-1, 4)
    centres = np.array([room.centre for room in found]).reshape(-1, 2)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    drop: set[int] = set()
    for outer in np.argsort(-areas):
        inside = (centres > boxes[outer, :2]).all(axis=1) & (centres < boxes[outer, 2:]).all(axis=1)
        inner = [int(i) for i in np.flatnonzero(inside & (areas < 0.95 * areas[outer])) if i not in drop]
        if not inner or outer in drop:
            continue
        if _frames(found[outer], [found[i] for i in inner]):
            drop.add(int(outer))
        else:
            drop.update(inner)
    return [room for index, room in enumerate(found) if index not in drop]


def _frames(outer: Room, inner: Sequence[Room]) -> bool:
    """Whether a room is a mere frame for the rooms in it: they are equal, or it is a part of the page."""
    heights, widths = [room.height for room in inner], [room.width for room in inner]
    if max(heights) < GUIDE_MOST * outer.height and outer.width < 1.3 * outer.height and len(inner) <= 2:
        return False  # a guide for a digit
    if outer.height > MANY_LINES * max(heights):
        return True
    usual = (float(np.median(heights)), float(np.median(widths)))
    alike = [i for i in inner if abs(i.height / usual[0] - 1) < 0.15 and abs(i.width / usual[1] - 1) < 0.15]
    return len(alike) > max(1, 0.6 * len(inner)) and usual[0] > LEAST_PART * outer.height
