"""Which digit of a label belongs to which glyph, and the confusion matrix counted from that. No database, no files."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from digitd.records import NOT_A_DIGIT, CellContent
from digitd.stored import StoredGlyph

#: In a string of what was said, a glyph that is *not a digit*.
REJECTED = "x"

#: Rows of a confusion matrix: the digit that is there; or none, so that whatever was found there is extra.
TRUTH = (*"0123456789", "extra")

#: Columns: the digit the machine said; *not a digit*; or no glyph was found there at all.
SAID = (*"0123456789", "not a digit", "missed")

#: The cell that is right though its names differ: nothing to read there, and the machine says so.
NOTHING_THERE = ("extra", "not a digit")

#: Their places among the rows and the columns.
EXTRA, MISSED = len(TRUTH) - 1, len(SAID) - 1


def align(label: str, said: str) -> list[tuple[str, str]]:
    """Pair the digits of a label with what was said, by the fewest edits (Levenshtein, 1966).

    Parameters
    ----------
    label
        What a person wrote; everything but digits is passed over.
    said
        A symbol a glyph from the left: a digit, or `REJECTED`; everything else is passed over.

    Returns
    -------
    list
        (digit, symbol) from the left; "" for the digit where a glyph is extra, for the symbol where one was missed.
        A rejected glyph that stands for no digit is no error and costs the least.

    Examples
    --------
    >>> align("105", "1x5"), align("105", "15"), align("15", "1x5")
    ([('1', '1'), ('0', 'x'), ('5', '5')], [('1', '1'), ('0', ''), ('5', '5')], [('1', '1'), ('', 'x'), ('5', '5')])
    """
    truth = [symbol for symbol in label if symbol.isdecimal()]
    glyphs = [symbol for symbol in said if symbol.isdecimal() or symbol == REJECTED]
    cost = _costs(truth, glyphs)
    pairs = []
    row, column = len(truth), len(glyphs)
    while row or column:
        here = cost[row][column]
        if row and column and here == cost[row - 1][column - 1] + _replace(truth[row - 1], glyphs[column - 1]):
            row, column = row - 1, column - 1
            pairs.append((truth[row], glyphs[column]))
        elif row and here == cost[row - 1][column] + _MISS:
            row -= 1
            pairs.append((truth[row], ""))
        else:
            column -= 1
            pairs.append(("", glyphs[column]))
    return pairs[::-1]


def confusion(pairs: Iterable[tuple[str, str]]) -> NDArray[np.int64]:
    """(11, 12) int64 counts, rows `TRUTH`, columns `SAID`, of (label, said) strings paired as in `align`."""
    matrix = np.zeros((len(TRUTH), len(SAID)), np.int64)
    for label, said in pairs:
        for digit, symbol in align(label, said):
            matrix[int(digit) if digit else EXTRA, _column(symbol)] += 1
    return matrix


def symbols(glyphs: Sequence[StoredGlyph]) -> str:
    """What the classifier took each glyph for, a symbol a glyph; blank cells are left out.

    This is before the rules of the template: the value of the field may differ.
    """
    return "".join(_symbol(glyph) for glyph in glyphs if glyph.content is not CellContent.BLANK)


def _symbol(glyph: StoredGlyph) -> str:
    likeliest = int(glyph.probabilities.argmax())
    return REJECTED if glyph.content is CellContent.OTHER or likeliest == NOT_A_DIGIT else str(likeliest)


# Costs in halves of an edit. Leaving a rejected glyph over is no error; that it costs something at all keeps it where a
# digit would otherwise be missed.
_MISS, _OVER, _OVER_REJECTED = 2, 2, 1


def _replace(digit: str, symbol: str) -> int:
    return 0 if digit == symbol else 2


def _leave_over(symbol: str) -> int:
    return _OVER_REJECTED if symbol == REJECTED else _OVER


def _costs(truth: list[str], glyphs: list[str]) -> list[list[int]]:
    """(len(truth) + 1, len(glyphs) + 1): the least cost of pairing the first so many of each."""
    cost = [[0]]
    for symbol in glyphs:
        cost[0].append(cost[0][-1] + _leave_over(symbol))
    for row, digit in enumerate(truth, start=1):
        cost.append([row * _MISS])
        for column, symbol in enumerate(glyphs, start=1):
            cost[row].append(
                min(
                    cost[row - 1][column - 1] + _replace(digit, symbol),
                    cost[row - 1][column] + _MISS,
                    cost[row][column - 1] + _leave_over(symbol),
                )
            )
    return cost


def _column(symbol: str) -> int:
    return MISSED if not symbol else NOT_A_DIGIT if symbol == REJECTED else int(symbol)
