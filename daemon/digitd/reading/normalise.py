"""A symbol of any size, pen and contrast becomes the 28x28 glyph a classifier knows. The trainer imports this.

As MNIST was made (LeCun et al., "Gradient-based learning applied to document recognition", 1998, section III.A):
scaled to fit 20x20 with its aspect kept, then placed so that its centre of mass is the centre of 28x28. Two steps
more, because pens and scanners differ where MNIST does not: contrast is stretched, and the stroke's width is brought
into the range MNIST has.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

#: Side of a glyph, and of the box its ink is fitted to, in pixels.
GLYPH_SIDE = 28
INK_SIDE = 20

#: Ink is worked on at this multiple of its final size, so that strokes can be widened by half a pixel.
OVERSAMPLING = 2

#: Stroke widths outside this range are brought to its edge; pixels at final size. Of the first 3,000 of MNIST's
#: x_train 5 % are below 2.1, half below 2.9 and 5 % above 4.5.
STROKE_PX = (2.4, 4.0)

#: Ink at this quantile of the inked pixels becomes full white, so that a faint pen and a dark one look alike.
FULL_INK = 0.75

#: Anything fainter than this share of full ink is paper.
FAINTEST = 0.12


def normalise(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the glyph of a symbol.

    Parameters
    ----------
    ink
        (h, w) uint8, light ink on black, of any size and contrast.

    Returns
    -------
    NDArray
        (28, 28) uint8, light ink on black, brightest value 255, centred by mass as far as the ink stays inside.
        All zero where there is no ink.

    Examples
    --------
    >>> bar = np.zeros((90, 40), np.uint8); bar[5:85, 10:16] = 70
    >>> glyph = normalise(bar)
    >>> glyph.shape, int(glyph.max()), int((glyph.max(axis=1) > 127).sum())
    ((28, 28), 255, 20)
    """
    glyph = np.zeros((GLYPH_SIDE, GLYPH_SIDE), np.uint8)
    cropped = _crop_to_ink(_stretch(ink))
    if cropped.size == 0:
        return glyph
    small = _stretch(_fit(_even_stroke(_fit(cropped, INK_SIDE * OVERSAMPLING)), INK_SIDE))
    if small.size == 0:  # a few specks far apart, which vanish when the whole is made small
        return glyph
    height, width = small.shape
    moments = cv2.moments(small)
    left = _place(moments["m10"] / moments["m00"], width)
    top = _place(moments["m01"] / moments["m00"], height)
    glyph[top : top + height, left : left + width] = small
    return glyph


def stroke_width(ink: NDArray[np.uint8]) -> float:
    """Mean width of the strokes, in pixels of ink ((h, w) uint8, light on black); 0 where there is no ink.

    Across a stroke of width w the distance to the paper rises from 0 to w/2 and falls again: its mean is w/4.
    """
    solid = cv2.copyMakeBorder((ink > 127).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    count = cv2.countNonZero(solid)
    if count == 0:
        return 0.0
    distance = cv2.distanceTransform(solid, cv2.DIST_L2, 3)
    return 4.0 * (float(distance.sum()) / count - 0.5) + 1.0


def _stretch(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Make full ink 255 and everything fainter than FAINTEST of it 0."""
    if ink.size == 0 or (top := int(ink.max())) == 0:
        return np.zeros((0, 0), np.uint8)
    counts = np.bincount(ink.ravel(), minlength=256)
    counts[: max(1, math.ceil(FAINTEST * top))] = 0
    cumulative = counts.cumsum()
    full = int(cumulative.searchsorted(FULL_INK * cumulative[-1]))
    bare = cv2.threshold(ink, math.ceil(FAINTEST * full) - 1, 0, cv2.THRESH_TOZERO)[1]
    stretched: NDArray[np.uint8] = cv2.convertScaleAbs(bare, alpha=255.0 / full)
    return stretched


def _crop_to_ink(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if ink.size == 0:
        return ink
    x, y, width, height = cv2.boundingRect(ink)
    return ink[y : y + height, x : x + width]


def _fit(ink: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Scale ink so that its longer side is side pixels."""
    height, width = ink.shape
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(ink, size, interpolation=way)


def _even_stroke(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Widen or thin the strokes of ink, at OVERSAMPLING times its final size, into STROKE_PX."""
    width = stroke_width(ink) / OVERSAMPLING
    wanted = min(max(width, STROKE_PX[0]), STROKE_PX[1])
    steps = round((wanted - width) * OVERSAMPLING)
    if width == 0 or steps == 0:
        return ink
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(steps) + 1, abs(steps) + 1))
    border = abs(steps)
    padded = cv2.copyMakeBorder(ink, border, border, border, border, cv2.BORDER_CONSTANT, value=0)
    changed = cv2.dilate(padded, kernel) if steps > 0 else cv2.erode(padded, kernel)
    evened = _crop_to_ink(changed)
    # A blot that erosion would consume is left as it is: it has no strokes to speak of.
    return evened if evened.size and cv2.countNonZero(evened) > cv2.countNonZero(ink) // 4 else ink


def _place(centre: float, length: int) -> int:
    """Offset that puts centre (of mass, in pixels) in the middle of the glyph while length stays inside."""
    return min(max(math.floor(GLYPH_SIDE / 2 - centre), 0), GLYPH_SIDE - length)
