"""Ink told from paper and from print: what `segment` works on. Arrays in, arrays out."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

#: Darkness below this is paper whatever else is there: watermarks and the grain of scans reach 0.1.
FAINTEST_INK = 0.15

#: A pixel is ink when it is at least so dark as this share of the field's own writing; printed guides and
#: security backgrounds stay below, the soft edge of a stroke is cut at half its height.
SHARE_OF_WRITING = 0.5

#: A printed line across, found anywhere, is at least so long: this share of the field's width, but no longer than so
#: many heights, and longer than any stroke of a digit: so many heights.
LINE_ACROSS, LINE_ACROSS_HEIGHTS, LINE_LONGER = 0.6, 2.5, 1.1

#: A border or divider is at least so long: this share of the side that the box has at least.
LINE_DOWN = 0.9

#: A line down where none is expected goes from border to border: over this share of the field's height. A 1 that
#: fills its box is shorter.
LINE_JOINING = 0.95

#: Where a border or divider is expected, broken ones are believed from a shorter run on: this share of the height.
BROKEN_LINE = 0.35

#: A printed line is thinner than this share of the field's height; its ragged edge reaches so many pixels further.
THICKEST_LINE, RAGGED_PX = 0.16, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where the field itself lies in a region cut with a margin, in pixels: x0, y0, x1, y1; and its dividers.

    loose is how far a long line may be from where one is expected, as a share of the height. exact is how far a
    broken one may be; 0 where the edges are only guessed, since a curve near an edge looks like a broken line.
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

    def uprights(self) -> tuple[float, ...]:
        """Where borders and dividers stand: x in pixels."""
        cells = self.cells or 1
        return tuple(self.x0 + self.width * index / cells for index in range(cells + 1))


def darkness(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How much darker each pixel is than the paper around it: (h, w) float32, 0 paper to 1 black.

    The paper is the grey closing of the region, smoothed: shadow and uneven light vanish, strokes do not. Writing that
    is light on dark is turned round first.
    """
    if np.median(pixels) < 96 and np.median(_rim(pixels)) < 96:
        pixels = 255 - pixels
    side = max(3, (min(pixels.shape) // 2) | 1)
    scale = min(1.0, 48.0 / min(pixels.shape))
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (max(3, round(side * scale)) | 1,) * 2)
    paper = cv2.GaussianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel), (0, 0), 3)
    paper = cv2.resize(paper, pixels.shape[::-1], interpolation=cv2.INTER_LINEAR).astype(np.float32)
    found: NDArray[np.float32] = np.clip(1.0 - pixels.astype(np.float32) / np.maximum(paper, 1.0), 0.0, 1.0)
    return found


def writing(dark: NDArray[np.float32], frame: Frame) -> NDArray[np.uint8]:
    """Which pixels are handwriting: (h, w) uint8, 0 or 1; printed lines and dividers are gone, strokes over them kept.

    Parameters
    ----------
    dark
        What `darkness` gives.
    frame
        Where the field lies in it.
    """
    rough = (dark > max(FAINTEST_INK, 0.5 * _level(dark, None))).astype(np.uint8)
    lines = printed_lines(rough, frame)
    inner = np.zeros_like(rough)
    inner[frame.y0 : frame.y1, frame.x0 : frame.x1] = 1
    threshold = max(
        FAINTEST_INK, SHARE_OF_WRITING * _level(dark, (inner > 0) & (cv2.dilate(lines, np.ones((3, 3))) == 0))
    )
    ink = (dark > threshold).astype(np.uint8)
    return without_lines(ink, cv2.bitwise_or(lines, printed_lines(ink, frame)))


def printed_lines(ink: NDArray[np.uint8], frame: Frame) -> NDArray[np.uint8]:
    """The field's border lines and dividers in ink ((h, w) uint8, 0 or 1), as a mask of the same shape.

    Long runs are printed wherever they are, if they go across; a long run down may be a 1, and is printed where a
    line is expected or where it joins the upper border to the lower. Short runs are printed only where expected.
    """
    reach = 1 - frame.loose
    anywhere = round(
        max(LINE_LONGER * frame.height, min(LINE_ACROSS * frame.width, LINE_ACROSS_HEIGHTS * frame.height))
    )
    short = max(8, round(BROKEN_LINE * frame.height))
    edges = (frame.y0, frame.y1)
    across = _runs(ink, max(8, anywhere), frame)
    whole = _runs(ink, max(8, round(LINE_DOWN * reach * frame.width)), frame)
    across |= _near(whole, edges, frame.loose * frame.height, axis=1)
    across |= _near(_runs(ink, short, frame), edges, frame.exact * frame.height, axis=1)
    long_down = _runs(ink.T, max(8, round(LINE_DOWN * reach * frame.height)), frame).T
    short_down = _runs(ink.T, short, frame).T
    printed = _near(long_down, frame.uprights(), frame.loose * frame.height, axis=0)
    printed |= _near(short_down, frame.uprights(), frame.exact * frame.height, axis=0)
    printed |= _joining(short_down, across, frame)
    ragged = cv2.dilate(across, np.ones((2 * RAGGED_PX + 1, 1), np.uint8))
    ragged |= cv2.dilate(printed, np.ones((1, 2 * RAGGED_PX + 1), np.uint8))
    return ragged & ink


def without_lines(ink: NDArray[np.uint8], lines: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Take lines out of ink (both (h, w) uint8, 0 or 1), keeping a stroke that goes on on both sides of one."""
    left = cv2.bitwise_and(ink, 1 - lines)
    if not lines.any():
        return left
    reach = _thickness(lines) + 4 * RAGGED_PX + 2  # where a stroke crosses, the mask reaches over both ragged edges
    kept = np.zeros_like(ink)
    for shape in ((reach, 1), (1, reach)):
        before = cv2.dilate(left, np.ones(shape, np.uint8), anchor=(0, 0))
        after = cv2.dilate(left, np.ones(shape, np.uint8), anchor=(shape[1] - 1, shape[0] - 1))
        kept |= before & after & lines & ink
    return cv2.bitwise_or(left, kept)


def _rim(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])


def _level(dark: NDArray[np.float32], where: NDArray[np.bool_] | None) -> float:
    """How dark the writing is: the 80th percentile of what is clearly darker than paper."""
    seen = dark if where is None else dark[where]
    clear = seen[seen > FAINTEST_INK]
    if clear.size < 12:
        return 1.0
    darkest = np.quantile(clear, 0.98)
    return float(np.quantile(clear[clear > 0.4 * darkest], 0.8))


def _runs(ink: NDArray[np.uint8], length: int, frame: Frame) -> NDArray[np.uint8]:
    """Thin straight runs across that are at least length long, with a pixel's wobble and small gaps."""
    steady = cv2.dilate(ink, np.ones((3, 1), np.uint8))
    steady = cv2.morphologyEx(steady, cv2.MORPH_CLOSE, np.ones((1, 5), np.uint8))
    runs = cv2.morphologyEx(steady, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    thick = max(4, round(THICKEST_LINE * frame.height)) + 2
    return runs & (1 - cv2.morphologyEx(runs, cv2.MORPH_OPEN, np.ones((thick, 1), np.uint8)))


def _near(runs: NDArray[np.uint8], places: Sequence[float], tolerance: float, *, axis: int) -> NDArray[np.uint8]:
    """Of runs keep those whose middle, along axis (0: x, 1: y), is within tolerance of where a line is expected."""
    if tolerance > 0:
        tolerance = max(3.0, tolerance)
    count, marks, stats, centres = cv2.connectedComponentsWithStats(runs)
    keep = np.zeros(count, np.uint8)
    length = stats[:, cv2.CC_STAT_HEIGHT if axis == 0 else cv2.CC_STAT_WIDTH]
    for place in places:
        found = [index for index in range(1, count) if abs(centres[index][axis] - place) <= tolerance]
        if found:  # the line is the longest; a stroke beside it is no second one
            line = max(found, key=lambda index: int(length[index]))
            keep[[index for index in found if abs(centres[index][axis] - centres[line][axis]) <= 2 * RAGGED_PX]] = 1
    return keep[marks]


def _joining(down: NDArray[np.uint8], across: NDArray[np.uint8], frame: Frame) -> NDArray[np.uint8]:
    """Of runs down keep those that together, at one x, go nearly from border to border and meet a printed line."""
    count, marks, stats, _ = cv2.connectedComponentsWithStats(down)
    keep = np.zeros(count, np.uint8)
    for index in range(1, count):
        x0, x1 = max(0, stats[index, 0] - RAGGED_PX), stats[index, 0] + stats[index, 2] + RAGGED_PX
        covered = np.count_nonzero(down[frame.y0 : frame.y1, x0:x1].any(axis=1))
        keep[index] = covered >= LINE_JOINING * frame.height and cv2.countNonZero(across[:, x0:x1]) > 0
    return keep[marks]


def _thickness(lines: NDArray[np.uint8]) -> int:
    return max(1, round(2 * float(np.quantile(cv2.distanceTransform(lines, cv2.DIST_L1, 3)[lines > 0], 0.9))))
