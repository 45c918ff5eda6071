"""Ruled rows: lines across, evenly apart, from the picture's left edge to a border; people write between them.

Not every line need be seen: between two that are, and above them where writing goes on, the missing ones are put in
where they must be. Arrays in, values out.
"""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.locate.rooms import Room, support, upright
from digitd.reading.locate.ruling import Ruling

#: A line of a row is at least this share of the picture's width; so many make rows.
LINE_LENGTH, FEWEST_LINES = 0.25, 5

#: A row is between these shares of the picture's height; its lines are this share of it from where they must be.
LOWEST_ROW, HIGHEST_ROW, AWAY = 0.015, 0.2, 0.16

#: Lines begin at the picture's edge, and end at the same place, within these shares of the width.
AT_EDGE, SAME_END = 0.08, 0.08

#: A line down that is at least this share of the picture's height is a border.
BORDER = 0.1

#: A row that is hidden by writing is put where most of a line is seen, this near as a share of its height, with
#: what is farther counting less.
SNAP, FARTHER, LEAST_SEEN = 0.25, 0.3, 0.2

#: Ink is darker than these shares of the rows' darkest and of its own row's darkest; rows on a page.
INK, INK_OF_ROW, MOST_ROWS = 0.3, 0.4, 60

#: So much of a row's height is left out with the lines above, below and behind it.
RIM = 0.1

#: Writing is at least this share as high as its row, and a piece of it at most so many times as wide. A stroke across
#: is longer than so many rows are high, and strikes out what it covers to this share.
WRITTEN, LONGEST, STROKE, STRUCK = 0.4, 4.0, 1.0, 0.6


def rows(lines: Ruling) -> list[Room]:
    """The ruled rows of a picture from the first that is written in to the last, from top to bottom; none elsewhere."""
    ends = _ends(lines)
    if len(ends) < FEWEST_LINES:
        return []
    levels = _levels(ends[:, 1], lines.grey.shape[0])
    if len(levels) < FEWEST_LINES:
        return []
    dark = _dark(lines.grey, levels[1] - levels[0])
    found = [_row(lines, top, foot, ends) for top, foot in pairwise(levels)]
    faintest = _faintest(found, dark)
    while len(found) < MOST_ROWS:  # writing hides the lines above and below it
        step = float(np.median(np.diff(levels)))
        room = _row(lines, _snapped(levels[0] - step, step, lines, ends), levels[0], ends)
        if room.quad[:2, 1].min() < 0 or not _written(room, dark, faintest):
            break
        levels, found = [float(room.quad[1, 1]), *levels], [room, *found]
    faintest = _faintest(found, dark)
    written = [index for index, room in enumerate(found) if _written(room, dark, faintest)]
    return found[written[0] : written[-1] + 1] if written else []


def _snapped(level: float, step: float, lines: Ruling, ends: NDArray[np.float64]) -> float:
    """The level near by along which most of a line is seen; level where none is."""
    best, at = LEAST_SEEN, level
    for away in np.arange(-SNAP * step, SNAP * step + 1):
        line = _row(lines, level + away, level + away + step, ends).quad
        seen = support(lines.thin_across, line[0], line[1], reach=1.0) - FARTHER * abs(away) / step
        if seen > best:
            best, at = seen, float(level + away)
    return at


def _dark(grey: NDArray[np.uint8], step: float) -> NDArray[np.uint8]:
    """How much darker each pixel is than the paper around it, (h, w) uint8."""
    side = max(3, round(0.8 * step) | 1)
    return cv2.subtract(cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)), grey)


def _ends(lines: Ruling) -> NDArray[np.float64]:
    """Where long lines across end on the right, and their slope: (N, 3) float64, x, y, slope."""
    height, width = lines.grey.shape
    _, marks, stats, _ = cv2.connectedComponentsWithStats(lines.down, connectivity=8)
    borders = (stats[:, cv2.CC_STAT_HEIGHT] >= BORDER * height)[marks] & (lines.down > 0)
    _, marks, stats, _ = cv2.connectedComponentsWithStats(lines.across, connectivity=8)
    found = []
    for index in np.flatnonzero(stats[:, cv2.CC_STAT_WIDTH] >= LINE_LENGTH * width):
        x, y, wide, high = (int(v) for v in stats[index, :4])
        open_side = int(lines.inside[y].argmax())
        if index == 0 or high > 0.1 * height or x > open_side + AT_EDGE * width:
            continue
        if borders[max(0, y - 3) : y + high + 3, max(0, x - 3) : x + round(AT_EDGE * width)].any():
            continue  # it begins at a border: the rows of a table
        down, along = np.nonzero(marks[y : y + high, x : x + wide] == index)
        right, left = along >= 0.95 * wide, along <= 0.05 * wide
        slope = (down[right].mean() - down[left].mean()) / (0.95 * wide)
        found.append((x + wide, y + down[right].mean(), slope))
    if not found:
        return np.zeros((0, 3))
    ends = np.array(found)
    border = _border(ends, lines)
    kept = ends[np.abs(ends[:, 0] - border(ends[:, 1])) <= SAME_END * width]
    usual = float(np.median(kept[:, 2])) if len(kept) else 0.0
    kept[:, 1] += usual * (border(kept[:, 1]) - kept[:, 0])
    kept[:, 0] = border(kept[:, 1])
    return kept


def _border(ends: NDArray[np.float64], lines: Ruling) -> np.poly1d:
    """The right border's x by y: the longest line down on which lines end, or where most of them end."""
    count, marks, stats, _ = cv2.connectedComponentsWithStats(lines.down, connectivity=8)
    if count > 1:
        index = 1 + int(stats[1:, cv2.CC_STAT_HEIGHT].argmax())
        if stats[index, cv2.CC_STAT_HEIGHT] > 0.25 * lines.grey.shape[0]:
            down, along = np.nonzero(marks == index)
            return np.poly1d(np.polyfit(down, along, 1))
    far = ends[ends[:, 0] >= np.quantile(ends[:, 0], 0.5)]
    return np.poly1d(np.polyfit(far[:, 1], far[:, 0], 1) if len(far) > 3 else [float(np.median(ends[:, 0]))])


def _levels(found: NDArray[np.float64], height: int) -> list[float]:
    """The even levels, from the first to the last line, that most lines are near to and that fewest are missing of."""
    ys = np.sort(found)
    best: tuple[float, list[tuple[int, float]]] = (0.0, [])
    for first in range(len(ys)):
        for second in range(first + 1, len(ys)):
            for between in (1, 2, 3):
                step = (ys[second] - ys[first]) / between
                if LOWEST_ROW * height <= step <= HIGHEST_ROW * height:
                    best = max(best, _agreeing(ys, ys[first], step), key=lambda fit: fit[0])
    ranks = dict(best[1])
    if len(ranks) < FEWEST_LINES:
        return []
    bent = np.poly1d(np.polyfit(list(ranks), list(ranks.values()), 2))
    return [ranks.get(rank, float(bent(rank))) for rank in range(min(ranks), max(ranks) + 1)]


def _agreeing(ys: NDArray[np.float64], start: float, step: float) -> tuple[float, list[tuple[int, float]]]:
    """How well levels fit, and the lines near them by rank; steps may grow or shrink slowly, as in a photo."""
    near: list[tuple[int, float]] = [(0, start)]
    for direction in (1, -1):
        rank, at, each, missed = 0, start, step, 0
        while missed < 3:
            rank, at = rank + direction, at + direction * each
            away = np.abs(ys - at)
            nearest = int(away.argmin())
            if away[nearest] <= AWAY * each:
                each = 0.8 * each + 0.2 * abs(ys[nearest] - near[-1 if direction > 0 else 0][1]) / (missed + 1)
                at, missed = float(ys[nearest]), 0
                near = [*near, (rank, at)] if direction > 0 else [(rank, at), *near]
            else:
                missed += 1
    missing = near[-1][0] - near[0][0] + 1 - len(near)
    return len(near) - 0.7 * missing, near


def _row(lines: Ruling, top: float, foot: float, ends: NDArray[np.float64]) -> Room:
    """The row between two levels at the right border, as far to the left as the picture goes."""
    near = ends[np.argsort(np.abs(ends[:, 1] - (top + foot) / 2))[:3]]
    right, slope = float(near[:, 0].mean()), float(np.median(ends[:, 2]))
    last = lines.grey.shape[0] - 1
    inside = lines.inside[[min(max(round(y), 0), last) for y in (top, foot)]].min(axis=0)
    left = float(inside[: max(1, round(right))].argmax())
    lift = slope * (right - left)
    return Room(quad=np.array([(left, top - lift), (right, top), (right, foot), (left, foot - lift)]))


def _faintest(found: Sequence[Room], dark: NDArray[np.uint8]) -> float:
    """How dark ink is at least, on what the rows hold at their darkest."""
    return INK * max(float(np.quantile(_without_lines(room, dark), 0.99)) for room in found)


def _without_lines(room: Room, dark: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rim = RIM * room.height
    return upright(room, dark, left=0, right=rim, ends=rim)


def _written(room: Room, dark: NDArray[np.uint8], faintest: float) -> bool:
    """Whether something stands in a row that is not struck out: as high as writing, and no line across."""
    cell = _without_lines(room, dark)
    height = cell.shape[0]
    ink = (cell > max(faintest, INK_OF_ROW * float(np.quantile(cell, 0.99)))).astype(np.uint8)
    stroke = np.ones((1, max(3, round(STROKE * height))), np.uint8)
    across = cv2.dilate(cv2.morphologyEx(ink, cv2.MORPH_OPEN, stroke), np.ones((3, 1), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink & (1 - across), connectivity=8)
    tall = stats[1:][stats[1:, cv2.CC_STAT_HEIGHT] >= WRITTEN * height]
    tall = tall[tall[:, cv2.CC_STAT_WIDTH] <= LONGEST * height]
    if not len(tall):
        return False
    start, end = int(tall[:, 0].min()), int((tall[:, 0] + tall[:, 2]).max())
    middle = across[round(0.25 * height) : round(0.75 * height), start:end]
    return float(middle.any(axis=0).mean()) < STRUCK
