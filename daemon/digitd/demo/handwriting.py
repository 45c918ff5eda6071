"""Handwritten digits drawn stroke by stroke: what the demo and the tests write with. The same seed writes the same."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digitd.demo.strokes import DIGITS, MARKS, smooth_parts
from digitd.records import Box

Ink = NDArray[np.uint8]

#: Strokes are drawn at this multiple of their size and averaged down, which softens their edges as a scanner does.
OVERSAMPLING = 4

#: Points drawn for a stroke as long as the digit is high.
POINTS_PER_HEIGHT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """How one person writes. slant is radians to the right; width scales x; pen and wobble are shares of the height.

    darkness is the share of light the ink takes away, 0 to 1; habit chooses among the shapes of each digit.
    """

    slant: float
    width: float
    pen: float
    wobble: float
    darkness: float
    habit: int


def some_hand(rng: Generator) -> Hand:
    """A person drawn at random: mostly upright or leaning to the right, with a fine to a broad pen."""
    return Hand(
        slant=float(np.clip(rng.normal(0.12, 0.14), -0.25, 0.5)),
        width=float(rng.uniform(0.8, 1.2)),
        pen=float(rng.uniform(0.055, 0.12)),
        wobble=float(rng.uniform(0.008, 0.024)),
        darkness=float(rng.uniform(0.7, 0.95)),
        habit=int(rng.integers(0, 1000)),
    )


def draw_digit(digit: int, rng: Generator, *, height_px: int = 60, hand: Hand | None = None) -> Ink:
    """Write one digit, cropped to its ink.

    Parameters
    ----------
    digit
        0 to 9.
    rng
        Where every irregularity comes from.
    height_px
        Height of the digit in pixels, at least 8; the ink may be a fifth higher or lower.
    hand
        Who writes; a stranger for every digit where it is not given.

    Returns
    -------
    NDArray
        (h, w) uint8, light ink on black.
    """
    hand = hand or some_hand(rng)
    shapes = DIGITS[digit]
    usual = (hand.habit >> digit) % len(shapes)
    # Nobody writes a digit one way only.
    shape = shapes[usual if rng.random() < 0.85 else int(rng.integers(len(shapes)))]
    return _draw(shape, rng, height_px=height_px, hand=hand)


def draw_mark(mark: str, rng: Generator, *, height_px: int = 60, hand: Hand | None = None) -> Ink:
    """Write what is no digit: "X" a cross, "-" a dash, "/" a slash, "#" a scribble. As `draw_digit`."""
    return _draw(MARKS[mark], rng, height_px=height_px, hand=hand or some_hand(rng))


def write_number(
    canvas: NDArray[np.uint8],
    text: str,
    box: Box,
    rng: Generator,
    *,
    cells: int | None = None,
    hand: Hand | None = None,
    gap: float = 0.16,
    fill: float = 0.68,
) -> None:
    """Write text into box on a page, in place.

    Parameters
    ----------
    canvas
        (H, W) uint8, dark on light; the ink darkens what is there.
    text
        Digits and marks ("X", "-", "/", "#"); "*" is a digit struck out; a space leaves its place empty.
    box
        Where to write, in pixels of canvas.
    rng
        Where every irregularity comes from.
    cells
        The number of equal cells of box, each taking one symbol from the left; None writes symbol after symbol.
    hand
        Who writes.
    gap
        Room between symbols as a share of their height, without cells; negative makes them touch.
    fill
        Height of the symbols as a share of the box's.
    """
    hand = hand or some_hand(rng)
    height_px = max(8, round(box.height * fill * rng.uniform(0.92, 1.05)))
    inks = [_symbol(symbol, rng, height_px=height_px, hand=hand) for symbol in text]
    row = _in_a_row(inks, box, rng, gap_px=gap * height_px) if cells is None else _in_cells(inks, box, rng, cells=cells)
    for ink, left in row:
        top = (box.y0 + box.y1 - ink.shape[0]) / 2 + height_px * rng.normal(0, 0.03)
        _blend(canvas, ink, left=round(left), top=round(top), darkness=hand.darkness)


def _symbol(symbol: str, rng: Generator, *, height_px: int, hand: Hand) -> Ink:
    if symbol == " ":
        return np.zeros((1, height_px // 2), np.uint8)
    if symbol == "*":
        digit = draw_digit(int(rng.integers(10)), rng, height_px=height_px, hand=hand)
        scribble = draw_mark("#", rng, height_px=height_px, hand=hand)
        return _laid_over(digit, scribble)
    if symbol in MARKS:
        return draw_mark(symbol, rng, height_px=height_px, hand=hand)
    return draw_digit(int(symbol), rng, height_px=height_px, hand=hand)


def _draw(shape: str, rng: Generator, *, height_px: int, hand: Hand) -> Ink:
    size = height_px * OVERSAMPLING * rng.uniform(0.93, 1.07)
    paths = [np.concatenate([_curve(part) for part in stroke]) for stroke in smooth_parts(shape)]
    spots = _bent(np.concatenate(paths), rng, wobble=hand.wobble)
    spots = _leant(spots, rng, hand=hand) * size
    margin = math.ceil(size * 0.2)
    spots += margin - spots.min(axis=0)
    width, height = (math.ceil(length) + margin for length in spots.max(axis=0))
    ink = np.zeros((height, width), np.uint8)
    for part in np.split(spots, np.cumsum([len(path) for path in paths])[:-1]):
        _pull_pen(ink, part, rng, pen_px=size * hand.pen)
    ink = cv2.GaussianBlur(ink, (0, 0), OVERSAMPLING * 0.4).astype(np.uint8, copy=False)
    small = cv2.resize(
        ink, (max(1, width // OVERSAMPLING), max(1, height // OVERSAMPLING)), interpolation=cv2.INTER_AREA
    )
    x, y, w, h = cv2.boundingRect((small > 8).astype(np.uint8))
    return small[y : y + h, x : x + w].astype(np.uint8)


def _curve(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 2) points along the Catmull-Rom curve through points."""
    ends = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    pieces = []
    for before, start, stop, after in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        count = max(2, round(float(np.hypot(*(stop - start))) * POINTS_PER_HEIGHT))
        t = np.linspace(0, 1, count)[:, None]
        cubic = 3 * (start - stop) + after - before
        square = 2 * before - 5 * start + 4 * stop - after
        pieces.append(start + 0.5 * t * (stop - before + t * (square + t * cubic)))
    return np.concatenate(pieces)


def _bent(points: NDArray[np.float64], rng: Generator, *, wobble: float) -> NDArray[np.float64]:
    """Displace points by a few long waves, so that strokes that met still meet."""
    waves = rng.normal(0, 4.0, (3, 2)), rng.uniform(0, 2 * np.pi, 3), rng.normal(0, wobble, (3, 2))
    phase = points @ waves[0].T + waves[1]
    return points + np.sin(phase) @ waves[2]


def _leant(points: NDArray[np.float64], rng: Generator, *, hand: Hand) -> NDArray[np.float64]:
    turn = rng.normal(0, 0.05)
    width = hand.width * rng.uniform(0.88, 1.12)
    shear = np.array([[width, 0.0], [-math.tan(hand.slant + rng.normal(0, 0.04)), 1.0]])
    turned = shear @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    leant: NDArray[np.float64] = points @ turned
    return leant


def _pull_pen(ink: Ink, points: NDArray[np.float64], rng: Generator, *, pen_px: float) -> None:
    """Draw points as discs whose size and strength follow the pressure, which swells and fades."""
    t = np.linspace(0, 1, len(points))
    pressure = 1 + 0.16 * np.sin(2 * np.pi * (t * rng.uniform(0.4, 1.4) + rng.random())) - 0.22 * t**6
    for (x, y), force in zip(points * 16, pressure, strict=True):
        strength = min(255, round(225 + 60 * (force - 0.9)))
        cv2.circle(ink, (round(x), round(y)), max(8, round(pen_px * force * 8)), strength, cv2.FILLED, shift=4)


def _laid_over(under: Ink, over: Ink) -> Ink:
    shape = [max(lengths) for lengths in zip(under.shape, over.shape, strict=True)]
    both = np.zeros(shape, np.uint8)
    for ink in (under, over):
        top, left = ((whole - part) // 2 for whole, part in zip(shape, ink.shape, strict=True))
        part = both[top : top + ink.shape[0], left : left + ink.shape[1]]
        np.maximum(part, ink, out=part)
    return both


def _in_a_row(inks: Sequence[Ink], box: Box, rng: Generator, *, gap_px: float) -> list[tuple[Ink, float]]:
    """One after the other from the left of box, all made smaller where the box is too short for them."""
    start = box.x0 + box.height * rng.uniform(0.12, 0.3)
    gaps = gap_px * rng.uniform(0.75, 1.25, len(inks))
    length = sum(ink.shape[1] for ink in inks) + float(gaps.sum())
    scale = min(1.0, (box.x1 - start) * 0.97 / max(length, 1.0))
    placed = []
    for ink, gap in zip(inks, gaps, strict=True):
        placed.append((_scaled(ink, scale, scale), start))
        start += (ink.shape[1] + float(gap)) * scale
    return placed


def _in_cells(inks: Sequence[Ink], box: Box, rng: Generator, *, cells: int) -> list[tuple[Ink, float]]:
    """Each in the middle of its cell, more or less, and narrowed where the cell is too narrow for it."""
    room = box.width / cells
    narrow = [_scaled(ink, min(1.0, room * 0.9 / ink.shape[1]), 1.0) for ink in inks]
    return [
        (ink, box.x0 + room * (index + 0.5 + rng.normal(0, 0.02)) - ink.shape[1] / 2)
        for index, ink in enumerate(narrow)
    ]


def _scaled(ink: Ink, across: float, down: float) -> Ink:
    if across == down == 1:
        return ink
    size = (max(1, round(ink.shape[1] * across)), max(1, round(ink.shape[0] * down)))
    return cv2.resize(ink, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _blend(canvas: NDArray[np.uint8], ink: Ink, *, left: int, top: int, darkness: float) -> None:
    """Darken canvas by ink; what would lie beyond its edge is left out."""
    x0, y0 = max(0, left), max(0, top)
    target = canvas[y0 : max(0, top + ink.shape[0]), x0 : max(0, left + ink.shape[1])]
    part = ink[y0 - top : y0 - top + target.shape[0], x0 - left : x0 - left + target.shape[1]]
    target[:] = np.rint(target * (1 - darkness * (part / 255.0)))
