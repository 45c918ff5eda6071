"""A first guess of where a form lies on a page: as in its reference, but for how a feeder shifts and turns a sheet.

A few tiles of the form's print are looked for on a very small picture of the page, near where they lie in the
reference, on A4 within 10 mm: a fifth of what features cost, and enough for most scans. Arrays in, arrays out.
"""

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.ink import shrink
from digitd.reading.register.pyramid import Pyramid, scaling
from digitd.reading.register.tiles import Tiles, cut_tiles, find_tiles

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
    laid_over = scaling(max(height, width) / max(overlay.height, overlay.width))
    got, found = find_tiles(page, overlay, laid_over, seen=np.ones(len(overlay.places), bool))
    if found.sum() < max(FEWEST, AGREE * len(found)):
        return
    moved, near = cv2.estimateAffinePartial2D(
        overlay.middles[found], got[found], method=cv2.RANSAC, ransacReprojThreshold=TOLERANCE
    )
    if moved is not None and near.sum() >= max(FEWEST, AGREE * len(found)):
        yield laid_over @ np.vstack([moved, (0.0, 0.0, 1.0)]) @ overlay.from_template
