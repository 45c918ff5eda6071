"""What a form offers for writing, found on a picture of it: boxes, combs, tables, ruled rows, underlined blanks.

A comb is a box with dividers, or a few equal boxes in a row: room for one digit each. What holds print is no field.
Arrays in, values out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.locate import labels, ruled
from digitd.reading.locate.blanks import blanks
from digitd.reading.locate.frames import rooms
from digitd.reading.locate.rooms import WALL, Room, support
from digitd.reading.locate.ruling import Ruling, ruling, turned_by
from digitd.reading.locate.tables import Place, tables

#: A room for one digit is no wider than this share of its height: in a table, and where it is in a single row.
DIGIT_ROOM, DIGIT_ROOM_ALONE = 0.95, 1.6

#: Rooms of a comb are equal within this share; boxes that make one comb lie apart by at most this share of a width.
EQUAL, APART = 0.18, 0.6

#: Combs above each other stand in line within this share of their distance.
LEAN = 0.02

#: So much of every wall of a comb with rooms that a pen hides must be printed.
HIDDEN_WALL = 0.75

#: The most rooms in one comb.
MOST_CELLS = 24

#: A picture on which fewer rooms are found is looked at turned level and at so small a side too, in pixels.
FEW_ROOMS, COARSE_SIDE = 4, 800

#: Ruled rows are looked for where fewer fields are found, and no table.
FEW_FIELDS = 20


class Kind(StrEnum):
    """What a field looks like."""

    #: A box for free writing.
    BOX = "box"
    #: A box with room for one digit at a time.
    COMB = "comb"
    #: A cell of a ruled table.
    CELL = "cell"
    #: A row between lines, of which one side is open.
    ROW = "row"
    #: The paper above a line beside a label.
    BLANK = "blank"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """A field found on a page.

    quad is (4, 2) float64 in page pixels: top left, top right, bottom right, bottom left, in the middle of the lines.
    cells is the number of rooms for one digit, None where digits stand freely. table counts from 0, row and column
    from 1; all three are None outside a table.
    """

    kind: Kind
    quad: NDArray[np.float64]
    cells: int | None = None
    table: int | None = None
    row: int | None = None
    column: int | None = None


def find(pixels: NDArray[np.uint8], *, with_blanks: bool = False) -> tuple[Found, ...]:
    """Find the fields of a page, (H, W) uint8 dark on light, in reading order; tables stay together.

    with_blanks also looks for underlined blanks that nobody has written on: for the reference of a new form.
    """
    lines, found = _best_look(pixels)
    underlined = [Found(kind=Kind.BLANK, quad=room.quad) for room in blanks(lines, found)] if with_blanks else []
    fields = list(_fields(lines, found, underlined))
    if len(fields) < FEW_FIELDS and max((field.column or 1 for field in fields), default=1) == 1:
        rowed = ruling(pixels, turn=turned_by(pixels), side=COARSE_SIDE)
        rows = [Found(kind=Kind.ROW, quad=room.quad) for room in ruled.rows(rowed)]
        if len(rows) > 1:
            lines, fields = rowed, rows
    return tuple(
        replace(field, quad=cv2.perspectiveTransform(field.quad[:, None], lines.page_from_small)[:, 0])
        for field in fields
    )


def names(found: Sequence[Found]) -> list[str]:
    """Names in reading order: r1c1, ... in the first table, table2_r1c1, ... in the next; row1, ... of ruled rows.

    Boxes, combs and blanks are called field1, ...
    """
    made, counts = [], dict.fromkeys(Kind, 0)
    for field in found:
        if field.table is None:
            kind = Kind.ROW if field.kind is Kind.ROW else Kind.BOX
            counts[kind] += 1
            made.append(f"row{counts[kind]}" if kind is Kind.ROW else f"field{counts[kind]}")
        else:
            place = f"r{field.row}c{field.column}"
            made.append(place if field.table == 0 else f"table{field.table + 1}_{place}")
    return made


def _best_look(pixels: NDArray[np.uint8]) -> tuple[Ruling, list[Room]]:
    """The lines and rooms of the look at the page that finds the most rooms."""
    lines = ruling(pixels)
    best = (lines, rooms(lines))
    if turn := turned_by(pixels):
        best = max(best, _look(pixels, turn=turn), key=lambda look: len(look[1]))
    if len(best[1]) < FEW_ROOMS:
        best = max(best, _look(pixels, turn=turn, side=COARSE_SIDE), key=lambda look: len(look[1]))
    return best


def _look(pixels: NDArray[np.uint8], *, turn: float, side: int = 0) -> tuple[Ruling, list[Room]]:
    lines = ruling(pixels, turn=turn, side=side) if side else ruling(pixels, turn=turn)
    return lines, rooms(lines)


def _fields(lines: Ruling, found: list[Room], others: Sequence[Found]) -> Iterator[Found]:
    wall = WALL * lines.thickness + 2
    made: list[list[Found]] = []
    alone: list[Found] = []
    for places in tables(found, wall):
        combs, rest = _combs(places)
        cells = labels.for_writing(rest, lines)
        table = _table(cells)
        (made.append(table) if table else alone.extend(_boxes(cells)))
        alone += combs
    alone = [*_completed(_spaced(alone), lines), *others]
    yield from _in_order(alone, made)


def _combs(places: Sequence[Place]) -> tuple[list[Found], list[Place]]:
    """Runs of equal narrow rooms side by side, as combs, and the rooms that are in none."""
    single = len({place.row for place in places}) == 1
    widest = DIGIT_ROOM_ALONE if single else DIGIT_ROOM
    combs, cells, run = [], [], list[Place]()
    for place in [*places, None]:
        if place is not None and place.room.width <= widest * place.room.height and (not run or _continues(run, place)):
            run.append(place)
            continue
        if len(run) > 1:
            combs.append(_comb([p.room for p in run]))
        else:
            cells += run
        run = []
        if place is not None and place.room.width <= widest * place.room.height:
            run = [place]
        elif place is not None:
            cells.append(place)
    return combs, cells


def _continues(run: Sequence[Place], place: Place) -> bool:
    last = run[-1]
    touching = abs(place.room.quad[0, 0] - last.room.quad[1, 0]) <= 0.25 * last.room.width
    equal = abs(place.room.width - run[0].room.width) <= EQUAL * run[0].room.width
    return len(run) < MOST_CELLS and place.row == last.row and touching and equal


def _comb(parts: Sequence[Room]) -> Found:
    first, last = parts[0].quad, parts[-1].quad
    return Found(kind=Kind.COMB, quad=np.array([first[0], last[1], last[2], first[3]]), cells=len(parts))


def _table(cells: Sequence[Place]) -> list[Found]:
    """Cells as a table's fields, row by row; none where they make no grid."""
    rows = {row: i for i, row in enumerate(sorted({p.row for p in cells}), start=1)}
    columns = {column: i for i, column in enumerate(sorted({p.column for p in cells}), start=1)}
    if len(rows) < 2 or len(cells) < 4 or len({(p.row, p.column) for p in cells}) < len(cells):
        return []
    return [Found(kind=Kind.CELL, quad=p.room.quad, table=0, row=rows[p.row], column=columns[p.column]) for p in cells]


def _boxes(cells: Sequence[Place]) -> list[Found]:
    return [
        Found(kind=Kind.BOX, quad=p.room.quad, cells=1 if p.room.width <= DIGIT_ROOM * p.room.height else None)
        for p in cells
    ]


def _spaced(fields: list[Found]) -> list[Found]:
    """Boxes for one digit each, equal and evenly apart in a row, become one comb."""
    left = sorted((f for f in fields if f.kind is Kind.BOX and _near_square(f)), key=lambda f: f.quad[0, 0])
    joined: list[list[Found]] = []
    for box in left:
        home = next((run for run in joined if _follows(run, box)), None)
        if home is None:
            joined.append([box])
        else:
            home.append(box)
    combs = [run for run in joined if len(run) > 1]
    used = {id(box) for run in combs for box in run}
    rooms_of = [[Room(quad=box.quad) for box in run] for run in combs]
    return [f for f in fields if id(f) not in used] + [_comb(parts) for parts in rooms_of]


def _completed(fields: list[Found], lines: Ruling) -> list[Found]:
    """Give a comb the rooms that a pen has hidden, where one above or below it has them and their walls are printed."""
    combs = [field for field in fields if field.kind is Kind.COMB]
    return [_as_long_as(field, combs, lines) if field.kind is Kind.COMB else field for field in fields]


def _as_long_as(comb: Found, others: Sequence[Found], lines: Ruling) -> Found:
    cells, each = comb.cells or 1, Room(quad=comb.quad).width / (comb.cells or 1)
    for other in sorted(others, key=lambda o: o.cells or 1):
        count = other.cells or 1
        apart = other.quad - comb.quad
        near = 0.25 * each + LEAN * abs(float(apart[:, 1].mean()))
        left, right = bool((np.abs(apart[[0, 3], 0]) <= near).all()), bool((np.abs(apart[[1, 2], 0]) <= near).all())
        alike = abs(Room(quad=other.quad).width / count - each) <= EQUAL / 2 * each
        if count > cells and left != right and alike:
            longer = comb.quad.copy()
            ends = [1, 2] if left else [0, 3]
            longer[ends] += (count / cells - 1) * (comb.quad[ends] - comb.quad[[0, 3] if left else [1, 2]])
            if _printed(longer, count, lines) and not _has_solid(longer, comb.quad, lines):
                return Found(kind=Kind.COMB, quad=longer, cells=count)
    return comb


def _printed(quad: NDArray[np.float64], cells: int, lines: Ruling) -> bool:
    """Whether a comb's border and every divider are there."""
    down, across = lines.thin_down | lines.solid, lines.thin_across | lines.solid
    shares = np.linspace(0, 1, cells + 1)[:, None]
    tops, feet = quad[0] + shares * (quad[1] - quad[0]), quad[3] + shares * (quad[2] - quad[3])
    reach = 2 * lines.thickness
    seen = [support(down, top, foot, reach=reach) for top, foot in zip(tops, feet, strict=True)]
    for line in (tops, feet):
        seen += [support(across, *ends, reach=reach) for ends in pairwise(line)]
    return min(seen) >= HIDDEN_WALL


def _has_solid(longer: NDArray[np.float64], quad: NDArray[np.float64], lines: Ruling) -> bool:
    """Whether what a comb would gain is a dark patch."""
    (x0, y0), (x1, y1) = longer.min(axis=0).astype(int).clip(0), longer.max(axis=0).astype(int).clip(0)
    gain = np.ones(max(0, x1 - x0), np.bool_)
    gain[max(0, int(quad[:, 0].min()) - x0) : max(0, int(quad[:, 0].max()) - x0)] = False
    patch = lines.solid[y0:y1, x0:x1]
    return bool(patch[:, gain[: patch.shape[1]]].mean() > 0.2) if patch.size and gain.any() else False


def _near_square(field: Found) -> bool:
    room = Room(quad=field.quad)
    return room.width <= 1.35 * room.height


def _follows(run: Sequence[Found], box: Found) -> bool:
    first, last, this = Room(quad=run[0].quad), Room(quad=run[-1].quad), Room(quad=box.quad)
    gap = float(this.quad[0, 0] - last.quad[1, 0])
    even = len(run) < 2 or abs(gap - float(last.quad[0, 0] - run[-2].quad[1, 0])) <= 0.3 * this.width
    equal = (
        abs(this.width - first.width) <= EQUAL * first.width and abs(this.height - first.height) <= EQUAL * first.height
    )
    level = abs(this.centre[1] - last.centre[1]) <= 0.2 * this.height
    return len(run) < MOST_CELLS and -0.1 * this.width <= gap <= APART * this.width and even and equal and level


def _in_order(alone: list[Found], made: list[list[Found]]) -> Iterator[Found]:
    """Line by line, left to right within a line; a table stands where its first cell does."""
    blocks = [[field] for field in alone] + made
    lines: list[list[list[Found]]] = []
    for block in sorted(blocks, key=lambda b: float(b[0].quad[:, 1].mean())):
        middle = float(block[0].quad[:, 1].mean())
        if (
            lines
            and middle
            <= max(float(b[0].quad[2:, 1].max()) for b in lines[-1][:1]) - 0.2 * Room(quad=block[0].quad).height
        ):
            lines[-1].append(block)
        else:
            lines.append([block])
    count = 0
    for line in lines:
        for block in sorted(line, key=lambda b: float(b[0].quad[0, 0])):
            is_table = block[0].kind is Kind.CELL
            yield from (replace(field, table=count) if is_table else field for field in block)
            count += is_table
