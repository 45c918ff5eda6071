"""Ink told from paper and from print: what `segment` works on. Arrays in, arrays out."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.components import components
from digitd.reading.lines import Frame, pen_over, printed_lines, without_lines

#: Darkness below this is paper whatever else is there, of 255: watermarks and the grain of scans reach 25.
FAINTEST_INK = 38

#: A pixel is ink when it is at least so dark as this share of the field's own writing; printed guides and
#: security backgrounds stay below, the soft edge of a stroke is cut at half its height.
SHARE_OF_WRITING = 0.47

#: The paper has a pattern, as cheques do, where this quantile of what lies between the strokes is darker than
#: DISTURBING, as a share of the writing, in all of PARTS of the width but a share EXCEPTED. Chosen on orand_car_a.
PATTERN, DISTURBING, EXCEPTED, PARTS = 0.95, 0.41, 0.3, 8

#: Ink is so many times as dark as the pattern then, but needs no larger share of the writing than this.
ABOVE_PATTERN, MOST_OF_WRITING = 1.3, 0.7

#: What is darker than this share of the writing is a stroke; its soft edge reaches so far, as a share of the height.
SURELY_WRITING, EDGE = 0.65, 0.04

#: A faint digit is at least so high, and at most so wide, as shares of the field's height.
LOWEST_FAINT, WIDEST_FAINT = 0.3, 1.0

#: Lines are looked for again where the writing alone lowers the threshold by more than this share, if that brings more
#: than the soft edges of what was dark before, which are so wide.
NEARLY, EDGE_PX = 0.03, 2

#: Writing is light on dark where the paper is darker than this, of 255.
DARK_PAPER = 96

#: The paper is found on a picture whose shorter side is no longer than this, in pixels; the weights that smooth it.
PAPER_SIDE = 48
_SMOOTH = cv2.getGaussianKernel(19, 3, cv2.CV_32F)


def darkness(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How much darker each pixel is than the paper around it: (h, w) uint8, 0 paper to 255 black.

    The paper is the grey closing of the region, smoothed: shadow and uneven light vanish, strokes do not. Writing that
    is light on dark is turned round first.
    """
    if np.median(_rim(pixels)) < DARK_PAPER and np.median(pixels) < DARK_PAPER:
        pixels = 255 - pixels
    scale = min(1.0, PAPER_SIDE / min(pixels.shape))
    small = scaled_down(pixels, scale)
    side = max(3, round(scale * min(pixels.shape) / 2) | 1)
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    paper = cv2.sepFilter2D(paper, -1, _SMOOTH, _SMOOTH)  # but for a rounding as GaussianBlur, in a quarter of its time
    paper = cv2.resize(paper, pixels.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return 255 - cv2.divide(pixels, cv2.max(paper, 1), scale=255)


def writing(dark: NDArray[np.uint8], frame: Frame) -> NDArray[np.uint8]:
    """Which pixels are handwriting: (h, w) uint8, 0 or 1; printed lines and dividers are gone, strokes over them kept.

    Parameters
    ----------
    dark
        What `darkness` gives.
    frame
        Where the field lies in it.
    """
    level = _level(dark)
    share = _share_of_writing(dark, level, frame)
    first = max(FAINTEST_INK, share * level)
    darkest = _darker(dark, first)
    lines = printed_lines(darkest, frame)
    beside = 1 - cv2.dilate(lines, np.ones((3, 3), np.uint8))
    threshold = max(FAINTEST_INK, share * _level((dark * beside)[frame.y0 : frame.y1, frame.x0 : frame.x1]))
    ink = _darker(dark, threshold)
    if threshold < (1 - NEARLY) * first:
        edge = np.ones((2 * EDGE_PX + 1, 2 * EDGE_PX + 1), np.uint8)
        if cv2.countNonZero(ink & (1 - cv2.dilate(darkest, edge))):  # print may be there that was too faint before
            lines |= printed_lines(ink, frame)
        else:
            lines = cv2.dilate(lines, edge)
    lines &= ink
    return without_lines(ink, lines & (1 - pen_over(dark, ink, lines)))


def shrink(pixels: NDArray[np.uint8], side: int) -> tuple[NDArray[np.uint8], float]:
    """Scale pixels down so that the longer side is at most side pixels; the picture, and its scale in (0, 1]."""
    scale = min(1.0, side / max(pixels.shape))
    return scaled_down(pixels, scale), scale


def scaled_down(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Scale pixels, (h, w) uint8, by scale in (0, 1]; no finer pattern is left than the smaller picture can show.

    Halved by means of 2 x 2 as often as that goes, then interpolated between four: twelve times faster than the mean
    over what each pixel covers, for which OpenCV has no fast way unless the scale is a whole number's inverse.
    """
    pixels, left = halved(pixels, scale)
    if left == 1.0:
        return pixels
    across, down = (max(left, 1 / length) for length in pixels.shape[::-1])  # by a size, it would be rounded to it
    return np.asarray(cv2.resize(pixels, None, fx=across, fy=down, interpolation=cv2.INTER_LINEAR), np.uint8)


def halved(pixels: NDArray[np.uint8], scale: float) -> tuple[NDArray[np.uint8], float]:
    """Halve pixels until what is left of scale is more than a half; the picture, and that rest, in (0.5, 1]."""
    while min(pixels.shape) > 1 and scale <= 0.5:
        height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
        pixels = cv2.resize(pixels[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
        scale *= 2
    return pixels, scale


def _share_of_writing(dark: NDArray[np.uint8], level: float, frame: Frame) -> float:
    """How dark ink is at least, as a share of level, which `_level` gives of dark: more than the paper's pattern is.

    A pattern is dark between the strokes and their soft edges, and nearly everywhere; what looks like a faint digit is
    none of it.
    """
    side = 2 * max(EDGE_PX, round(EDGE * frame.height)) + 1
    strokes = cv2.dilate(_darker(dark, SURELY_WRITING * level), np.ones((side, side), np.uint8))
    disturbing = _darker(dark, DISTURBING * level) & (1 - strokes)
    if cv2.countNonZero(disturbing) <= (1 - EXCEPTED) * (1 - PATTERN) * (dark.size - cv2.countNonZero(strokes)):
        return SHARE_OF_WRITING
    taken = strokes | _faint_digits(disturbing, frame)
    parts = zip(np.array_split(dark, PARTS, axis=1), np.array_split(taken, PARTS, axis=1), strict=True)
    between = [part[other == 0] for part, other in parts]
    found = [_quantile(np.bincount(free, minlength=256), PATTERN) / level for free in between if free.size]
    pattern = sorted(found)[int(EXCEPTED * (len(found) - 1))] if found else 0.0
    return SHARE_OF_WRITING if pattern < DISTURBING else min(MOST_OF_WRITING, ABOVE_PATTERN * pattern)


def _faint_digits(disturbing: NDArray[np.uint8], frame: Frame) -> NDArray[np.uint8]:
    """What of disturbing, a mask, stands by itself, as high as a digit but no wider: the lines of a pattern go on."""
    _, marks, stats, _ = components(disturbing)
    _, top, width, height, _ = stats.T
    digit = (height >= LOWEST_FAINT * frame.height) & (width <= WIDEST_FAINT * frame.height)
    digit &= (top > 0) & (top + height < len(disturbing))
    digit[0] = False
    return cv2.dilate(digit.astype(np.uint8)[marks], np.ones((2 * EDGE_PX + 1, 2 * EDGE_PX + 1), np.uint8))


def _darker(dark: NDArray[np.uint8], threshold: float) -> NDArray[np.uint8]:
    return cv2.threshold(dark, math.floor(threshold), 1, cv2.THRESH_BINARY)[1]


def _rim(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])


def _level(dark: NDArray[np.uint8]) -> float:
    """How dark the writing is: the 80th percentile of what is not much fainter than the darkest."""
    counts = np.bincount(dark[dark > FAINTEST_INK], minlength=256)
    if counts.sum() < 12:
        return 255.0
    counts[: round(0.4 * _quantile(counts, 0.98))] = 0
    return float(_quantile(counts, 0.8))


def _quantile(counts: NDArray[np.intp], share: float) -> int:
    cumulative = counts.cumsum()
    return int(cumulative.searchsorted(share * cumulative[-1]))
