"""Handwritten digits drawn stroke by stroke: what the demo and the tests write with. The same seed writes the same."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digitd.demo.pen import Hand, Ink, draw_shape, some_hand
from digitd.demo.strokes import DIGITS, MARKS
from digitd.records import Box


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
    return draw_shape(shape, rng, height_px=height_px, hand=hand)


def draw_mark(mark: str, rng: Generator, *, height_px: int = 60, hand: Hand | None = None) -> Ink:
    """Write what is no digit: "X" a cross, "-" a dash, "/" a slash, "#" a scribble. As `draw_digit`."""
    return draw_shape(MARKS[mark], rng, height_px=height_px, hand=hand or some_hand(rng))


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
