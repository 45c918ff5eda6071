"""Square tiles of a reference's print, each looked for on a page around where it must lie. Arrays in, arrays out."""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.register.pyramid import Pyramid, scaling

#: Side of a tile and how far around it is looked for; pixels of the picture that it is cut from.
TILE = 32
REACH = 14

#: A tile found with a lower normalised correlation is no find.
CORRELATION = 0.55

#: Beside a find, a correlation is taken for no lower, so that it has a logarithm.
LOWEST = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """Tiles of a picture, which is a reference made smaller.

    width and height are the picture's, in pixels; from_template (3, 3) float64 takes the reference's own pixels there.
    places is (M, 2) int, the left upper corners as x, y; prints is (M, TILE, TILE) float32, what is printed there: for
    float32 OpenCV finds it in three fifths of the time.
    """

    width: int
    height: int
    from_template: NDArray[np.float64]
    places: NDArray[np.intp]
    prints: NDArray[np.float32]

    @property
    def middles(self) -> NDArray[np.float32]:
        """(M, 2) float32, in the picture: what is found of a tile that lies turned is where its middle is."""
        return (self.places + (TILE - 1) / 2).astype(np.float32)


def cut_tiles(picture: NDArray[np.uint8], mask: NDArray[np.uint8], *, scale: float, most: int) -> Tiles:
    """Tiles of a picture, (h, w) uint8, spread over its print where mask is not 0; it is scale times its reference."""
    inner, half = mask.copy(), TILE // 2
    inner[:half], inner[-half:], inner[:, :half], inner[:, -half:] = 0, 0, 0, 0
    places = _corners(picture, inner, most)
    prints = [picture[y : y + TILE, x : x + TILE] for x, y in places]
    return Tiles(
        width=picture.shape[1],
        height=picture.shape[0],
        from_template=scaling(scale),
        places=places,
        prints=np.array(prints, np.float32).reshape(-1, TILE, TILE),
    )


def find_tiles(
    page: Pyramid, tiles: Tiles, page_from_picture: NDArray[np.float64], *, seen: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Where in the picture the page shows the middles of the tiles that are seen, (M,) bool, and which it shows.

    (M, 2) float32 and (M,) bool.
    """
    got, found = tiles.middles, np.zeros(len(seen), bool)
    side = TILE + 2 * REACH
    around = page.cut(page_from_picture, tiles.places[seen] - REACH, size=(side, side)).astype(np.float32)
    for index, window in zip(np.flatnonzero(seen), around, strict=True):
        scores = cv2.matchTemplate(window, tiles.prints[index], cv2.TM_CCOEFF_NORMED)
        _, best, _, (left, top) = cv2.minMaxLoc(scores)
        if best >= CORRELATION:
            found[index] = True
            got[index] += left + _peak(scores[top], left) - REACH, top + _peak(scores[:, left], top) - REACH
    return got, found


def in_page(
    points: NDArray[np.floating[Any]], page_from_picture: NDArray[np.float64], shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """Which points of a picture, (M, 2), lie on a page of this shape: (M,) bool."""
    there = cv2.perspectiveTransform(points[:, None], page_from_picture)[:, 0] if len(points) else points
    return np.asarray(((there >= 0) & (there < (shape[1], shape[0]))).all(axis=1), np.bool_)


def _corners(picture: NDArray[np.uint8], mask: NDArray[np.uint8], most: int) -> NDArray[np.intp]:
    """Left upper corners, (M, 2) as x, y, of tiles around corners of print, spread over the picture."""
    spread = max(picture.shape) / (2 * most**0.5) * float((mask > 0).mean()) ** 0.5
    corners = cv2.goodFeaturesToTrack(picture, most, 0.02, spread, mask=mask, blockSize=7)
    if corners is None:
        return np.zeros((0, 2), np.intp)
    found: NDArray[np.intp] = np.rint(corners.reshape(-1, 2) - TILE // 2).astype(np.intp)
    inside = (found >= 0).all(axis=1) & (found + TILE <= picture.shape[::-1]).all(axis=1)
    return found[inside]


def _peak(scores: NDArray[Any], at: int) -> float:
    """How far beside its highest value, at `at`, a bell through it and its neighbours is highest; in pixels.

    A parabola through their logarithms: one through the scores themselves is drawn to whole pixels (Willert and Gharib,
    "Digital particle image velocimetry", 1991).
    """
    if not 0 < at < len(scores) - 1:
        return 0.0
    before, best, after = (math.log(max(score, LOWEST)) for score in scores[at - 1 : at + 2].tolist())
    bend = before - 2 * best + after
    return 0.0 if bend >= 0 else 0.5 * (before - after) / bend
