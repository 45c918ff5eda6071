"""A pen drawn along a shape: slanted, shaken and pressed as a hand does it. The same seed draws the same."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digitd.demo.strokes import smooth_parts

#: (h, w) uint8, light ink on black.
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


def draw_shape(shape: str, rng: Generator, *, height_px: int, hand: Hand) -> Ink:
    """Draw a shape of `digitd.demo.strokes`, about height_px high, cropped to its ink."""
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
