"""A field's pixels become symbols: one a cell where cells are printed, else one a piece of writing, left to right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from digitd.reading import ink as inks
from digitd.reading.lines import Frame
from digitd.reading.segment.lattice import alternatives
from digitd.reading.segment.pieces import Piece, find_pieces, ink_of, joined, trimmed
from digitd.records import Box, Region, Symbol

#: A piece lower than this share of the field's tallest is a dot, a comma or a speck.
LOWEST_PIECE = 0.3

#: A cell whose highest piece is lower than this share of it is blank.
LOWEST_IN_CELL = 0.12

#: In a picture of a single cell the border is within this share of its height from the edge.
LOOSE_BORDER = 0.22

#: In a picture of a single cell, what an edge cuts off is a rest when it is no larger than this share of what is clear.
REST_OF_CLEAR = 0.3

#: A piece in two cells is cut at the divider when at least this share of its ink is on either side.
SHARED_INK = 0.2

#: Two pieces are one symbol when they share this much of the narrower one's width, and one is lower than the other
#: by FRAGMENT; two tall pieces only when they share nearly all of it.
SHARED_WIDTH, FRAGMENT, SHARED_WIDTH_TALL = 0.5, 0.65, 0.85


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Writing:
    """What is written in a region: its darkness, (h, w) uint8, and the pieces in it that are no print."""

    dark: NDArray[np.uint8]
    frame: Frame
    pieces: list[Piece]


def find_writing(region: Region) -> Writing:
    """Tell what is written in a region from paper and print; half the work of reading, so done once."""
    height, width = region.pixels.shape
    margin = region.margin_px
    frame = Frame(x0=margin, y0=margin, x1=width - margin, y1=height - margin, cells=region.cells)
    if not margin:  # a whole picture or a line of writing: where its borders are, if any, is only guessed
        frame = replace(frame, exact=0.0)
    dark = inks.darkness(region.pixels)
    return Writing(dark=dark, frame=frame, pieces=find_pieces(inks.writing(dark, frame), frame))


def segment(writing: Writing) -> tuple[Symbol, ...]:
    """The symbols of a region, in reading order.

    Where the region has cells, exactly one symbol a cell, its ink empty where the cell is blank. Elsewhere as many as
    there are pieces of writing.
    """
    if writing.frame.cells:
        return tuple(_in_cells(writing.pieces, writing.dark, writing.frame, writing.frame.cells))
    groups = sorted(_grouped(writing.pieces), key=lambda p: p.x0 + p.x1)
    return tuple(_symbol(piece, writing.dark, place=place) for place, piece in enumerate(groups))


def segment_again(writing: Writing, *, unparted: Sequence[Box] = ()) -> tuple[Symbol, ...]:
    """All symbols that the writing of a region may be, whatever its cells: pieces, parts of them, several together.

    For what `segment` cannot tell: digits that touch or are squeezed into one cell, broken strokes, dots and dashes.
    What lies in one of the boxes unparted stays whole.
    """
    return alternatives(writing.pieces, writing.dark, unparted=unparted)


def isolate(cell: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The ink of the one symbol in a picture of a single cell, (h, w) uint8 of any polarity; light on black.

    Its printed border may be anywhere in the outer quarter of the picture. Empty where the cell is blank. This is how
    a trainer cleans pictures that are not bare glyphs.
    """
    dark = inks.darkness(cell)
    frame = Frame(x0=0, y0=0, x1=cell.shape[1], y1=cell.shape[0], cells=1, loose=LOOSE_BORDER, exact=0.0)
    pieces = _without_rests(find_pieces(inks.writing(dark, frame), frame), frame)
    return next(_in_cells(pieces, dark, frame, 1)).ink


def _without_rests(pieces: list[Piece], frame: Frame) -> list[Piece]:
    """Drop what an edge of the picture cuts off, where something larger lies clear of the edges."""
    cut = [p.x0 <= 1 or p.y0 <= 1 or p.x1 >= frame.x1 - 1 or p.y1 >= frame.y1 - 1 for p in pieces]
    areas = [int(piece.mask.sum()) for piece in pieces]
    clear = max((area for area, is_cut in zip(areas, cut, strict=True) if not is_cut), default=0)
    return [
        piece
        for piece, area, is_cut in zip(pieces, areas, cut, strict=True)
        if not is_cut or area > REST_OF_CLEAR * clear
    ]


def _in_cells(pieces: list[Piece], dark: NDArray[np.uint8], frame: Frame, cells: int) -> Iterator[Symbol]:
    edges = [frame.x0 + frame.width * i / cells for i in range(cells + 1)]
    held: list[list[Piece]] = [[] for _ in range(cells)]
    for piece in pieces:
        for part in _cut_at_dividers(piece, edges):
            centre = part.x0 + float(np.nonzero(part.mask)[1].mean())
            held[min(max(int((centre - frame.x0) * cells / frame.width), 0), cells - 1)].append(part)
    for index, parts in enumerate(held):
        box = Box(x0=edges[index], y0=frame.y0, x1=edges[index + 1], y1=frame.y1)
        if max((part.height for part in parts), default=0) < LOWEST_IN_CELL * frame.height:
            yield Symbol(box=box, ink=np.zeros((0, 0), np.uint8), span=(index, index + 1))
        else:
            yield _symbol(joined(_without_specks(parts)), dark, place=index)


def _symbol(piece: Piece, dark: NDArray[np.uint8], *, place: int) -> Symbol:
    ink, box = ink_of(piece, dark)
    return Symbol(box=box, ink=ink, span=(place, place + 1))


def _cut_at_dividers(piece: Piece, edges: list[float]) -> list[Piece]:
    """Split a piece that lies in two cells, unless it only reaches a little over."""
    ink = piece.mask.sum(axis=0)
    for edge in edges[1:-1]:
        at = round(edge) - piece.x0
        if 0 < at < piece.width and min(ink[:at].sum(), ink[at:].sum()) >= SHARED_INK * ink.sum():
            left = trimmed(piece.mask[:, :at], piece.x0, piece.y0)
            right = trimmed(piece.mask[:, at:], piece.x0 + at, piece.y0)
            return [left, *_cut_at_dividers(right, edges)]
    return [piece]


def _without_specks(pieces: list[Piece]) -> list[Piece]:
    """Drop dots and rests beside a symbol; what is as large as a stroke stays."""
    if len(pieces) < 2:
        return pieces
    areas = [int(piece.mask.sum()) for piece in pieces]
    tallest = max(piece.height for piece in pieces)
    return [
        piece
        for piece, area in zip(pieces, areas, strict=True)
        if area >= 0.06 * max(areas) and max(piece.height, piece.width) >= 0.15 * tallest
    ]


def _grouped(pieces: list[Piece]) -> list[Piece]:
    """Join fragments of one symbol, then drop what is too low to be a digit."""
    tallest = max((piece.height for piece in pieces), default=0)
    groups: list[Piece] = []
    for piece in sorted(pieces, key=lambda p: -p.height):
        home = next((group for group in groups if _one_symbol(group, piece, tallest)), None)
        if home is None:
            groups.append(piece)
        else:
            groups[groups.index(home)] = joined([home, piece])
    return [group for group in groups if group.height >= LOWEST_PIECE * tallest]


def _one_symbol(group: Piece, piece: Piece, tallest: int) -> bool:
    shared = min(group.x1, piece.x1) - max(group.x0, piece.x0)
    narrower = max(1, min(group.width, piece.width))
    fragment = piece.height < FRAGMENT * tallest
    if fragment and piece.y0 > group.y1 + 0.15 * tallest:  # a dot below the line
        return False
    return shared >= (SHARED_WIDTH if fragment else SHARED_WIDTH_TALL) * narrower
