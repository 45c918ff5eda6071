"""Lines in a field that are no writing: borders, dividers, dashes up to a number; taken away. Arrays in, arrays out."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.components import components
from digitd.reading.runs import Runs

#: A printed line across, found anywhere, is at least so long: this share of the field's width, but no longer than so
#: many heights, and longer than any stroke of a digit: so many heights.
LINE_ACROSS, LINE_ACROSS_HEIGHTS, LINE_LONGER = 0.6, 2.5, 1.1

#: Where edges are only guessed, a line of this share of the width needs nothing that holds it.
LINE_UNHELD = 0.8

#: A line strikes writing out where there is ink above and below it, within BESIDE heights, along more than so many.
STRIKING, BESIDE = 0.5, 0.35

#: A border or divider is at least so long: this share of the side that the box has at least.
LINE_DOWN = 0.9

#: Where a border or divider is expected, broken ones are believed from a shorter run on: this share of the height.
BROKEN_LINE = 0.35

#: Lines are looked for on a picture of no less than this height, if the field has it, and less than twice that: on a
#: lower one the gap between a 1 and the border closes. In pixels.
SEARCH_HEIGHT = 48

#: The shortest run that is looked at, in pixels.
SHORTEST_PX = 8

#: Where edges are only guessed, a line ends this near to the picture's edge or to another line: share of the height.
HELD_WITHIN = 0.05

#: A printed line is thinner than this share of the field's height; its ragged edge reaches so many pixels further.
THICKEST_LINE, RAGGED_PX = 0.16, 2

#: How many of its usual deviations from straight a line may waver.
WAVERS = 2.0

#: A pen over a line is so many times as dark as the line is, in rows or columns of which so much is line.
DARKER_THAN_LINE, MOSTLY_LINE = 1.25, 0.5

#: How dark a pen is more than, by how dark the line is; where nothing is known of it, 0, no pen is.
_DARKER = np.array([255, *(min(255, int(DARKER_THAN_LINE * usual)) for usual in range(1, 256))], np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where the field itself lies in a region cut with a margin, in pixels: x0, y0, x1, y1; and its dividers.

    loose is how far a long line may be from where one is expected, as a share of the height. exact is how far a
    broken one may be; 0, a pixel, where the edges are only guessed: a curve near an edge looks like a broken line.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    cells: int | None = None
    loose: float = 0.12
    exact: float = 0.06

    @property
    def height(self) -> int:
        return max(1, self.y1 - self.y0)

    @property
    def width(self) -> int:
        return max(1, self.x1 - self.x0)

    def shrunk(self, step: int) -> "Frame":
        """The frame on a picture of one pixel for each step x step."""
        sides = {name: round(getattr(self, name) / step) for name in ("x0", "y0", "x1", "y1")}
        return replace(self, **sides)

    def uprights(self) -> tuple[float, ...]:
        """Where borders and dividers stand: x in pixels."""
        cells = self.cells or 1
        return tuple(self.x0 + self.width * index / cells for index in range(cells + 1))


def printed_lines(ink: NDArray[np.uint8], frame: Frame) -> NDArray[np.uint8]:
    """The borders, the dividers, and the dashes up to its number of a field with ink, (h, w) uint8, 0 or 1; a mask.

    Long runs are printed wherever they are, if they go across and not through writing; shorter ones are dashes if they
    come in over the margin, from what stands before the field. A long run down may be a 1, and is printed only where a
    line is expected. So are short runs.
    """
    step = max(1, frame.height // SEARCH_HEIGHT)
    if step > 1:
        pooled = cv2.dilate(ink, np.ones((step, step), np.uint8), anchor=(0, 0))[::step, ::step]
        lines = _lines(np.ascontiguousarray(pooled), frame.shrunk(step))
        return cv2.resize(lines, ink.shape[::-1], interpolation=cv2.INTER_NEAREST) & ink
    return _lines(ink, frame) & ink


def _lines(ink: NDArray[np.uint8], frame: Frame) -> NDArray[np.uint8]:
    runs = _steady_runs(ink)
    through, across = _through(runs, frame), _at_edges(runs, frame)
    down = _down(ink, frame, ends=() if frame.exact else _ends(through))
    if not frame.exact:
        across, down = _held(across | through, down, frame)
        through &= _thin(runs, LINE_UNHELD * frame.width, frame).drawn()
    across |= through
    ragged = cv2.dilate(across, np.ones((2 * RAGGED_PX + 1, 1), np.uint8))
    return ragged | cv2.dilate(down, np.ones((1, 2 * RAGGED_PX + 1), np.uint8))


def without_lines(ink: NDArray[np.uint8], lines: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Take lines out of ink (both (h, w) uint8, 0 or 1), keeping a stroke that goes on on both sides of one."""
    left = ink & (1 - lines)
    if not lines.any():
        return left
    reach = _thickness(lines) + 4 * RAGGED_PX + 2  # where a stroke crosses, the mask reaches over both ragged edges
    kept = np.zeros_like(ink)
    for shape in ((reach, 1), (1, reach)):
        before = cv2.dilate(left, np.ones(shape, np.uint8), anchor=(0, 0))
        after = cv2.dilate(left, np.ones(shape, np.uint8), anchor=(shape[1] - 1, shape[0] - 1))
        kept |= before & after & lines & ink
    return left | kept


def pen_over(dark: NDArray[np.uint8], ink: NDArray[np.uint8], lines: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Where a pen went over fainter lines, (h, w) uint8, 0 or 1: much darker than the line is along its row or column.

    dark is (h, w) uint8, lines a mask of ink, and ink the mask of all that is dark. Where less than half of a row or
    column is line, nothing is known of it. What meets no ink beside the lines is a bolder part of one.
    """
    usual = np.maximum(_usual(dark, lines), _usual(cv2.transpose(dark), cv2.transpose(lines)).T)
    darker = lines & (dark > cv2.LUT(usual, _DARKER)).view(np.uint8)
    if not cv2.countNonZero(darker):
        return darker
    x, y, width, height = cv2.boundingRect(darker)
    around = slice(y, y + height), slice(x, x + width)
    beside = cv2.dilate(ink & (1 - lines), np.ones((3, 3), np.uint8))[around]
    count, marks = cv2.connectedComponents(darker[around])
    meets = np.zeros(count, np.uint8)
    meets[marks[beside > 0]] = 1
    meets[0] = 0
    darker[around] = meets[marks]
    return darker


def _usual(dark: NDArray[np.uint8], lines: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How dark lines across are, by row, (h, 1): the median of the darkest row near each."""
    height, width = lines.shape
    found = np.zeros((height, 1), np.uint8)
    counts = cv2.reduce(lines, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0]
    (rows,) = (counts >= max(1, MOSTLY_LINE * width)).nonzero()
    if len(rows):
        beside = dark[rows] * lines[rows]  # what is no line comes first, as 0; a byte is sorted fastest by its radix
        ordered = np.sort(beside, axis=1, kind="stable")
        found[rows, 0] = ordered[np.arange(len(rows)), width - 1 - counts[rows] // 2]
    return cv2.dilate(found, np.ones((4 * RAGGED_PX + 3, 1), np.uint8))


def _steady_runs(ink: NDArray[np.uint8]) -> Runs:
    """The runs across of ink, (h, w) uint8 of 0 and 1; a pixel's wobble and gaps of up to four do not end one."""
    steady = cv2.dilate(ink, np.ones((3, 1), np.uint8))
    return Runs.across(cv2.morphologyEx(steady, cv2.MORPH_CLOSE, np.ones((1, 5), np.uint8)))


def _through(runs: Runs, frame: Frame) -> NDArray[np.uint8]:
    """Runs longer than any stroke: lines wherever they are, and dashes up to a number; not what strikes it out."""
    longer = LINE_LONGER * frame.height
    anywhere = max(longer, min(LINE_ACROSS * frame.width, LINE_ACROSS_HEIGHTS * frame.height))
    found = np.zeros_like(runs.mask)
    for band in _thin(runs, longer, frame).bands():
        picture, left, top = band.cut_out()
        count, marks, stats, _ = components(picture)
        keep = np.zeros(count, np.uint8)
        for index in range(1, count):
            x, y, width, height = (int(v) for v in stats[index, :4])
            x, y = left + x, top + y
            enters = frame.x0 > 0 and not frame.cells and (x <= 1 or x + width >= found.shape[1] - 1)
            keep[index] = (width >= anywhere or enters) and not _strikes((x, y, width, height), runs.mask, frame)
        found[top : top + picture.shape[0], left : left + picture.shape[1]] = keep[marks]
    return found


def _strikes(line: tuple[int, int, int, int], ink: NDArray[np.uint8], frame: Frame) -> bool:
    """Whether a line, as x, y, width and height, goes through writing, which stands above and below it."""
    x, y, width, height = line
    rim, reach = max(2, round(HELD_WITHIN * frame.height)), round(BESIDE * frame.height)
    near = frame.loose * frame.height
    if not frame.y0 + near < y + height / 2 < frame.y1 - near:
        return False
    above = ink[max(0, y - rim - reach) : max(0, y - rim), x : x + width].any(axis=0)
    below = ink[y + height + rim : y + height + rim + reach, x : x + width].any(axis=0)
    return int(np.count_nonzero(above & below)) > STRIKING * frame.height


def _at_edges(runs: Runs, frame: Frame) -> NDArray[np.uint8]:
    return _where_expected(runs, (float(frame.y0), float(frame.y1)), frame, side=frame.width)


def _ends(through: NDArray[np.uint8]) -> tuple[float, ...]:
    """Where lines across begin and end, x in pixels: there a box has its sides."""
    columns = np.flatnonzero(through.any(axis=0))
    return (float(columns[0]), float(columns[-1])) if len(columns) else ()


def _down(ink: NDArray[np.uint8], frame: Frame, *, ends: Sequence[float]) -> NDArray[np.uint8]:
    """Borders and dividers, looked for in the turned field; the mask is upright again.

    Elsewhere a line down is a 1, even from border to border: a divider that no template tells of is read as one. So
    what is far from where one may be is not looked at.
    """
    places = sorted({*frame.uprights(), *ends})
    reach = math.ceil(max(3.0, frame.loose * frame.height)) + 2 * _thickest(frame) + 4
    found = np.zeros_like(ink)
    for first, last in _merged([(place - reach, place + reach) for place in places], ink.shape[1]):
        runs = _steady_runs(np.ascontiguousarray(ink[:, first:last].T))
        near = [place - first for place in places if first <= place <= last]
        found[:, first:last] = _where_expected(runs, near, frame, side=frame.height).T
    return found


def _merged(spans: Iterable[tuple[float, float]], length: int) -> list[tuple[int, int]]:
    """Spans in the order of their beginnings, those that overlap as one, each within 0 and length."""
    whole: list[tuple[int, int]] = []
    for start, end in spans:
        first, last = max(0, math.floor(start)), min(length, math.ceil(end))
        if whole and first <= whole[-1][1]:
            first = whole.pop()[0]
        if first < last:
            whole.append((first, last))
    return whole


def _held(
    across: NDArray[np.uint8], down: NDArray[np.uint8], frame: Frame
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Keep the lines whose both ends leave the picture or meet another line; the foot of a 2 does neither.

    Taken away is only what others may have met, so two rounds settle all but what no digit looks like.
    """
    for _ in range(2):
        across = _with_held_ends(across, down, frame)
        down = np.ascontiguousarray(_with_held_ends(down.T, across.T, frame).T)
    return across, down


def _with_held_ends(lines: NDArray[np.uint8], others: NDArray[np.uint8], frame: Frame) -> NDArray[np.uint8]:
    """Of lines across keep those held at both ends, by the picture's edge or by others, which go down."""
    if not lines.any():
        return lines
    near = max(2, round(HELD_WITHIN * frame.height))
    whole = cv2.morphologyEx(np.ascontiguousarray(lines), cv2.MORPH_CLOSE, np.ones((3, 2 * near + 1), np.uint8))
    count, marks, stats, _ = components(whole)
    keep = np.zeros(count, np.uint8)
    for index in range(1, count):
        x, y, width, height = (int(v) for v in stats[index, :4])
        rows = others[max(0, y - near) : y + height + near]
        left = x <= near or rows[:, max(0, x - near) : x + near + 1].any()
        right = x + width >= lines.shape[1] - near or rows[:, x + width - 1 - near : x + width + near].any()
        keep[index] = left and right
    return lines & keep[marks]


def _thin(runs: Runs, length: float, frame: Frame) -> Runs:
    """Runs of at least length pixels that do not lie above each other to more than a line's thickness."""
    long, thickest = runs.at_least(max(SHORTEST_PX, round(length))), _thickest(frame) + 2  # steadied, they are thicker
    if long.depth() < thickest:
        return long
    drawn, column = long.drawn(), np.ones((thickest, 1), np.uint8)
    starts = cv2.erode(drawn, column, anchor=(0, 0), borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    return Runs.across(drawn & (1 - cv2.dilate(starts, column, anchor=(0, len(column) - 1))))


def _where_expected(runs: Runs, places: Sequence[float], frame: Frame, *, side: int) -> NDArray[np.uint8]:
    """Runs near rows, places: long ones loosely, and broken ones exactly, unless one goes along all of side there."""
    found = np.zeros_like(runs.mask)
    long = _thin(runs, LINE_DOWN * (1 - frame.loose) * side, frame)
    broken = _thin(runs, BROKEN_LINE * frame.height, frame)
    loosely = max(3.0, frame.loose * frame.height)
    exactly = max(3.0, frame.exact * frame.height) if frame.exact else 1.0
    for place in places:
        length, middle = _add_near(found, long, place, loosely, frame)
        if length < side or abs(middle - place) > exactly:
            _add_near(found, broken, place, exactly, frame)
    return found


def _add_near(found: NDArray[np.uint8], runs: Runs, place: float, tolerance: float, frame: Frame) -> tuple[int, float]:
    """Add to found, of runs near the row called place, the longest line whose middle is within tolerance of it.

    With what is in line with that; a stroke beside the line is no second one. Returns the line's length in pixels, 0
    where there is none, and the row of its middle.
    """
    thickest = _thickest(frame)
    near = runs.between(max(0, round(place - tolerance) - thickest), round(place + tolerance) + thickest + 1)
    picture, x, y = near.cut_out()
    if not picture.size:
        return 0, place
    count, marks, stats, centres = components(picture)
    middles = centres[:, 1] + y
    within = np.abs(middles - place) <= tolerance
    within[0] = False
    if not within.any():
        return 0, place
    line = int(np.where(within, stats[:, cv2.CC_STAT_WIDTH], -1).argmax())
    within &= np.abs(middles - middles[line]) <= 2 * RAGGED_PX
    if count > 2:
        picture = within[marks].view(np.uint8)
    found[y : y + picture.shape[0], x : x + picture.shape[1]] |= _straight(picture)
    return int(stats[line, cv2.CC_STAT_WIDTH]), float(middles[line])


def _straight(line: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A line across, (h, w) of 0 and 1, without what stands out of it: the foot of a digit that rests on it.

    A straight line is laid through its columns that are no thicker than most.
    """
    counts = _heights(line)
    (columns,) = counts.nonzero()
    counts = counts[columns]
    usual = _median(counts)
    if counts.max() <= usual + 1:
        return line
    rows = np.arange(len(line), dtype=np.float64)
    middles = rows @ line[:, columns] / counts
    clean = counts <= usual + 1
    x, y = columns[clean], middles[clean]
    apart = x - x.mean()
    slope = float(apart @ y) / max(1.0, float(apart @ apart))
    wanted = y.mean() + slope * (columns - x.mean())
    wavers = _median(np.abs(y - wanted[clean]))
    inside = np.abs(rows[:, None] - wanted) <= usual / 2 + 1 + WAVERS * wavers
    straight = np.zeros_like(line)
    straight[:, columns] = line[:, columns] & inside
    return straight


def _heights(mask: NDArray[np.uint8]) -> NDArray[np.int32]:
    """How much of each column of a mask, (h, w) of 0 and 1, is set: (w,)."""
    return np.asarray(cv2.reduce(mask, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0], np.int32)


def _median(values: NDArray[Any]) -> float:
    """As numpy's, which takes four times as long for a hundred values."""
    half = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, half)[half])
    low, high = np.partition(values, (half - 1, half))[half - 1 : half + 1].tolist()
    return (low + high) / 2


def _thickest(frame: Frame) -> int:
    return max(4, round(THICKEST_LINE * frame.height))


def _thickness(lines: NDArray[np.uint8]) -> int:
    """Twice how far inside nine tenths of the lines' pixels lie at most, by steps across and down."""
    cross, few, depth = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)), 0.1 * cv2.countNonZero(lines), 1
    inside = cv2.erode(lines, cross)
    while cv2.countNonZero(inside) > few and depth < max(lines.shape):  # nothing is eaten from the picture's edge
        inside, depth = cv2.erode(inside, cross), depth + 1
    return 2 * depth
