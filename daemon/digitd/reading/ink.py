"""Ink told from paper and from print: what `segment` works on. Arrays in, arrays out."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.lines import Frame, printed_lines, without_lines

#: Darkness below this is paper whatever else is there, of 255: watermarks and the grain of scans reach 25.
FAINTEST_INK = 38

#: A pixel is ink when it is at least so dark as this share of the field's own writing; printed guides and
#: security backgrounds stay below, the soft edge of a stroke is cut at half its height.
SHARE_OF_WRITING = 0.47

#: Lines are looked for again where the writing alone lowers the threshold by more than this share, if that brings more
#: than the soft edges of what was dark before, which are so wide.
NEARLY, EDGE_PX = 0.03, 2

#: Writing is light on dark where the paper is darker than this, of 255.
DARK_PAPER = 96

#: The paper is found on a picture whose shorter side is no longer than this, in pixels.
PAPER_SIDE = 48


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
    paper = cv2.resize(cv2.GaussianBlur(paper, (0, 0), 3), pixels.shape[::-1], interpolation=cv2.INTER_LINEAR)
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
    first = max(FAINTEST_INK, SHARE_OF_WRITING * _level(dark))
    darkest = _darker(dark, first)
    lines = printed_lines(darkest, frame)
    beside = 1 - cv2.dilate(lines, np.ones((3, 3), np.uint8))
    threshold = max(FAINTEST_INK, SHARE_OF_WRITING * _level((dark * beside)[frame.y0 : frame.y1, frame.x0 : frame.x1]))
    ink = _darker(dark, threshold)
    if threshold < (1 - NEARLY) * first:
        edge = np.ones((2 * EDGE_PX + 1, 2 * EDGE_PX + 1), np.uint8)
        if cv2.countNonZero(ink & (1 - cv2.dilate(darkest, edge))):  # print may be there that was too faint before
            lines |= printed_lines(ink, frame)
        else:
            lines = cv2.dilate(lines, edge)
    return without_lines(ink, lines & ink)


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
