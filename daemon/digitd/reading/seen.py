"""What stands in regions: their symbols classified, all in one batch, and the strings that these may be. No files."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitd.reading.decode import Decoded, decode
from digitd.reading.locate import boxes_on_page
from digitd.reading.normalise import GLYPH_SIDE, normalise
from digitd.reading.segment.lattice import as_said, score
from digitd.records import NOT_A_DIGIT, Box, CellContent, Glyph, Region, Symbol

Classify = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
Clock = Callable[[str], AbstractContextManager[None]]

#: Writing that is no wider than this for its height, is all digits, and gives a string at least so probable, falls into
#: symbols in one way only: of 57 such amounts of development cheques none was wrong, of all others half.
WIDEST_SURE, LEAST_SURE = 1.1, 0.95

#: A symbol that is a digit with this probability, and no wider than this for its height, is not parted: ADR 8.
SURELY, NARROW = 0.999, 0.9

#: What is passed over and is lower than this share of the highest digit is a dot or a dash, and no evidence of a digit.
PUNCTUATION = 0.5

NO_GLYPHS = np.zeros((0, GLYPH_SIDE, GLYPH_SIDE), np.uint8)
BLACK = np.zeros((GLYPH_SIDE, GLYPH_SIDE), np.uint8)


def look(
    regions: Sequence[Region],
    symbols: Sequence[Sequence[Symbol]],
    classify: Classify,
    *,
    clock: Clock,
    again: bool = False,
) -> list["Seen"]:
    """What the symbols of regions are, all of them in one batch, and the strings that they make.

    again says that the symbols are those of `segment_again`: all that may be, whatever cells are printed.
    """
    with clock("normalise"):
        flat = [normalise(symbol.ink) for found in symbols for symbol in found if symbol.ink.size]
        glyphs = np.array(flat, np.uint8).reshape(-1, GLYPH_SIDE, GLYPH_SIDE)
    with clock("classify"):
        probabilities = classify(glyphs)
    with clock("decode"):
        ends = np.cumsum([sum(1 for symbol in found if symbol.ink.size) for found in symbols])[:-1]
        parts = zip(regions, symbols, np.split(glyphs, ends), np.split(probabilities, ends), strict=True)
        return [_seen(region, found, own, said, again=again) for region, found, own, said in parts] if regions else []


def _seen(
    region: Region,
    symbols: Sequence[Symbol],
    glyphs: NDArray[np.uint8],
    probabilities: NDArray[np.float32],
    *,
    again: bool,
) -> "Seen":
    inked = tuple(symbol for symbol in symbols if symbol.ink.size)
    in_cells = bool(region.cells) and not again
    scores = (score if again else as_said)(inked, probabilities)
    return Seen(
        region=region,
        in_cells=in_cells,
        blank=tuple(symbol for symbol in symbols if not symbol.ink.size),
        inked=inked,
        glyphs=glyphs,
        probabilities=probabilities,
        decoded=decode(scores, None if in_cells else [symbol.span for symbol in inked]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A region with all symbols that may be in it, what the classifier says of each, and the strings they may be.

    in_cells says that each symbol is all that stands in one of its cells.
    """

    region: Region
    in_cells: bool
    blank: tuple[Symbol, ...]
    inked: tuple[Symbol, ...]
    glyphs: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    decoded: Decoded

    def unsure(self) -> bool:
        """Whether the writing may fall into other symbols than these.

        In cells only where one holds what is no digit and another nothing: several may be squeezed into the first.
        """
        if not self.inked:
            return False
        if self.in_cells:
            return bool(self.blank) and bool((self.probabilities[:, NOT_A_DIGIT] > 0.5).any())
        wide = max(symbol.box.width / symbol.box.height for symbol in self.inked) > WIDEST_SURE
        strange = bool((self.probabilities[:, NOT_A_DIGIT] > 0.5).any())
        return wide or strange or self.decoded.candidates[0].probability < LEAST_SURE

    def surely_whole(self) -> list[Box]:
        """Where symbols lie that are surely one digit each."""
        best = self.probabilities[:, :NOT_A_DIGIT].max(axis=1)
        return [
            symbol.box
            for symbol, sure in zip(self.inked, best, strict=True)
            if sure >= SURELY and symbol.box.width <= NARROW * symbol.box.height
        ]

    def places(self, value: str | None = None) -> list[int]:
        """Places of the symbols that make value, by default the best string; not those of dots and dashes."""
        return [place for place, _ in self._steps(value)]

    def taken(self, value: str | None = None) -> tuple[Symbol, ...]:
        """The symbols that make value, and the blank cells, from left to right."""
        chosen = [self.inked[place] for place in self.places(value)]
        return tuple(sorted([*self.blank, *chosen], key=lambda symbol: symbol.span))

    def evidence(self, value: str | None = None) -> Iterator[Glyph]:
        """Of each of these what the classifier saw and said; a blank cell has black pixels and is *not a digit*."""
        places = {self.inked[place].span: place for place in self.places(value)}
        symbols, contents = self.taken(value), self.contents(value)
        boxes = boxes_on_page(self.region, [symbol.box for symbol in symbols])
        for position, (symbol, content, box) in enumerate(zip(symbols, contents, boxes, strict=True)):
            if content is CellContent.BLANK:
                pixels, chances = BLACK, _certainly_nothing()
            else:
                pixels, chances = self.glyphs[places[symbol.span]], self.probabilities[places[symbol.span]]
            yield Glyph(position=position, box=box, content=content, pixels=pixels, probabilities=chances)

    def contents(self, value: str | None = None) -> list[CellContent]:
        """What each of these is."""
        found = {self.inked[place].span: is_digit for place, is_digit in self._steps(value)}
        said = {True: CellContent.DIGIT, False: CellContent.OTHER}
        return [said[found[symbol.span]] if symbol.ink.size else CellContent.BLANK for symbol in self.taken(value)]

    def _steps(self, value: str | None) -> list[tuple[int, bool]]:
        values = [candidate.value for candidate in self.decoded.candidates]
        path = self.decoded.paths[0 if value is None else values.index(value)]
        if self.in_cells:
            return list(path)
        tallest = max((self.inked[place].box.height for place, is_digit in path if is_digit), default=0.0)
        return [
            (place, is_digit)
            for place, is_digit in path
            if is_digit or self.inked[place].box.height >= PUNCTUATION * tallest
        ]


def _certainly_nothing() -> NDArray[np.float32]:
    chances = np.zeros(NOT_A_DIGIT + 1, np.float32)
    chances[NOT_A_DIGIT] = 1.0
    return chances
