"""A page with its fields drawn on it, for people: which is where, and what it is called. Arrays in, a picture out."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.ink import shrink

#: Long side of the picture at most, in pixels; fields are outlined so thick.
SIDE, THICK_PX = 2200, 3

#: Colours that are told apart on white paper and from black print, blue, green, red; neighbours differ.
COLOURS = ((200, 60, 0), (0, 110, 0), (0, 0, 200), (160, 0, 160), (140, 100, 0), (0, 90, 200))


def preview(pixels: NDArray[np.uint8], quads: Sequence[NDArray[np.float64]], names: Sequence[str]) -> NDArray[np.uint8]:
    """Draw fields on a page, (H, W) uint8: (h, w, 3) uint8, blue, green, red.

    Parameters
    ----------
    pixels
        The page, dark on light.
    quads
        A field's corners in its pixels each, (4, 2) float64: top left, top right, bottom right, bottom left.
    names
        What to write at each; letters that the font lacks become question marks.
    """
    small, scale = shrink(pixels, SIDE)
    light = cv2.addWeighted(small, 0.75, np.zeros(1), 0, 64)
    picture = cv2.cvtColor(light, cv2.COLOR_GRAY2BGR)
    for index, (quad, name) in enumerate(zip(quads, names, strict=True)):
        colour = COLOURS[index % len(COLOURS)]
        corners = np.rint(quad * scale).astype(np.int32)
        cv2.polylines(picture, [corners], isClosed=True, color=colour, thickness=THICK_PX, lineType=cv2.LINE_AA)
        _write(picture, name, corners, colour=colour)
    return np.asarray(picture, np.uint8)


def _write(picture: NDArray[np.uint8], name: str, corners: NDArray[np.int32], *, colour: tuple[int, int, int]) -> None:
    """The name in the field's upper left corner, on its colour, no wider than the field where that can be read."""
    said = name.encode("ascii", "replace").decode()
    room = int(np.linalg.norm(corners[1] - corners[0])) - 2 * THICK_PX
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.6
    (width, height), below = cv2.getTextSize(said, font, scale, 2)
    scale = max(0.38, min(0.6, scale * room / max(1, width)))
    thick = 2 if scale > 0.5 else 1
    (width, height), below = cv2.getTextSize(said, font, scale, thick)
    x, y = int(corners[0, 0]), int(corners[0, 1])
    cv2.rectangle(picture, (x, y), (x + width + 4, y + height + below + 2), colour, cv2.FILLED)
    cv2.putText(picture, said, (x + 2, y + height + 2), font, scale, (255, 255, 255), thick, cv2.LINE_AA)
