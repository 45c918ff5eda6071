"""A page and its halves, made once however often it is looked at in small. Arrays in, arrays out."""

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.ink import halved, scaled_down

#: A pixel of a picture is at most so many of a page across; where it lies behind the camera, it is none.
MOST = 65536.0


class Pyramid:
    """A page, (H, W) uint8, and what is left of it halved once, twice, ..., each made when it is first asked for."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.pixels = np.ascontiguousarray(pixels)  # of another, OpenCV would make a copy for each window
        self._levels = [self.pixels]

    def shrunk(self, side: int) -> tuple[NDArray[np.uint8], float]:
        """As `ink.shrink`: the page with a longer side of at most side pixels, and its scale in (0, 1]."""
        scale = min(1.0, side / max(self.pixels.shape))
        level = self._level(1 / scale)
        return scaled_down(self._levels[level], scale * 2**level), scale

    def cut(
        self, page_from_picture: NDArray[np.float64], corners: NDArray[np.intp], *, size: tuple[int, int]
    ) -> NDArray[np.uint8]:
        """Windows of a picture whose every pixel page_from_picture, (3, 3), puts on the page; white beside the page.

        corners is (K, 2) int, the windows' left upper ones as x, y in the picture; size their width and height.
        Returns (K, height, width) uint8, taken from the coarsest level that is nowhere coarser than the picture.
        """
        width, height = size
        windows = np.empty((len(corners), height, width), np.uint8)
        level = self._level(_page_pixels(page_from_picture, corners + np.array(size) / 2).min(initial=MOST))
        from_level = scaling(0.5**level) @ page_from_picture @ _shifts(corners)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        for window, there in zip(windows, from_level, strict=True):
            cv2.warpPerspective(self._levels[level], there, size, dst=window, flags=flags, borderValue=(255,))
        return windows

    def _level(self, times: float) -> int:
        """How often the page can be halved and still have the resolution of a picture times as coarse as it."""
        level = max(0, int(np.log2(times)))
        while len(self._levels) <= level and min(self._levels[-1].shape) > 1:
            self._levels.append(halved(self._levels[-1], 0.5)[0])
        return min(level, len(self._levels) - 1)


def scaling(scale: float) -> NDArray[np.float64]:
    """A picture's pixels to those of the picture made scale times as large, (3, 3); (0, 0) is a pixel's middle."""
    shift = (scale - 1) / 2
    return np.array([(scale, 0, shift), (0, scale, shift), (0, 0, 1)], np.float64)


def _page_pixels(page_from_picture: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many pixels of the page across one of the picture covers at points, (K, 2): (K,), at least 1."""
    depth = points @ page_from_picture[2, :2] + page_from_picture[2, 2]
    area = np.abs(np.linalg.det(page_from_picture)) / np.maximum(np.abs(depth) ** 3, 1e-9)
    return np.sqrt(area).clip(1.0, MOST)


def _shifts(corners: NDArray[np.intp]) -> NDArray[np.float64]:
    """Pixels of the windows at corners, (K, 2), to those of their picture: (K, 3, 3)."""
    shifts = np.tile(np.eye(3), (len(corners), 1, 1))
    shifts[:, :2, 2] = corners
    return shifts
