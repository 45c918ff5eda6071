"""Pictures of digits become ink, light on black: a bare glyph is taken as it is, a cell is cleaned as a form's are."""

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.segment import isolate

#: The margin of a bare glyph is black: at most this, of 255, in half of its outermost pixels. JPEG leaves a little
#: there. So are 99 % of MNIST's, USPS's and NSYSU's digits as PNG or JPEG, and no cell of paper_digits or sjcet_cells.
BLACK = 8

#: The ink of a cleaned picture at this quantile of the inked pixels becomes white, as MNIST's is: what distorts digits
#: later on takes pencil for pencil only where full ink is full ink.
FULL_INK = 0.9

#: Bare glyphs up to this side stay as they are where all are alike; all others are fitted to SIDE, ink to INK: twice
#: MNIST's measures.
LARGEST_BARE_PX, SIDE, INK = 64, 56, 40

#: Of a set in one array so many pictures are looked at, to know whether all are bare.
LOOKED_AT = 200


def is_bare(picture: NDArray[np.uint8]) -> bool:
    """Whether picture, (h, w) uint8, is a glyph already: light ink on a margin that is black, as only a program makes.

    Examples
    --------
    >>> is_bare(np.zeros((28, 28), np.uint8)), is_bare(np.full((28, 28), 30, np.uint8))
    (True, False)
    """
    rim = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    return bool(np.median(rim) <= BLACK)


def fitted(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(56, 56) uint8: what is inked of ink, its longer side made 40, in the middle. ink must show something."""
    x, y, width, height = cv2.boundingRect(ink)
    scale = INK / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square = np.zeros((SIDE, SIDE), np.uint8)
    top, left = (SIDE - size[1]) // 2, (SIDE - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = cv2.resize(
        ink[y : y + height, x : x + width], size, interpolation=way
    )
    return square


def ink_of(picture: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The ink of picture, light on black; None where there is none."""
    if not is_bare(picture):
        ink = isolate(picture)
        return fitted(_full(ink)) if ink.any() else None
    if not picture.any():
        return None
    return picture if max(picture.shape) <= LARGEST_BARE_PX else fitted(picture)


def cleaned(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The ink of a set of pictures of one kind, (N, h, w) uint8: as they are where most are bare glyphs.

    Others give (N, 56, 56) uint8, all zero where nothing is drawn.
    """
    some = images[:: max(1, len(images) // LOOKED_AT)]
    if 2 * sum(is_bare(image) for image in some) >= len(some):
        return images
    found = np.zeros((len(images), SIDE, SIDE), np.uint8)
    for place, image in enumerate(images):
        if (ink := ink_of(image)) is not None:
            found[place] = ink if ink.shape == (SIDE, SIDE) else fitted(ink)
    return found


def together(inks: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """(N, h, w) uint8, as they are where all are of one size."""
    return np.stack(inks if len({ink.shape for ink in inks}) == 1 else [fitted(ink) for ink in inks])


def _full(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Ink, (h, w) uint8 light on black with something drawn, at full contrast."""
    full = float(np.quantile(ink[ink > 0], FULL_INK))
    return np.minimum(ink * (255.0 / full), 255).astype(np.uint8)
