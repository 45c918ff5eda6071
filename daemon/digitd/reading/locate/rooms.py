"""Rooms: rectangles between printed lines, how they are told, and which are neighbours. Arrays in, frozen values out.

A room is a connected piece of paper between lines that has the shape of a rectangle. Handwriting in it, a slant, a bent
sheet and a missing piece of line change little about that, which is why rooms are looked for, and not lines' crossings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.locate.ruling import Ruling

#: A room's sides are at least this share of the picture's long side, and it is at most this share of its area.
SMALLEST, LARGEST_AREA = 1 / 100, 0.3

#: A room fills its convex hull, and the hull its four corners, by at least these shares.
FILLED, FOUR_CORNERED = 0.5, 0.86

#: Opposite sides of a room differ by less than this factor.
TAPER = 1.35

#: So much of each side of a room is printed; the rest of a line may be lost.
LEAST_WALL = 0.55

#: A wall is looked at every so many pixels.
STEP = 2

#: Neighbours' sides overlap by at least this share of both, and lie no further apart than so many lines' thickness.
SHARED_SIDE, WALL = 0.75, 3.0

#: A small room, with both sides below this share of the long side, needs straighter and more nearly whole walls.
SMALL, SMALL_TAPER, SMALL_WALL = 1 / 30, 1.15, 0.8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Room:
    """A rectangle between lines: quad is (4, 2) float64, top left, top right, bottom right, bottom left.

    cut says that the picture's edge is its left or right side.
    """

    quad: NDArray[np.float64]
    cut: bool = False

    @property
    def width(self) -> float:
        return float(np.linalg.norm(self.quad[1] - self.quad[0]) + np.linalg.norm(self.quad[2] - self.quad[3])) / 2

    @property
    def height(self) -> float:
        return float(np.linalg.norm(self.quad[3] - self.quad[0]) + np.linalg.norm(self.quad[2] - self.quad[1])) / 2

    @property
    def centre(self) -> NDArray[np.float64]:
        """(2,) float64, x and y."""
        return np.asarray(self.quad.mean(axis=0), np.float64)


def upright(room: Room, grey: NDArray[np.uint8], *, left: float, right: float, ends: float) -> NDArray[np.uint8]:
    """What stands in a room of grey, (h, w) uint8, made upright; so many pixels are left out beside, above and below.

    Where they are walls of that thickness, none of them is left.
    """
    width, height = max(8, round(room.width)), max(8, round(room.height))
    corners = [(-left, -ends), (width + right, -ends), (width + right, height + ends), (-left, height + ends)]
    matrix = cv2.getPerspectiveTransform(room.quad.astype(np.float32), np.array(corners, np.float32))
    cut = cv2.warpPerspective(grey, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.uint8)


def beside(found: Sequence[Room], wall: float) -> NDArray[np.bool_]:
    """(N, N) bool: whether the second room stands to the right of the first, behind a wall of so many pixels."""
    return _neighbours(np.array([room.quad for room in found]).reshape(-1, 4, 2), wall)


def stacked(found: Sequence[Room], wall: float) -> NDArray[np.bool_]:
    """As `beside`, below."""
    quads = np.array([room.quad for room in found]).reshape(-1, 4, 2)
    return _neighbours(quads[:, [0, 3, 2, 1], ::-1], wall)  # x and y change places, and so do two corners


def groups(linked: NDArray[np.bool_]) -> list[list[int]]:
    """The indices that links, (N, N) bool, join from one to the next; each group ascending."""
    linked = linked | linked.T
    left, found = set(range(len(linked))), []
    while left:
        reached, edge = set(), {min(left)}
        while edge:
            reached |= edge
            edge = {int(i) for i in np.flatnonzero(linked[sorted(edge)].any(axis=0))} - reached
        left -= reached
        found.append(sorted(reached))
    return found


def _neighbours(quads: NDArray[np.float64], wall: float) -> NDArray[np.bool_]:
    left, right = quads[:, None], quads[None]
    gap = (right[..., 0, 0] + right[..., 3, 0] - left[..., 1, 0] - left[..., 2, 0]) / 2
    low, high = np.maximum(left[..., 1, 1], right[..., 0, 1]), np.minimum(left[..., 2, 1], right[..., 3, 1])
    longer = np.maximum(left[..., 2, 1] - left[..., 1, 1], right[..., 3, 1] - right[..., 0, 1])
    return np.asarray((np.abs(gap) <= wall) & (high - low >= SHARED_SIDE * longer))


def rectangle(mask: NDArray[np.bool_], x: int, y: int, lines: Ruling) -> Room | None:
    """The room whose paper mask is, with its top left at x, y; None where it is no rectangle."""
    contours, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hull = cv2.convexHull(contours[0])
    points = hull[:, 0].astype(np.float64)
    along, across = points.sum(axis=1), points[:, 0] - points[:, 1]
    quad = points[[along.argmin(), across.argmax(), along.argmax(), across.argmin()]]
    area, whole = cv2.contourArea(contours[0]), cv2.contourArea(hull)
    if whole <= 0 or area < FILLED * whole or cv2.contourArea(quad.astype(np.float32)) < FOUR_CORNERED * whole:
        return None
    if _taper(quad) > TAPER:
        return None
    height, width = lines.grey.shape
    near = max(1, round(lines.thickness))
    left, right = x <= near, x + mask.shape[1] >= width - near
    if y <= 1 or y + mask.shape[0] >= height - 1 or (left and right):
        return None  # what the picture's edge bounds above or below is no room
    out = lines.thickness / 2 + 0.5  # to the middle of the walls
    grown = quad + (x + 0.5, y + 0.5) + out * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    return Room(quad=np.clip(grown, 0, (width, height)), cut=left or right)


def walled(room: Room, dark: Sequence[NDArray[np.uint8]], lines: Ruling) -> bool:
    """Whether there is print under all four sides of a room, and not only lines drawn out over a gap.

    dark holds what is dark across and what is dark down.
    """
    small = max(room.width, room.height) < SMALL * lines.side
    if small and _taper(room.quad) > SMALL_TAPER:
        return False
    for side in range(4):
        start, end = room.quad[side], room.quad[(side + 1) % 4]
        at_edge = side % 2 and min(start[0], dark[0].shape[1] - start[0]) < 3
        seen = support(dark[side % 2], start, end, reach=lines.thickness)
        if not (room.cut and at_edge) and seen < (SMALL_WALL if small else LEAST_WALL):
            return False
    return True


def _taper(quad: NDArray[np.float64]) -> float:
    """By what factor opposite sides differ most."""
    sides = np.maximum(np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1), 1e-6)
    return float(max(sides[0] / sides[2], sides[2] / sides[0], sides[1] / sides[3], sides[3] / sides[1]))


def support(dark: NDArray[np.uint8], start: NDArray[np.float64], end: NDArray[np.float64], *, reach: float) -> float:
    """The share of the way from start to end, (2,) float64 each, along which something of dark is within reach."""
    return float(seen(dark, start, end, reach=reach).mean())


def seen(
    dark: NDArray[np.uint8], start: NDArray[np.float64], end: NDArray[np.float64], *, reach: float
) -> NDArray[np.bool_]:
    """As `support`, for every STEP pixels of the way; its two ends, where lines meet, are left out."""
    length = float(np.linalg.norm(end - start))
    steps = max(2, round(length / STEP))
    way = start + np.linspace(0.06, 0.94, steps)[:, None] * (end - start)
    aside = np.array([(end - start)[1], -(end - start)[0]]) / max(1.0, length)
    height, width = dark.shape
    found = np.zeros(steps, np.bool_)
    for step in np.arange(-np.ceil(reach), np.ceil(reach) + 1):
        at = np.rint(way + step * aside - 0.5).astype(int)
        found |= dark[at[:, 1].clip(0, height - 1), at[:, 0].clip(0, width - 1)] > 0
    return found
