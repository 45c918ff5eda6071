"""Rooms that share walls become tables: every room gets its row and its column. Values in, values out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitd.reading.locate.rooms import Room, beside, groups, stacked

#: A room at the picture's edge that is narrower than this share of its table's usual room is the rest of a column.
REST_OF_COLUMN = 0.55

#: Rows, or columns, whose middles are nearer than this share of the usual height, or width, are one.
SAME = 0.5

#: A table with so many of its rooms found has no merged ones, and what is missing was not found.
NEARLY_WHOLE = 0.85

#: A wall in at most this share of a table's rows may be a pen's.
IN_FEW_ROWS = 0.6

#: Two rooms that together are as wide as those above and below, within this share of it, were parted by a pen.
PARTED = 0.12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """A room and where it is in its table; row and column count from 0, and are 0 for a room that has no neighbours."""

    room: Room
    table: int
    row: int
    column: int


def tables(found: Sequence[Room], wall: float) -> list[list[Place]]:
    """The rooms by table, behind walls of at most so many pixels; a room on its own is a table of one."""
    found = _rejoined(found, wall)
    right, below = beside(found, wall), stacked(found, wall)
    made = []
    for number, group in enumerate(groups(right | below)):
        inner = np.ix_(group, group)
        made.append(_placed([found[i] for i in group], right[inner], below[inner], number))
    return made


def _placed(rooms: list[Room], right: NDArray[np.bool_], below: NDArray[np.bool_], table: int) -> list[Place]:
    centres = np.array([room.centre for room in rooms])
    slope, lean = _slant(centres, right), _slant(centres[:, ::-1], below)
    heights, widths = np.array([r.height for r in rooms]), np.array([r.width for r in rooms])
    rows = _ranked(centres[:, 1] - slope * centres[:, 0], groups(right), heights)
    columns = _ranked(centres[:, 0] - lean * centres[:, 1], groups(below), widths)
    whole = [not r.cut or r.width >= REST_OF_COLUMN * float(np.median(widths)) for r in rooms]
    kept = [
        Place(room=room, table=table, row=int(row), column=int(column))
        for room, row, column, full in zip(rooms, rows, columns, whole, strict=True)
        if full
    ]
    return _renumbered(_regular(_renumbered(_unparted(kept))))


def _unparted(places: list[Place]) -> list[Place]:
    """Join what strokes above each other have parted: a wall in few rows, with two rooms as wide as one elsewhere."""
    rows = len({p.row for p in places})
    at = {(p.row, p.column): p for p in places}
    if rows < 3 or len(at) < len(places):
        return places
    for column in sorted({p.column for p in places}):
        parted = [p for p in places if p.column == column]
        before = [p.room.width for p in places if p.column == column - 1 and (p.row, column) not in at]
        if len(parted) > IN_FEW_ROWS * rows or not before:
            continue
        for right in parted:
            left = at.get((right.row, column - 1))
            both = None if left is None else _joined(left.room, right.room)
            if left is not None and both is not None and abs(both.width - np.median(before)) <= PARTED * both.width:
                at[left.row, left.column] = Place(room=both, table=left.table, row=left.row, column=left.column)
                del at[right.row, column]
    return list(at.values())


def _regular(places: list[Place]) -> list[Place]:
    """Where a table is nearly whole, put right the rooms that a pen has parted, and put in what was not found."""
    rows, columns = {p.row for p in places}, {p.column for p in places}
    at = {(p.row, p.column): p for p in places}
    if min(len(rows), len(columns)) < 3 or len(at) < max(len(places), NEARLY_WHOLE * len(rows) * len(columns)):
        return places
    widths = {c: float(np.median([p.room.width for p in places if p.column == c])) for c in columns}
    odd = [p for p in places if abs(p.room.width - widths[p.column]) > PARTED * widths[p.column]]
    sound = {key: p for key, p in at.items() if p not in odd}
    wanted = [(r, c) for r in rows for c in columns if (r, c) not in sound]
    filled = [_between(sound, row, column, places[0].table) for row, column in wanted]
    found = {(p.row, p.column): p for p in filled if p is not None}
    return list((at | found).values())


def _between(at: dict[tuple[int, int], Place], row: int, column: int, table: int) -> Place | None:
    """The room that should be at row and column: its left and right as above and below, its top and foot as beside."""
    above, below = _nearest(at, row, column, (-1, 0)), _nearest(at, row, column, (1, 0))
    left, right = _nearest(at, row, column, (0, -1)), _nearest(at, row, column, (0, 1))
    upright = [p for p in (above, below) if p is not None]
    level = [p for p in (left, right) if p is not None]
    if not upright or not level:
        return None
    share = (row - upright[0].row) / (upright[1].row - upright[0].row) if len(upright) == 2 else 0.0
    along = (column - level[0].column) / (level[1].column - level[0].column) if len(level) == 2 else 0.0
    x = upright[0].room.quad[:, 0] * (1 - share) + upright[-1].room.quad[:, 0] * share
    y = level[0].room.quad[:, 1] * (1 - along) + level[-1].room.quad[:, 1] * along
    return Place(room=Room(quad=np.stack([x, y], axis=1)), table=table, row=row, column=column)


def _nearest(at: dict[tuple[int, int], Place], row: int, column: int, step: tuple[int, int]) -> Place | None:
    """The nearest of two rooms in the direction of step that are there."""
    for times in (1, 2):
        found = at.get((row + times * step[0], column + times * step[1]))
        if found is not None:
            return found
    return None


def _slant(centres: NDArray[np.float64], linked: NDArray[np.bool_]) -> float:
    """How far the second coordinate goes with the first from neighbour to neighbour; the median."""
    first, second = np.nonzero(linked)
    if not len(first):
        return 0.0
    step = centres[second] - centres[first]
    return float(np.median(step[:, 1] / np.where(np.abs(step[:, 0]) < 1, 1, step[:, 0])))


def _ranked(levels: NDArray[np.float64], joined: list[list[int]], sizes: NDArray[np.float64]) -> NDArray[np.intp]:
    """The rank of each room's row: of rooms joined by neighbours, or at the same level."""
    means = sorted((float(levels[group].mean()), group) for group in joined)
    rank = np.zeros(len(levels), np.intp)
    at, last = -1, -np.inf
    for mean, group in means:
        if mean - last > SAME * min(float(np.median(sizes[group])), float(np.median(sizes))):
            at, last = at + 1, mean
        rank[group] = at
    return rank


def _renumbered(places: list[Place]) -> list[Place]:
    rows = {row: i for i, row in enumerate(sorted({p.row for p in places}))}
    columns = {column: i for i, column in enumerate(sorted({p.column for p in places}))}
    again = [Place(room=p.room, table=p.table, row=rows[p.row], column=columns[p.column]) for p in places]
    return sorted(again, key=lambda p: (p.row, p.column))


def _rejoined(found: Sequence[Room], wall: float) -> list[Room]:
    """Join two rooms side by side that only together are as wide as the rooms above or below them."""
    rooms = list(found)
    widths = np.array([room.width for room in rooms])
    right = beside(rooms, wall)
    gone: set[int] = set()
    joined = []
    for first, second in np.argwhere(right):
        if first in gone or second in gone:
            continue
        both = _joined(rooms[first], rooms[second])
        above = stacked([both, *rooms], wall)
        near = [i - 1 for i in np.flatnonzero(above[0] | above[:, 0]) if i > 0]
        alike = [i for i in near if abs(widths[i] - both.width) <= PARTED * both.width]
        if alike and not _has_parted_neighbours(rooms, int(first), int(second), wall):
            gone |= {int(first), int(second)}
            joined.append(both)
    return [room for index, room in enumerate(rooms) if index not in gone] + joined


def _has_parted_neighbours(rooms: list[Room], first: int, second: int, wall: float) -> bool:
    """Whether a room above or below either of two is as wide as that one: then the wall between them is a column's."""
    down = stacked(rooms, wall)
    return bool((down[first] | down[:, first] | down[second] | down[:, second]).any())


def _joined(left: Room, right: Room) -> Room:
    quad = np.array([left.quad[0], right.quad[1], right.quad[2], left.quad[3]])
    return Room(quad=quad, cut=left.cut or right.cut)
