"""All ways in which the writing of a field may fall into symbols, for `decode` to choose from. Arrays in, arrays out.

Writing is cut into slices wherever it may be parted; every few slices in a row are a symbol that may be, and a string
is a way through them. How well a symbol's shape suits a digit is weighed beside what the classifier says of it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.normalise import stroke_width
from digitd.reading.segment.cuts import Cut, cuts
from digitd.reading.segment.pieces import Piece, ink_of, joined, trimmed
from digitd.records import NOT_A_DIGIT, Box, Symbol

#: Of pieces at least this share of the tallest, the median is the height of this hand's digits.
TALL = 0.45

#: Pieces with less ink than this share of a digit's height, squared, are grain.
GRAIN = 0.004

#: Pieces at least so wide and so high, in heights of a digit, may be parted.
PARTED_WIDTH, PARTED_HEIGHT = 0.45, 0.45

#: A symbol is at most so many slices, of so many pieces, and so wide, in heights of a digit.
MOST_SLICES, MOST_PIECES, WIDEST = 7, 4, 1.5

#: No stroke counts as thinner than this, in pixels.
THINNEST_PX = 1.5

#: Where digits share a stroke, each should have it: a symbol is tried with so many strokes' width of what was cut off.
SHARED_STROKES = 1.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much shape counts, in logarithms; found by likelihood on development strings (see docs/adr/0008).

    digit is for each digit, cut for each stroke that parting it from its neighbour crosses, parted for each side that
    is cut; gap for a digit's height of paper inside it; low for each share by which it is below LOW of that height, off
    for each by which its middle lies above or below that of the writing. nothing and tall are for what is passed over:
    for each, and for a height more than SMALL. sharpness is what the classifier's logarithms of digits are multiplied
    by; what it says of *not a digit* is no help here.
    """

    digit: float = 0.02
    cut: float = -2.68
    parted: float = -1.84
    gap: float = -5.43
    low: float = -5.4
    off: float = -4.57
    nothing: float = -0.27
    tall: float = -26.0
    sharpness: float = 1.16


WEIGHTS = Weights()

#: Nothing is so sure that its contrary has a smaller probability than this.
LEAST_SAID = 1e-6

#: Heights, in that of a digit, below which a digit is low, and up to which what is passed over is small.
LOW, SMALL = 0.55, 0.35


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Slice:
    """A part of a piece that is not parted further; cut is what parting it from the slice before crosses, in strokes.

    cut is None where nothing is crossed: the slice before is another piece.
    """

    part: Piece
    piece: int
    cut: float | None


def alternatives(
    pieces: Sequence[Piece], dark: NDArray[np.uint8], *, unparted: Sequence[Box] = ()
) -> tuple[Symbol, ...]:
    """The symbols that pieces may be, by their first slice; every slice is one of them, so that there is always a way.

    Parameters
    ----------
    pieces
        The connected pieces of a field's writing.
    dark
        (h, w) uint8 darkness of the field, which the pieces lie in.
    unparted
        What lies in one of these stays whole.
    """
    if not pieces:
        return ()
    tallest = max(piece.height for piece in pieces)
    tall = [piece for piece in pieces if piece.height >= TALL * tallest]
    height = float(np.median([piece.height for piece in tall]))
    middle = float(np.median([(piece.y0 + piece.y1) / 2 for piece in tall]))
    pieces = [piece for piece in pieces if np.count_nonzero(piece.mask) >= GRAIN * height**2]
    if not pieces:
        return ()
    stroke = max(THINNEST_PX, stroke_width(joined(pieces).mask.astype(np.uint8) * np.uint8(255)))
    slices: list[_Slice] = []
    for place, piece in enumerate(_in_order(pieces)):
        may_part = piece.width >= PARTED_WIDTH * height and piece.height >= PARTED_HEIGHT * height
        parted = may_part and not any(_inside(piece, box) for box in unparted)
        found = cuts(piece.mask, digit_height=height, stroke=stroke) if parted else ()
        slices.extend(_slices(piece, found, place=place))
    return tuple(_symbols(slices, dark, height=height, middle=middle, stroke=stroke))


def _in_order(pieces: Sequence[Piece]) -> list[Piece]:
    return sorted(pieces, key=lambda piece: piece.x0 + piece.x1)


def _inside(piece: Piece, box: Box) -> bool:
    return box.x0 <= piece.x0 and box.y0 <= piece.y0 and piece.x1 <= box.x1 and piece.y1 <= box.y1


def _slices(piece: Piece, found: Sequence[Cut], *, place: int) -> Iterator[_Slice]:
    """The slices that cuts part a piece into, from left to right."""
    columns = np.arange(piece.width)
    side = sum((columns >= cut.xs[:, None]).astype(np.intp) for cut in found) + np.zeros(piece.mask.shape, np.intp)
    crossed: float | None = None
    for number in range(len(found) + 1):
        part = piece.mask & (side == number)
        if number:
            crossed = max(crossed or 0.0, found[number - 1].strokes)
        if np.count_nonzero(part) >= 3:
            yield _Slice(part=trimmed(part, piece.x0, piece.y0), piece=place, cut=crossed)
            crossed = 0.0


def _symbols(
    slices: Sequence[_Slice], dark: NDArray[np.uint8], *, height: float, middle: float, stroke: float
) -> Iterator[Symbol]:
    written = np.zeros(dark.shape, np.bool_)
    for one in slices:
        written[one.part.y0 : one.part.y1, one.part.x0 : one.part.x1] |= one.part.mask
    for first in range(len(slices)):
        for last in range(first + 1, min(len(slices), first + MOST_SLICES) + 1):
            chosen = slices[first:last]
            whole = joined([one.part for one in chosen])
            if last - first > 1 and (whole.width > WIDEST * height or len({one.piece for one in chosen}) > MOST_PIECES):
                break
            left, right = chosen[0].cut, slices[last].cut if last < len(slices) else None
            as_digit, as_nothing = _fit(chosen, whole, (left, right), height=height, middle=middle)
            shapes = [whole]
            if left is not None or right is not None:
                before = [slices[first - 1].part] if left is not None else []
                behind = [slices[last].part] if right is not None else []
                shapes.append(_with_shared(whole, [*before, *behind], reach=SHARED_STROKES * stroke))
            for shape in shapes:
                ink, box = ink_of(shape, dark)
                yield Symbol(
                    box=box,
                    ink=_without_others(ink, shape, written),
                    span=(first, last),
                    as_digit=as_digit - math.log(len(shapes)),
                    as_nothing=as_nothing - math.log(len(shapes)),
                )


def _fit(
    chosen: Sequence[_Slice],
    whole: Piece,
    sides: tuple[float | None, float | None],
    *,
    height: float,
    middle: float,
) -> tuple[float, float]:
    """How well slices together suit a digit, and something passed over; see `Weights`."""
    crossed = [side for side in sides if side is not None]
    gaps = [behind.part.x0 - before.part.x1 for before, behind in pairwise(chosen) if behind.cut is None]
    either = WEIGHTS.cut * sum(crossed) / 2 + WEIGHTS.parted * len(crossed) / 2 + WEIGHTS.gap * max([0, *gaps]) / height
    high = whole.height / height
    off = abs((whole.y0 + whole.y1) / 2 - middle) / height
    as_digit = WEIGHTS.digit + WEIGHTS.low * max(0.0, LOW - high) / LOW + WEIGHTS.off * off
    return either + as_digit, either + WEIGHTS.nothing + WEIGHTS.tall * max(0.0, high - SMALL)


def _with_shared(whole: Piece, beside: Sequence[Piece], *, reach: float) -> Piece:
    """The piece whole with what of the slices beside it is within reach: the stroke that it shares with them."""
    far, both = math.ceil(reach), joined([whole, *beside])
    x0, y0 = max(both.x0, whole.x0 - far), max(both.y0, whole.y0 - far)
    around = both.mask[y0 - both.y0 : whole.y1 + far - both.y0, x0 - both.x0 : whole.x1 + far - both.x0]
    own = np.zeros(around.shape, np.uint8)
    own[whole.y0 - y0 : whole.y1 - y0, whole.x0 - x0 : whole.x1 - x0] = whole.mask
    near = cv2.dilate(own, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * far + 1, 2 * far + 1)))
    return trimmed(around & (near > 0), x0, y0)


def _without_others(ink: NDArray[np.uint8], shape: Piece, written: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """ink, which `ink_of` gave of shape, without what of its edge is other writing."""
    y0, x0 = max(0, shape.y0 - 1), max(0, shape.x0 - 1)
    others = written[y0 : y0 + ink.shape[0], x0 : x0 + ink.shape[1]].copy()
    top, left = shape.y0 - y0, shape.x0 - x0
    others[top : top + shape.height, left : left + shape.width] &= ~shape.mask
    return np.where(others, 0, ink).astype(np.uint8)


def score(symbols: Sequence[Symbol], probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """What `decode` weighs of symbols that exclude each other: (N, 11) logarithms, of what is said and of the shapes.

    probabilities are the classifier's, (N, 11).
    """
    shape = np.array([[symbol.as_digit] * NOT_A_DIGIT + [symbol.as_nothing] for symbol in symbols], np.float32)
    said = as_said(symbols, probabilities) * np.float32(WEIGHTS.sharpness)
    said[:, NOT_A_DIGIT] = 0
    return said + shape.reshape(said.shape)


def as_said(_: Sequence[Symbol], probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """What `decode` weighs of symbols that follow each other: (N, 11), the logarithms of what is said."""
    return np.asarray(np.log(np.maximum(probabilities, LEAST_SAID)), np.float32)
