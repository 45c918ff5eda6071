"""A first guess of where a form lies on a page: as in its reference, but for how a feeder shifts and turns a sheet.

What most pages are found by, in a seventh of the time that features take: a few tiles of the form's print are looked
for on a very small picture of the page, within 10 mm of where they lie in the reference. Arrays in, arrays out.
"""

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.ink import shrink
from digitd.reading.register.pyramid import Pyramid
from digitd.reading.register.tiles import Tiles, cut_tiles, find_tiles, in_page

#: Long side of the picture, in pixels, and how many tiles are looked for at most.
SIDE = 400
TILES = 30

#: A page whose sides have another ratio, by more than this share, does not lie as the reference does.
OTHER_SHAPE = 0.05

#: So many tiles must agree, and what share of all; farther off than this, in pixels, none does.
FEWEST, AGREE = 6, 0.4
TOLERANCE = 2.0


def choose_overlay(pixels: NDArray[np.uint8], mask: NDArray[np.uint8]) -> Tiles:
    """Tiles of a reference, (H, W) uint8, where mask, (H, W) uint8, is not 0."""
    small, scale = shrink(pixels, SIDE)
    inner = cv2.resize(mask, small.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return cut_tiles(small, inner, scale=scale, most=TILES)


def from_overlay(page: Pyramid, overlay: Tiles) -> Iterator[NDArray[np.float64]]:
    """The homography template -> page, (3, 3), of a form that lies nearly as in its reference; none, if it does not."""
    height, width = page.pixels.shape
    if len(overlay.places) < FEWEST or abs(math.log(width * overlay.height / height / overlay.width)) > OTHER_SHAPE:
        return
    scale = max(height, width) / max(overlay.height, overlay.width)
    shift = (scale - 1) / 2
    laid_over = np.array([(scale, 0, shift), (0, scale, shift), (0, 0, 1)], np.float64)
    seen = in_page(overlay.middles, laid_over, page.pixels.shape)
    got, found = find_tiles(page, overlay, laid_over, seen=seen)
    if found.sum() < max(FEWEST, AGREE * len(found)):
        return
    moved, near = cv2.estimateAffinePartial2D(
        overlay.middles[found], got[found], method=cv2.RANSAC, ransacReprojThreshold=TOLERANCE
    )
    if moved is not None and near.sum() >= max(FEWEST, AGREE * len(found)):
        yield laid_over @ np.vstack([moved, (0.0, 0.0, 1.0)]) @ overlay.from_template
