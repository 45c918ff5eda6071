"""Draws what stands in cells and is no digit: the examples of the class *not a digit*. Pure functions on arrays.

A network that has seen only digits is sure of letters and dirt. What is drawn here must not look like a digit to a
person: so no upright line (1), no closed ring (0), no corner at the top right (7), no half of 4 or 9 (1) or 8 (0).
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digitd_trainer.augment.distort import CANVAS_SIDE, Ink, bend, blur, fade, on_canvas
from digitd_trainer.augment.shapes import BOX_RESTS, GUIDE_RESTS, LETTERS, PARTS, SEGMENTS, Points

Maker = Callable[[NDArray[np.uint8], NDArray[np.uint8], Generator], Ink]


def stranger(digits: NDArray[np.uint8], labels: NDArray[np.uint8], rng: Generator) -> Ink:
    """Return a picture of something that is no digit.

    Parameters
    ----------
    digits, labels
        (N, h, w) uint8 light on black and (N,) uint8, 0 to 9: halves, pairs and crossed-out digits are made from them.
    rng
        Where chance comes from; the same state gives the same picture.

    Returns
    -------
    NDArray
        (64, 64) uint8, light ink on black.
    """
    maker = _MAKERS[rng.choice(len(_MAKERS), p=_SHARES)]
    picture = bend(maker(digits, labels, rng), rng, strength=0.8)
    if rng.random() < 0.3:
        picture = blur(picture, rng)
    return fade(picture, rng)


def _letter(_: NDArray[np.uint8], __: NDArray[np.uint8], rng: Generator) -> Ink:
    return _draw(LETTERS[str(rng.choice(list(LETTERS)))], rng)


def _cross(_: NDArray[np.uint8], __: NDArray[np.uint8], rng: Generator) -> Ink:
    return _draw(LETTERS["X"], rng, wobble=0.14)


def _tick(_: NDArray[np.uint8], __: NDArray[np.uint8], rng: Generator) -> Ink:
    return _draw(LETTERS["tick"], rng, wobble=0.12)


def _dash(_: NDArray[np.uint8], __: NDArray[np.uint8], rng: Generator) -> Ink:
    rise = float(rng.uniform(-0.5, 0.5))
    return _draw((((0, 0.5 - rise / 2), (0.5, 0.5 + rng.normal(0, 0.05)), (1, 0.5 + rise / 2)),), rng, wobble=0.02)


def _dots(_: NDArray[np.uint8], __: NDArray[np.uint8], rng: Generator) -> Ink:
    canvas = np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.uint8)
    for _dot in range(rng.integers(1, 6)):
        at = (int(rng.integers(12, 52)), int(rng.integers(12, 52)))
        axes = (int(rng.integers(1, 7)), int(rng.integers(1, 7)))
        cv2.ellipse(canvas, at, axes, float(rng.uniform(0, 180)), 0, 360, int(rng.integers(120, 256)), -1)
    return canvas


def _box_rest(_: NDArray[np.uint8], __: NDArray[np.uint8], rng: Generator) -> Ink:
    return _draw(BOX_RESTS[rng.integers(len(BOX_RESTS))], rng, wobble=0.015)


def _guide(_: NDArray[np.uint8], __: NDArray[np.uint8], rng: Generator) -> Ink:
    """Some segments of a printed seven-segment guide, which do not quite meet."""
    chosen = GUIDE_RESTS[rng.integers(len(GUIDE_RESTS))]
    return _draw([_shortened(SEGMENTS[which], by=float(rng.uniform(0, 0.15))) for which in chosen], rng, wobble=0.01)


def _shortened(line: Points, *, by: float) -> Points:
    (x0, y0), (x1, y1) = line
    across, down = by * (x1 - x0), by * (y1 - y0)
    return (x0 + across, y0 + down), (x1 - across, y1 - down)


def _scrawl(_: NDArray[np.uint8], __: NDArray[np.uint8], rng: Generator) -> Ink:
    """A long random path, as of a signature or of a word that does not fit."""
    canvas = np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.uint8)
    points = int(rng.integers(7, 13))
    knots = np.stack([np.linspace(0, 1, points) + rng.normal(0, 0.18, points), rng.random(points)], axis=1)
    path = cv2.resize(knots.astype(np.float32), (2, 8 * points), interpolation=cv2.INTER_CUBIC)
    spots = (path - 0.5) * rng.uniform(24, 44, 2) + CANVAS_SIDE / 2
    cv2.polylines(canvas, [np.rint(spots).astype(np.int32)], False, 255, int(rng.integers(2, 5)), cv2.LINE_AA)
    return canvas


def _part(digits: NDArray[np.uint8], labels: NDArray[np.uint8], rng: Generator) -> Ink:
    digit, rows, columns = PARTS[rng.integers(len(PARTS))]
    ink = _inked(_one_of(digits, labels == digit, rng))
    height, width = ink.shape
    cut = ink[round(rows[0] * height) : round(rows[1] * height), round(columns[0] * width) : round(columns[1] * width)]
    return on_canvas(np.ascontiguousarray(cut))


def _pair(digits: NDArray[np.uint8], _: NDArray[np.uint8], rng: Generator) -> Ink:
    """Two or three digits that touch."""
    parts = [_inked(digits[rng.integers(len(digits))]) for _ in range(2 if rng.random() < 0.8 else 3)]
    height = max(part.shape[0] for part in parts)
    joined = np.zeros((height, sum(part.shape[1] for part in parts)), np.uint8)
    left = 0
    for part in parts:
        top = int(rng.integers(0, height - part.shape[0] + 1))
        view = joined[top : top + part.shape[0], left : left + part.shape[1]]
        np.maximum(view, part, out=view)
        left += max(1, part.shape[1] - int(rng.integers(0, 4)))
    return on_canvas(joined, side=46)


def _struck(digits: NDArray[np.uint8], _: NDArray[np.uint8], rng: Generator) -> Ink:
    """A digit scribbled over."""
    under = on_canvas(digits[rng.integers(len(digits))])
    turns = int(rng.integers(4, 9))
    zigzag = [(i / (turns - 1), float(i % 2)) for i in range(turns)]
    if rng.random() < 0.5:
        zigzag = [(y, x) for x, y in zigzag]
    over: Ink = np.maximum(under, _draw((zigzag,), rng, wobble=0.1))
    return over


def _half_mark(digits: NDArray[np.uint8], labels: NDArray[np.uint8], rng: Generator) -> Ink:
    """The fraction 1/2, upright or slanted, often with a digit before it."""
    canvas = np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.uint8)
    whole = rng.random() < 0.7
    x = 34 if whole else 22
    if whole:
        _paste(canvas, digits[rng.integers(len(digits))], (4, 18, 26, 30))
    for digit, top in ((1, 6), (2, 38)):
        shift = int(rng.integers(-3, 4))
        _paste(canvas, _one_of(digits, labels == digit, rng), (x + 4 + shift, top, 16, 20))
    rise = int(rng.integers(0, 14))
    cv2.line(canvas, (x, 32 + rise // 2), (x + 24, 32 - rise // 2), 255, int(rng.integers(2, 4)), cv2.LINE_AA)
    return canvas


def _noise(_: NDArray[np.uint8], __: NDArray[np.uint8], rng: Generator) -> Ink:
    """Blotches and grain of any size, as an empty cell of a poor scan gives."""
    field = cv2.GaussianBlur(rng.normal(0, 1, (CANVAS_SIDE, CANVAS_SIDE)), (0, 0), rng.uniform(0.5, 4))
    level = np.quantile(field, rng.uniform(0.6, 0.97))
    blots = np.clip((field - level) / (field.max() - level + 1e-6), 0, 1)
    inside = int(rng.integers(0, 18))
    canvas = np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.uint8)
    window = np.s_[inside : CANVAS_SIDE - inside, int(rng.integers(0, 18)) : CANVAS_SIDE - inside]
    canvas[window] = (255 * np.sqrt(blots[window])).astype(np.uint8)
    return canvas


def _draw(lines: Sequence[Points], rng: Generator, *, wobble: float = 0.06) -> Ink:
    """Lines of a unit square on the canvas, each point moved a little, with one pen and a box of any shape."""
    canvas = np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.uint8)
    size = rng.uniform(18, 44, 2)
    pen = int(rng.integers(2, 7))
    for line in lines:
        points = (np.array(line) + rng.normal(0, wobble, (len(line), 2)) - 0.5) * size + CANVAS_SIDE / 2
        cv2.polylines(canvas, [np.rint(points).astype(np.int32)], False, 255, pen, cv2.LINE_AA)
    return canvas


def _paste(canvas: Ink, digit: Ink, place: tuple[int, int, int, int]) -> None:
    x, y, width, height = place
    ink = _inked(digit)
    scale = min(width / ink.shape[1], height / ink.shape[0])
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    view = canvas[y : y + size[1], x : x + size[0]]
    np.maximum(view, small[: view.shape[0], : view.shape[1]], out=view)


def _one_of(digits: NDArray[np.uint8], wanted: NDArray[np.bool_], rng: Generator) -> Ink:
    """A digit of those wanted, or any where there is none, as in a set of a few kinds."""
    places = np.flatnonzero(wanted) if wanted.any() else np.arange(len(digits))
    chosen: Ink = digits[rng.choice(places)]
    return chosen


def _inked(ink: Ink) -> Ink:
    """The part of ink that is inked; ink itself where nothing is."""
    x, y, width, height = cv2.boundingRect(ink)
    return ink[y : y + height, x : x + width] if width else ink


_WEIGHTS: dict[Maker, int] = {
    _letter: 7,
    _cross: 3,
    _tick: 1,
    _dash: 2,
    _dots: 2,
    _box_rest: 3,
    _guide: 2,
    _scrawl: 3,
    _part: 3,
    _pair: 5,
    _struck: 2,
    _half_mark: 3,
    _noise: 3,
}
_MAKERS = tuple(_WEIGHTS)
_SHARES = np.array(list(_WEIGHTS.values())) / sum(_WEIGHTS.values())
