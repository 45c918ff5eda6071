"""Underlined blanks: printed lines with a label beside and empty paper above, to write on. Arrays in, values out.

What a line underlines is print; what a line parts has no label beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading import ink as inks
from digitd.reading.locate.rooms import Room
from digitd.reading.locate.ruling import Ruling

#: Letters are between these shares of the picture's long side high, and darker than this beside the paper, of 255.
LOWEST_LETTER, HIGHEST_LETTER, DARK = 1 / 350, 1 / 40, 70

#: A page with fewer letters than this has no labels.
FEWEST_LETTERS = 8

#: In heights of a letter: the shortest blank, the paper that must be empty above it, and the height of its field.
SHORTEST, EMPTY, HIGHEST = 3.5, 1.1, 3.0

#: A label ends so near to a blank, in heights of a letter; it reaches so far above and below the line.
BESIDE, ABOVE, BELOW = 5.0, 1.6, 0.5

#: What lies in a room lower than so many such fields is a part of its print.
ROOMY = 4.0

#: A row of pixels above a blank is empty where no more than this share of it is dark.
SPECKS = 0.01


def blanks(lines: Ruling, rooms: Sequence[Room]) -> list[Room]:
    """The rooms above underlined blanks, on the small picture; of blanks that nobody has written on, and in no room."""
    dark = (inks.darkness(lines.grey) > DARK).view(np.uint8)
    ink = dark & (1 - cv2.dilate(lines.across | lines.down, np.ones((3, 3), np.uint8)))
    letter = _letter_height(ink, lines.side)
    if not letter:
        return []
    found = []
    for line in _lone(lines, letter):
        height = _empty_above(ink, line, lines.thickness, most=HIGHEST * letter)
        if height >= EMPTY * letter and _labelled(ink, line, letter):
            x0, x1, y = float(line.x0), float(line.x1), float(line.y)
            blank = Room(quad=np.array([(x0, y - height), (x1, y - height), (x1, y), (x0, y)]))
            if not any(_part_of(blank, room) for room in rooms):
                found.append(blank)
    return found


def _part_of(blank: Room, room: Room) -> bool:
    small = room.height <= ROOMY * blank.height
    return small and cv2.pointPolygonTest(room.quad.astype(np.float32), tuple(map(float, blank.centre)), False) >= 0


@dataclass(frozen=True, slots=True)
class _Line:
    """A level line from x0 to x1 with its middle at y."""

    x0: int
    x1: int
    y: int


def _lone(lines: Ruling, letter: float) -> list[_Line]:
    """Lines that no line down meets: of no box and no table."""
    reach = round(3 * lines.thickness) + 2
    met = cv2.dilate(lines.down | lines.solid, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    count, marks, stats, centres = cv2.connectedComponentsWithStats(lines.across, connectivity=8)
    touched = np.bincount(marks[met > 0], minlength=count) > 0
    found = []
    for index in range(1, count):
        x, _, width, height, _ = (int(v) for v in stats[index])
        level = height <= 3 * lines.thickness + 0.03 * width + 2
        if level and not touched[index] and width >= SHORTEST * letter:
            found.append(_Line(x, x + width, round(float(centres[index][1]))))
    return found


def _letter_height(ink: NDArray[np.uint8], side: int) -> float:
    """The median height of what may be letters; 0 where there are too few."""
    stats = cv2.connectedComponentsWithStats(ink, connectivity=8)[2][1:]
    heights, widths = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
    letters = (heights >= LOWEST_LETTER * side) & (heights <= HIGHEST_LETTER * side) & (widths <= 3 * heights)
    return float(np.median(heights[letters])) if letters.sum() >= FEWEST_LETTERS else 0.0


def _empty_above(ink: NDArray[np.uint8], line: _Line, thickness: float, *, most: float) -> float:
    """How high the empty paper above a line is, up to most; pixels."""
    foot = line.y - round(thickness) - 1
    above = ink[max(0, foot - round(most)) : max(0, foot), line.x0 : line.x1]
    empty = 0
    while empty < len(above) and above[-1 - empty].mean() <= SPECKS:
        empty += 1
    return float(empty + line.y - foot)


def _labelled(ink: NDArray[np.uint8], line: _Line, letter: float) -> bool:
    """Whether words stand beside a line, at its left or its right."""
    rows = slice(max(0, round(line.y - ABOVE * letter)), round(line.y + BELOW * letter))
    near = round(BESIDE * letter)
    left, right = ink[rows, max(0, line.x0 - near) : line.x0], ink[rows, line.x1 : line.x1 + near]
    return any(int(side.any(axis=0).sum()) >= letter for side in (left, right))
