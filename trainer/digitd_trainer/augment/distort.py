"""Makes a digit look written by another hand, pen and scanner, before it is normalised. Pure functions on arrays.

What is distorted here is normalised afterwards by the function that reads pages, so that training and reading cannot
differ. Amounts were chosen by eye on sheets of 100 and on held-out parts of the training sets.
"""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digitd_trainer.augment.surroundings import frame, line_rest, neighbour, specks

Ink = NDArray[np.uint8]

#: Longest side of a digit while it is worked on, and of the canvas around it, in pixels: twice the final size.
DIGIT_SIDE, CANVAS_SIDE = 40, 64

#: Share of the digits left as they are, so that the plain ones stay known; and of those only bent, and how much: what
#: is changed in every way is often past reading, and a network that must guess at much learns to doubt all.
PLAIN_SHARE, BENT_SHARE, BENT_STRENGTH = 0.15, 0.33, 0.7

#: Share of those distorted in full into which a neighbour reaches.
NEIGHBOUR_SHARE = 0.18


def distort(ink: Ink, rng: Generator, *, others: NDArray[np.uint8]) -> Ink:
    """Return a digit as another person might have written and another machine might have scanned it.

    Parameters
    ----------
    ink
        (h, w) uint8, light ink on black.
    rng
        Where chance comes from; the same state gives the same picture.
    others
        (N, h, w) uint8 digits, whose strokes reach in at an edge now and then.

    Returns
    -------
    NDArray
        (64, 64) uint8, light ink on black; ink itself where it is left plain.
    """
    if not ink.any() or (chance := rng.random()) < PLAIN_SHARE:
        return ink
    if chance < PLAIN_SHARE + BENT_SHARE:
        return bend(on_canvas(ink), rng, strength=BENT_STRENGTH)
    picture = bend(on_canvas(ink), rng)
    picture = _changed(picture, HANDS_AND_PENS, rng)
    if rng.random() < NEIGHBOUR_SHARE:
        picture = neighbour(picture, bend(on_canvas(others[rng.integers(len(others))]), rng), rng)
    picture = _changed(picture, PRINT_AND_DUST, rng)
    return fade(_changed(picture, SCANNERS, rng), rng)


def on_canvas(ink: Ink, *, side: int = DIGIT_SIDE) -> Ink:
    """(64, 64) uint8: the inked part of ink, (h, w) uint8, at full light, its longer side scaled to side, centred."""
    canvas = np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.uint8)
    if not ink.any():
        return canvas
    x, y, width, height = cv2.boundingRect(ink)
    scale = side / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(ink[y : y + height, x : x + width], size, interpolation=cv2.INTER_LINEAR)
    small = cv2.convertScaleAbs(small, alpha=255 / max(1, int(small.max())))  # a faint one would be faded to nothing
    top, left = (CANVAS_SIDE - size[1]) // 2, (CANVAS_SIDE - size[0]) // 2
    canvas[top : top + size[1], left : left + size[0]] = small
    return canvas


def bend(picture: Ink, rng: Generator, *, strength: float = 1.0) -> Ink:
    """Turn, slant, squeeze and shake a (64, 64) uint8 picture, all in one resampling.

    The shaking is a smooth random displacement (Simard et al., "Best practices for convolutional neural networks
    applied to visual document analysis", 2003), here bicubic between 5x5 random points.
    """
    turn, slant = rng.normal(0, 0.10 * strength), rng.normal(0, 0.16 * strength)
    squeeze = float(np.exp(rng.normal(0, 0.12 * strength)))
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = (np.array([[cos, -sin], [sin, cos]]) @ np.array([[squeeze, slant], [0, 1 / squeeze]])).astype(np.float32)
    middle = (CANVAS_SIDE - 1) / 2
    y, x = _GRID
    shake = rng.normal(0, rng.uniform(0, 2.2) * strength, (5, 5, 2)).astype(np.float32)
    moved = cv2.resize(shake, (CANVAS_SIDE, CANVAS_SIDE), interpolation=cv2.INTER_CUBIC)
    map_x = matrix[0, 0] * x + matrix[0, 1] * y + np.float32(middle) + moved[..., 0]
    map_y = matrix[1, 0] * x + matrix[1, 1] * y + np.float32(middle) + moved[..., 1]
    return cv2.remap(picture, map_x, map_y, cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def fade(picture: Ink, rng: Generator) -> Ink:
    """Make the ink of a picture fainter, uneven and grainy, as pencils and poor scans do."""
    grains = _grains()
    top, left = rng.integers(0, len(grains) - np.array(picture.shape), endpoint=True)
    grain = grains[top : top + picture.shape[0], left : left + picture.shape[1]] * np.float32(rng.uniform(0, 14))
    patches = (rng.uniform(0.75, 1.0, (4, 4)) * rng.uniform(0.35, 1.0)).astype(np.float32)
    uneven = cv2.resize(patches, picture.shape[::-1], interpolation=cv2.INTER_LINEAR)
    faded: Ink = np.clip((picture + grain) * uneven * (picture > 8), 0, 255).astype(np.uint8)
    return faded


def thicken(picture: Ink, rng: Generator) -> Ink:
    """Widen the strokes by one to four pixels of the canvas."""
    return cv2.dilate(picture, _pen(int(rng.integers(2, 6)))).astype(np.uint8, copy=False)


def thin(picture: Ink, rng: Generator) -> Ink:
    """Narrow the strokes by one or two pixels of the canvas; left as it was where little would remain."""
    thinner = cv2.erode(picture, _pen(int(rng.integers(2, 4)))).astype(np.uint8, copy=False)
    return thinner if thinner.sum() > 0.4 * picture.sum() else picture


def skip(picture: Ink, rng: Generator) -> Ink:
    """Leave a gap or two in the strokes, where the pen did not write."""
    rows, columns = np.nonzero(picture > 127)
    broken = picture.copy()
    for at in rng.integers(0, max(1, len(rows)), rng.integers(1, 3)) if len(rows) else ():
        axes = int(rng.integers(1, 4)), int(rng.integers(2, 6))
        cv2.ellipse(broken, (int(columns[at]), int(rows[at])), axes, float(rng.uniform(0, 180)), 0, 360, 0, -1)
    return broken


def blur(picture: Ink, rng: Generator) -> Ink:
    """Soften the edges, as a lens out of focus does."""
    return cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.6, 2.2)).astype(np.uint8, copy=False)


def coarsen(picture: Ink, rng: Generator) -> Ink:
    """Lose detail, as a digit of 9 to 20 pixels' height scanned at a low resolution does."""
    side = round(CANVAS_SIDE * rng.uniform(9, 20) / DIGIT_SIDE)
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (CANVAS_SIDE, CANVAS_SIDE), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def compress(picture: Ink, rng: Generator) -> Ink:
    """Save it as a JPEG that is too small."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(8, 40))])
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE).astype(np.uint8, copy=False)


def harden(picture: Ink, rng: Generator) -> Ink:
    """Make every pixel ink or paper, as a scanner set to black and white does."""
    return ((picture > rng.integers(70, 180)) * np.uint8(255)).astype(np.uint8)


def clip_edge(picture: Ink, rng: Generator) -> Ink:
    """Lose up to three pixels of the canvas at one side, as where a printed line was taken away with too much."""
    x, y, width, height = cv2.boundingRect(picture)
    depth = int(rng.integers(1, 4))
    clipped = picture.copy()
    edges = (np.s_[:, x : x + depth], np.s_[:, x + width - depth : x + width], np.s_[y : y + depth, :])
    clipped[(*edges, np.s_[y + height - depth : y + height, :])[rng.integers(4)]] = 0
    return clipped


def _changed(picture: Ink, changes: "Changes", rng: Generator) -> Ink:
    for chance, change in changes:
        if rng.random() < chance:
            picture = change(picture, rng)
    return picture


@cache
def _grains() -> NDArray[np.float32]:
    """Where the grain of each picture is cut from: drawing it anew would take as long as all the rest."""
    return np.random.default_rng(0).standard_normal((1024, 1024), np.float32)


def _pen(side: int) -> NDArray[np.uint8]:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)).astype(np.uint8, copy=False)


_GRID = np.indices((CANVAS_SIDE, CANVAS_SIDE)).astype(np.float32) - np.float32((CANVAS_SIDE - 1) / 2)

#: How often each change happens, in the order in which it happens on paper.
Changes = tuple[tuple[float, Callable[[Ink, Generator], Ink]], ...]
HANDS_AND_PENS: Changes = ((0.20, thicken), (0.12, thin), (0.06, clip_edge), (0.03, skip))
PRINT_AND_DUST: Changes = ((0.08, line_rest), (0.08, specks), (0.08, frame))
SCANNERS: Changes = ((0.20, blur), (0.15, coarsen), (0.15, harden), (0.08, compress))
