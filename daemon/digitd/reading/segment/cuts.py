"""Where a piece of writing may be parted: seams from its top to its foot that cross little ink. Arrays in, arrays out.

A seam is the cheapest way down through a picture in which ink costs most and each step aside a little. It falls along
the paper between two digits where there is any (the drop of water of Congedo et al., "Segmentation of numeric
strings", 1995), finds a valley of the projection or the contour where digits touch, and slants with the writing.
"""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

#: What a pixel of paper and a step aside cost, where a pixel of ink costs 1.
PAPER_COST, ASIDE_COST = 0.01, 0.15

#: Seams are looked for on a picture on which a digit is at most so high, in pixels.
SEARCH_HEIGHT = 40

#: Heights from which seams are followed up and down, as shares of the piece's.
STARTS = (0.25, 0.5, 0.75)

#: A seam that crosses more ink than so many strokes parts no two digits; two nearer than this share of a digit's height
#: are one; so is one that leaves less than this share of a digit's height, squared, of ink on a side.
MOST_STROKES, APART, SMALLEST_SIDE = 2.6, 0.10, 0.015

#: At most so many seams, and so many more for each width of a digit's height.
MOST_SEAMS, MOST_SEAMS_MORE = 3, 4


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Cut:
    """A seam: strokes is the ink it crosses, in widths of a stroke; xs (h,) int, the first column on its right."""

    strokes: float
    xs: NDArray[np.intp]


def cuts(mask: NDArray[np.bool_], *, digit_height: float, stroke: float) -> tuple[Cut, ...]:
    """The seams by which a piece of writing may be parted, from left to right.

    Parameters
    ----------
    mask
        (h, w) bool, the piece.
    digit_height, stroke
        How high a digit of this hand is, and how wide its strokes, in pixels.
    """
    scale = min(1.0, SEARCH_HEIGHT / digit_height)
    small = _scaled(mask, scale)
    down, up = _costs(small)
    found = _seams(small, down, up)
    strokes = np.take_along_axis(small, found.T, axis=1).sum(axis=0) / max(1.0, stroke * scale)
    sides = np.take_along_axis(np.cumsum(small, axis=1) - small, found.T, axis=1).sum(axis=0)
    least = SMALLEST_SIDE * (digit_height * scale) ** 2
    wanted = (strokes <= MOST_STROKES) & (sides >= least) & (small.sum() - sides >= least)
    most = round(MOST_SEAMS + MOST_SEAMS_MORE * mask.shape[1] / digit_height)
    left = np.flatnonzero(wanted)[np.argsort(strokes[wanted], kind="stable")]
    kept: list[int] = []
    while len(left) and len(kept) < most:
        kept.append(int(left[0]))
        apart = np.abs(found[left] - found[left[0]]).mean(axis=1)
        left = left[apart >= APART * digit_height * scale]
    kept.sort(key=lambda seam: float(found[seam].mean()))
    return tuple(Cut(strokes=float(strokes[k]), xs=_unscaled(found[k], mask.shape, scale)) for k in kept)


def _scaled(mask: NDArray[np.bool_], scale: float) -> NDArray[np.float32]:
    picture = mask.astype(np.float32)
    if scale == 1.0:
        return picture
    size = (max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)


def _unscaled(xs: NDArray[np.intp], shape: tuple[int, ...], scale: float) -> NDArray[np.intp]:
    rows = (np.arange(shape[0]) + 0.5) * len(xs) / shape[0] - 0.5
    columns = np.interp(rows, np.arange(len(xs)), xs) / scale
    return np.clip(np.rint(columns), 0, shape[1]).astype(np.intp)


def _costs(ink: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the cheapest way to each pixel costs, its own cost counted: from the first row, and from the last."""
    costs = np.stack([ink, ink[::-1]], axis=1) + np.float32(PAPER_COST)
    aside = np.full((2, ink.shape[1] + 2), np.inf, np.float32)
    left, inside, right = aside[:, :-2], aside[:, 1:-1], aside[:, 2:]
    for above, here in pairwise(costs):
        inside[:] = above
        np.add(here, np.minimum(above, np.minimum(left, right) + np.float32(ASIDE_COST)), out=here)
    return costs[:, 0], costs[::-1, 1]


def _seams(ink: NDArray[np.float32], down: NDArray[np.float32], up: NDArray[np.float32]) -> NDArray[np.intp]:
    """Seams through the cheapest places of some rows: (seams, h) columns."""
    through = down + up - ink
    upward, downward = _moves(down), _moves(up)
    found = [_followed(row, _lowest(through[row]), upward, downward) for row in _start_rows(len(ink))]
    return np.concatenate(found)


def _start_rows(height: int) -> list[int]:
    return sorted({min(height - 1, int(share * height)) for share in STARTS})


def _lowest(costs: NDArray[np.float32]) -> NDArray[np.intp]:
    """Columns that cost no more than those two beside them; of a level stretch all, since seams through it differ."""
    padded = np.pad(costs, 2, constant_values=np.inf)
    beside = np.min([padded[shift : shift + len(costs)] for shift in (0, 1, 3, 4)], axis=0)
    return np.flatnonzero(costs <= beside + 1e-6)


def _moves(costs: NDArray[np.float32]) -> NDArray[np.intp]:
    """The column in each row of costs, (h, w), that a seam at each column of a row beside it comes from: (h, w)."""
    height, width = costs.shape
    around = np.full((height, width + 2), np.inf, np.float32)
    around[:, 1:-1] = costs
    aside = np.float32(ASIDE_COST)
    ways = np.stack([costs, around[:, :-2] + aside, around[:, 2:] + aside])
    return np.arange(width) + np.array([0, -1, 1])[ways.argmin(axis=0)]


def _followed(
    row: int, columns: NDArray[np.intp], upward: NDArray[np.intp], downward: NDArray[np.intp]
) -> NDArray[np.intp]:
    """The cheapest seams through columns of a row: (len(columns), h)."""
    seams = np.empty((len(upward), len(columns)), np.intp)
    seams[row] = columns
    for at in range(row - 1, -1, -1):
        seams[at] = upward[at][seams[at + 1]]
    for at in range(row + 1, len(seams)):
        seams[at] = downward[at][seams[at - 1]]
    return seams.T
