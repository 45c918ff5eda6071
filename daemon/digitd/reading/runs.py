"""Unbroken runs of ink along the rows of a mask: what lines are made of. Arrays in, arrays out."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """The runs across of mask, (h, w) uint8 of 0 and 1, in reading order: where each begins in it, and its length.

    starts and lengths are (N,) int; starts count the pixels of the mask row by row.
    """

    mask: NDArray[np.uint8]
    starts: NDArray[np.intp]
    lengths: NDArray[np.intp]

    @classmethod
    def across(cls, mask: NDArray[np.uint8]) -> "Runs":
        """Find the runs of a mask.

        >>> Runs.across(np.array([[1, 1, 0, 1], [1, 1, 1, 1]], np.uint8)).lengths.tolist()
        [2, 1, 4]
        """
        height, width = mask.shape
        flat = np.zeros((height, width + 1), np.uint8)  # what is left of a row parts it from the one before
        flat[:, 1:] = mask
        line = flat.ravel()
        ends = np.flatnonzero(line[1:] != line[:-1])
        starts, behind = ends[::2], np.append(ends[1::2], line.size - 1)[: len(ends[::2])]
        return cls(mask=mask, starts=starts - starts // (width + 1), lengths=behind - starts)

    def at_least(self, length: int) -> "Runs":
        """Those no shorter than length, in pixels."""
        return self._those(self.lengths >= length)

    def between(self, first: int, last: int) -> "Runs":
        """Those in the rows from first on, before last."""
        width = self.mask.shape[1]
        return self._those((self.starts >= first * width) & (self.starts < last * width))

    def bands(self) -> Iterator["Runs"]:
        """Those of rows that follow each other without a gap, band by band."""
        for first, last in self._bands():
            yield self.between(first, last)

    def depth(self) -> int:
        """How many rows with runs follow each other without a gap, at most."""
        return max((last - first for first, last in self._bands()), default=0)

    def drawn(self) -> NDArray[np.uint8]:
        """A mask of these runs alone, shaped as the one that they are of."""
        picture = np.zeros(self.mask.shape, np.uint8)
        line = picture.ravel()
        for start, end in zip(self.starts.tolist(), (self.starts + self.lengths).tolist(), strict=True):
            line[start:end] = 1
        return picture

    def cut_out(self) -> tuple[NDArray[np.uint8], int, int]:
        """As `drawn`, but no larger than the runs are, and the column and the row of the mask that it begins at."""
        if not len(self.starts):
            return np.zeros((0, 0), np.uint8), 0, 0
        width = self.mask.shape[1]
        columns = self.starts % width
        top, left = int(self.starts[0]) // width, int(columns.min())
        rows, across = int(self.starts[-1]) // width + 1 - top, int((columns + self.lengths).max()) - left
        picture = np.zeros((rows, across), np.uint8)
        for start, length in zip(self.starts.tolist(), self.lengths.tolist(), strict=True):
            row, column = divmod(start, width)
            picture[row - top, column - left : column - left + length] = 1
        return picture, left, top

    def _bands(self) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for row in sorted(set((self.starts // self.mask.shape[1]).tolist())):
            if found and row == found[-1][1]:
                found[-1] = (found[-1][0], row + 1)
            else:
                found.append((row, row + 1))
        return found

    def _those(self, chosen: NDArray[np.bool_]) -> "Runs":
        return Runs(mask=self.mask, starts=self.starts[chosen], lengths=self.lengths[chosen])
