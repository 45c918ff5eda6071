"""The sheet of paper in a picture of a form: where its print is, and not the table it lies on. Arrays in and out."""

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.ink import shrink

#: The sheet is looked for on a picture of this long side; print narrower than so many pixels of it is closed over.
SIDE, PRINT = 320, 13

#: What is brighter than its surroundings by less is no sheet on a table, of 255; and a sheet has at least this share of
#: the picture, and fills its own hull by this.
CONTRAST, SMALLEST, SOLID = 30, 0.12, 0.85

#: A sheet with more of the picture than this, and its edges, is the picture.
LARGEST = 0.97

#: So much inside the sheet's edge is left out too: shadows, staples, the sheets below. Share of the picture's side.
EDGE = 0.025


def sheet_mask(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W) uint8, 255 on the sheet of paper; everywhere where none stands out, as on a scan."""
    small, _ = shrink(pixels, SIDE)
    everything = np.full(pixels.shape, 255, np.uint8)
    if min(small.shape) <= 2 * PRINT:
        return everything
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((PRINT, PRINT), np.uint8))
    _, bright = cv2.threshold(cv2.GaussianBlur(closed, (0, 0), 2), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    found, labels, stats, _ = cv2.connectedComponentsWithStats(bright)
    if found < 2 or (bright == 0).sum() < (1 - LARGEST) * bright.size:
        return everything
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    sheet = (labels == largest).astype(np.uint8)
    outline, _ = cv2.findContours(sheet, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.convexHull(max(outline, key=cv2.contourArea))
    area = float(stats[largest, cv2.CC_STAT_AREA])
    contrast = float(closed[bright > 0].mean()) - float(closed[bright == 0].mean())
    if area < SMALLEST * sheet.size or area < SOLID * cv2.contourArea(hull) or contrast < CONTRAST:
        return everything
    mask = cv2.fillConvexPoly(np.zeros_like(small), hull, (255,))
    edge = 2 * round(EDGE * max(small.shape)) + 1
    mask = cv2.erode(mask, np.ones((edge, edge), np.uint8), borderValue=255)
    return np.asarray(cv2.resize(mask, pixels.shape[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)
