"""What stands around a digit on paper and is not of it: print, dust, the digit beside. Pure functions on arrays.

All pictures are (h, w) uint8, light ink on black, and are not changed; rng is where chance comes from.
"""

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Ink = NDArray[np.uint8]


def line_rest(picture: Ink, rng: Generator) -> Ink:
    """Add what is left of a printed box: a piece of a line beside, above or below the digit."""
    x, y, width, height = cv2.boundingRect(picture)
    length = int(rng.integers(3, max(4, max(width, height) // 2 + 1)))
    gap, start = int(rng.integers(-1, 4)), float(rng.random())
    where = rng.integers(4)
    if where < 2:
        column = x - gap if where == 0 else x + width + gap
        row = y + int(start * max(1, height - length))
        ends = (column, row), (column + int(rng.integers(-1, 2)), row + length)
    else:
        row = y - gap if where == 2 else y + height + gap
        column = x + int(start * max(1, width - length))
        ends = (column, row), (column + length, row + int(rng.integers(-1, 2)))
    return cv2.line(picture.copy(), *ends, int(rng.integers(90, 256)), int(rng.integers(1, 3))).astype(np.uint8)


def frame(picture: Ink, rng: Generator) -> Ink:
    """Put the digit, smaller, into a printed box of which one to four sides are seen.

    The sides reach well past the digit, above and below: a line no longer than the digit would be a 1 beside it.
    """
    side = picture.shape[0]
    scale = rng.uniform(0.6, 0.85)
    shift = (np.array(picture.shape[::-1]) * (1 - scale) / 2 + rng.normal(0, 2.5, 2)).astype(np.float32)
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)
    framed = cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_AREA).astype(np.uint8, copy=False)
    near = rng.integers(2, 9, 4)
    far = side - 1 - rng.integers(2, 9, 4)
    lines = (
        ((near[0], near[1]), (near[0] + rng.integers(-1, 2), far[1])),
        ((far[0], near[1]), (far[0] + rng.integers(-1, 2), far[1])),
        ((near[0], near[1]), (far[0], near[1] + rng.integers(-1, 2))),
        ((near[0], far[1]), (far[0], far[1] + rng.integers(-1, 2))),
    )
    ink, pen = int(rng.integers(60, 256)), int(rng.integers(1, 4))
    for which in rng.permutation(4)[: rng.integers(1, 5)]:
        (x0, y0), (x1, y1) = lines[which]
        cv2.line(framed, (int(x0), int(y0)), (int(x1), int(y1)), ink, pen)
    return framed


def specks(picture: Ink, rng: Generator) -> Ink:
    """Add a dot or two near the digit: dust, or a full stop."""
    x, y, width, height = cv2.boundingRect(picture)
    dotted = picture.copy()
    for _ in range(rng.integers(1, 3)):
        at = (int(rng.integers(x - 2, x + width + 3)), int(rng.integers(y - 2, y + height + 3)))
        cv2.circle(dotted, at, int(rng.integers(0, 3)), int(rng.integers(80, 256)), -1)
    return dotted


def neighbour(picture: Ink, other: Ink, rng: Generator) -> Ink:
    """Let a part of other, the next digit on a canvas of the same size, reach in from the left or the right.

    Mostly it touches: what a cut between joined digits leaves of the other.
    """
    x, _, width, _ = cv2.boundingRect(picture)
    there = cv2.boundingRect(other)
    reach, gap = int(rng.integers(2, 10)), int(rng.integers(-3, 3))
    on_left = rng.random() < 0.5
    near = there[0] + there[2] - reach if on_left else there[0]
    sliver = other[:, max(0, near) : near + reach]
    left = x - gap - sliver.shape[1] if on_left else x + width + gap
    left = min(max(left, 0), picture.shape[1] - sliver.shape[1])
    joined = picture.copy()
    np.maximum(joined[:, left : left + sliver.shape[1]], sliver, out=joined[:, left : left + sliver.shape[1]])
    return joined
