"""Connected pieces of handwriting in a field, and the ink of those that make one symbol. Arrays in, arrays out."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.components import components
from digitd.reading.lines import Frame
from digitd.records import Box

#: A piece smaller than this share of the field's height, squared, is a speck.
SMALLEST_AREA = 0.0025


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A connected piece of writing: its mask in the region, and its upright box x0, y0, x1, y1."""

    mask: NDArray[np.bool_]
    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def height(self) -> int:
        return self.y1 - self.y0

    @property
    def width(self) -> int:
        return self.x1 - self.x0


def find_pieces(writing: NDArray[np.uint8], frame: Frame) -> list[Piece]:
    """Connected pieces that belong to the field: mostly inside it, and no specks."""
    left, top, across, down = cv2.boundingRect(writing)
    if not across:
        return []
    count, marks, stats, _ = components(writing[top : top + down, left : left + across])
    smallest = max(4.0, SMALLEST_AREA * frame.height**2)
    found = []
    for index in range(1, count):
        x, y, width, height, area = (int(v) for v in stats[index])
        if area >= smallest and not _rest_of_border(left + x, top + y, width, height, frame):
            mask = marks[y : y + height, x : x + width] == index
            piece = Piece(mask, left + x, top + y, left + x + width, top + y + height)
            if _area_inside(piece, frame) >= 0.6 * area:
                found.append(piece)
    return found


def _area_inside(piece: Piece, frame: Frame) -> int:
    x0, y0 = max(0, frame.x0 - piece.x0), max(0, frame.y0 - piece.y0)
    return int(np.count_nonzero(piece.mask[y0 : max(0, frame.y1 - piece.y0), x0 : max(0, frame.x1 - piece.x0)]))


def _rest_of_border(x: int, y: int, width: int, height: int, frame: Frame) -> bool:
    """Whether a piece is a sliver that a border line left behind: flat against an edge of the field."""
    near = max(2, round((frame.exact + 0.04) * frame.height))
    thin = max(2, round(0.08 * frame.height))
    flat = height <= thin and (y <= frame.y0 + near or y + height >= frame.y1 - near)
    beside = x <= frame.x0 + near or x + width >= frame.x1 - near
    cut = not frame.exact and (x <= frame.x0 + 1 or x + width >= frame.x1 - 1)  # by the edge of the picture
    upright = width <= thin and beside and (cut or height < 0.45 * frame.height)
    return flat or upright


def joined(pieces: Sequence[Piece]) -> Piece:
    """All pieces as one."""
    if len(pieces) == 1:
        return pieces[0]
    x0, y0 = min(piece.x0 for piece in pieces), min(piece.y0 for piece in pieces)
    x1, y1 = max(piece.x1 for piece in pieces), max(piece.y1 for piece in pieces)
    mask = np.zeros((y1 - y0, x1 - x0), np.bool_)
    for piece in pieces:
        mask[piece.y0 - y0 : piece.y1 - y0, piece.x0 - x0 : piece.x1 - x0] |= piece.mask
    return Piece(mask, x0, y0, x1, y1)


def trimmed(mask: NDArray[np.bool_], x0: int, y0: int) -> Piece:
    """The piece that mask, whose left upper corner is at x0, y0, holds."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return Piece(mask[y : y + height, x : x + width], x0 + x, y0 + y, x0 + x + width, y0 + y + height)


def ink_of(piece: Piece, dark: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], Box]:
    """A piece's ink with its soft edges, (h, w) uint8, light on black, and where it lies in dark."""
    x0, y0 = max(0, piece.x0 - 1), max(0, piece.y0 - 1)
    x1, y1 = min(dark.shape[1], piece.x1 + 1), min(dark.shape[0], piece.y1 + 1)
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    mask[piece.y0 - y0 : piece.y1 - y0, piece.x0 - x0 : piece.x1 - x0] = piece.mask
    mask = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    return dark[y0:y1, x0:x1] * mask, Box(x0=x0, y0=y0, x1=x1, y1=y1)
