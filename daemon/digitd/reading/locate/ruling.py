"""The printed lines of a whole page: borders, dividers and rules, found at a reduced size. Arrays in, arrays out.

What is looked for is thin, dark and long, across or down; the page may be turned a little, its light uneven and its
lines broken. What people write is short, or not straight, and what is thick is no line but may still bound a box.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.ink import shrink
from digitd.reading.runs import Runs

#: Lines are looked for on a picture with a long side of about so many pixels; a smaller one is enlarged up to twice.
SIDE, SMALLEST_SIDE = 2000, 1200

#: A line is thinner than this share of the picture's long side, and a straight run of it is at least so long.
THICKEST, SHORTEST = 1 / 120, 1 / 100

#: A gap in a line is bridged up to this share of the long side, a wider one only where what it parts is so long itself.
GAP, WIDE_GAP, LONG = 1 / 150, 1 / 35, 1 / 20

#: An end is drawn out by this share of the long side. What is not LONG is kept where both its ends come so near to what
#: goes the other way: sides of boxes do, strokes of pens end anywhere.
REACH, HELD = 1 / 400, 1 / 180

#: How much darker a line is than the paper on its two sides, of 255, where all are faint; and as a share of how much
#: the page's usual line is. Printed grey guides are 0.2 as dark as black, watermarks 0.12.
FAINTEST, FAINTER = 14, 0.13

#: A thick dark patch (a bar, a marker) bounds what is beside it where it is darker than this, of 255.
SOLID = 100

#: A page turned by less than this is looked at as it is; degrees. Steeper than MOST_TURN, nothing is turned back.
LEAST_TURN, MOST_TURN = 2.0, 40.0

#: How a page is turned is found on a picture with so long a side, in pixels.
TURN_SIDE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """The lines of a page on a small upright picture of it.

    across, down and solid are (h, w) uint8 of 0 and 1: lines that go across, lines that go down, thick dark patches;
    thin_across and thin_down are all that is thin and dark, before lines are made of it.
    grey is the picture, (h, w) uint8, and inside, of 0 and 1, tells the page from what turning it left empty.
    page_from_small is (3, 3) float64 and takes its pixels to the page's; thickness is the usual line's in its pixels.
    """

    grey: NDArray[np.uint8]
    inside: NDArray[np.uint8]
    across: NDArray[np.uint8]
    down: NDArray[np.uint8]
    solid: NDArray[np.uint8]
    thin_across: NDArray[np.uint8]
    thin_down: NDArray[np.uint8]
    page_from_small: NDArray[np.float64]
    thickness: float

    @property
    def side(self) -> int:
        """The picture's long side in pixels."""
        return max(self.grey.shape)


def ruling(pixels: NDArray[np.uint8], *, side: int = SIDE, turn: float = 0.0) -> Ruling:
    """Find the printed lines of a page, (H, W) uint8 dark on light, at any resolution from about 60 dots an inch.

    Parameters
    ----------
    pixels
        The page.
    side
        The long side of the picture that is looked at; a small one suits blurred lines.
    turn
        How far the page is turned, in degrees, clockwise; see `turned_by`.
    """
    grey, page_from_small = _small(pixels, side)
    inside = np.ones_like(grey)
    if turn:
        grey, inside, page_from_small = _turned(grey, turn, page_from_small)
    side = max(grey.shape)
    thin_across, thin_down = _thin_dark(grey, down=False), _thin_dark(grey, down=True)
    across = _straight(thin_across, side)
    down = np.ascontiguousarray(_straight(thin_down.T, side).T)
    solid = _solid(grey)
    for _ in range(2):
        across = _held(across, down | solid, side)
        down = np.ascontiguousarray(_held(down.T, (across | solid).T, side).T)
    return Ruling(
        grey=grey,
        inside=inside,
        across=across,
        down=down,
        solid=solid,
        thin_across=thin_across,
        thin_down=thin_down,
        page_from_small=page_from_small,
        thickness=_thickness(across, down),
    )


def turned_by(pixels: NDArray[np.uint8]) -> float:
    """How far a page's long lines are turned from level, in degrees, clockwise; 0 where that is little or unclear."""
    grey, _ = shrink(pixels, TURN_SIDE)
    turn = _turn(_thin_dark(grey, down=False), _thin_dark(grey, down=True))
    return turn if LEAST_TURN < abs(turn) < MOST_TURN else 0.0


def _small(pixels: NDArray[np.uint8], side: int) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    grey, scale = shrink(pixels, side)
    if max(grey.shape) < SMALLEST_SIDE <= side:
        scale = min(2.0, SMALLEST_SIDE / max(grey.shape))
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return grey, np.diag([pixels.shape[1] / grey.shape[1], pixels.shape[0] / grey.shape[0], 1.0])


def _thin_dark(grey: NDArray[np.uint8], *, down: bool) -> NDArray[np.uint8]:
    """(h, w) uint8 of 0 and 1: what is darker than the paper on both its sides, and thin across its direction."""
    thick = max(5, round(THICKEST * max(grey.shape)) | 1)
    shape = (1, thick) if down else (thick, 1)
    paper = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones(shape, np.uint8))
    darker = 255 - cv2.divide(grey, cv2.max(paper, 1), scale=255)
    counts = np.bincount(darker[darker > FAINTEST], minlength=256)
    usual = np.searchsorted(np.cumsum(counts), 0.8 * counts.sum())
    return (darker > max(FAINTEST, FAINTER * float(usual))).view(np.uint8)


def _turn(across: NDArray[np.uint8], down: NDArray[np.uint8]) -> float:
    """How far the page's long lines are turned from level, in degrees, clockwise; 0 where none are seen."""
    shortest = max(across.shape) // 14
    angles: list[float] = []
    for mask, level in ((across, 0.0), (down, 90.0)):
        found = cv2.HoughLinesP(mask * 255, 1, np.pi / 720, shortest // 2, minLineLength=shortest, maxLineGap=3)
        for x0, y0, x1, y1 in [] if found is None else found.reshape(-1, 4)[:400].astype(float):
            angle = np.degrees(np.arctan2(y1 - y0, x1 - x0)) - level
            angles += [(angle + 45) % 90 - 45] * max(1, round(float(np.hypot(x1 - x0, y1 - y0)) / shortest))
    return float(np.median(angles)) if len(angles) >= 4 else 0.0


def _turned(
    grey: NDArray[np.uint8], degrees: float, page_from_small: NDArray[np.float64]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float64]]:
    """The picture turned level, where the page is on it, and the way back."""
    height, width = grey.shape
    turn = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0), (0.0, 0.0, 1.0)])
    corners = cv2.perspectiveTransform(np.array([[(0, 0), (width, 0), (width, height), (0, height)]], np.float64), turn)
    low, high = corners[0].min(axis=0), corners[0].max(axis=0)
    shift = np.array([(1, 0, -low[0]), (0, 1, -low[1]), (0, 0, 1)]) @ turn
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    level = cv2.warpPerspective(grey, shift, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpPerspective(np.ones_like(grey), shift, size, flags=cv2.INTER_NEAREST, borderValue=(0,))
    return level, inside, page_from_small @ np.linalg.inv(shift)


def _straight(thin: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Of what is thin, (h, w) of 0 and 1, the runs across that are long enough, with their gaps bridged.

    A pixel's wobble does not end a run.
    """
    shortest, reach = max(9, round(SHORTEST * side)), max(2, round(REACH * side))
    steady = cv2.dilate(np.ascontiguousarray(thin), np.ones((3, 1), np.uint8))
    lines = Runs.across(steady).at_least(shortest).drawn()
    lines = _bridged(lines, max(4, round(GAP * side)))
    long = Runs.across(lines).at_least(math.ceil(LONG * side)).drawn()
    lines |= _bridged(long, round(WIDE_GAP * side))
    return cv2.dilate(lines, np.ones((1, 2 * reach + 1), np.uint8))


def _bridged(lines: NDArray[np.uint8], gap: int) -> NDArray[np.uint8]:
    wide = cv2.copyMakeBorder(lines, 0, 0, gap, gap, cv2.BORDER_REPLICATE)
    whole = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    return np.ascontiguousarray(whole[:, gap:-gap])


def _held(lines: NDArray[np.uint8], others: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Of lines across keep the long ones, and those whose both ends are near others or the picture's edge."""
    near = max(3, round(HELD * side))
    around = cv2.dilate(np.ascontiguousarray(others), np.ones((2 * near + 1, 2 * near + 1), np.uint8))
    around[:, : near + 1], around[:, -near - 1 :] = 1, 1
    count, marks, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(lines), connectivity=8)
    rows, columns = np.nonzero(lines)
    label, held = marks[rows, columns], around[rows, columns] > 0
    left, width = stats[label, cv2.CC_STAT_LEFT], stats[label, cv2.CC_STAT_WIDTH]
    keep = stats[:, cv2.CC_STAT_WIDTH] >= LONG * side
    ends = [np.zeros(count, np.bool_), np.zeros(count, np.bool_)]
    ends[0][label[held & (columns == left)]] = True
    ends[1][label[held & (columns == left + width - 1)]] = True
    keep |= ends[0] & ends[1]
    keep[0] = False
    return keep[marks].view(np.uint8)


def _solid(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    side = max(5, round(THICKEST * max(grey.shape)) | 1)
    return cv2.morphologyEx((grey < SOLID).view(np.uint8), cv2.MORPH_OPEN, np.ones((side, side), np.uint8))


def _thickness(across: NDArray[np.uint8], down: NDArray[np.uint8]) -> float:
    """The usual thickness of the lines, in pixels, each run through one counted once."""
    heights, widths = Runs.across(np.ascontiguousarray(across.T)), Runs.across(down)
    runs = np.cumsum(np.bincount(np.concatenate([heights.lengths, widths.lengths]), minlength=2))
    return float(max(1, np.searchsorted(runs, runs[-1] / 2)))
