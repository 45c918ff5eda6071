"""A confusion matrix as it is shown: what is in its cells, how dark they are, and what is said on pointing at them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitd.report.alignment import NOTHING_THERE, SAID, TRUTH
from digitd.report.weighted import Weighted


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: text is "" where there is nothing; strength, in [0, 1], is how dark it is; more is said on pointing."""

    text: str
    strength: float
    right: bool
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """A table of cells, rows `TRUTH` and columns `SAID`; beside each row stands its share right and what it is of."""

    name: str
    caption: str
    cells: tuple[tuple[Cell, ...], ...]
    sides: tuple[str, ...]


def counted(matrix: NDArray[np.int64]) -> Matrix:
    """The matrix of labels, in counts."""
    totals = matrix.sum(axis=1)
    shares = matrix / np.where(totals > 0, totals, 1)[:, None]
    cells = tuple(
        tuple(
            _cell(row, column, _short(int(count)) if count else "", shares[row, column])
            for column, count in enumerate(line)
        )
        for row, line in enumerate(matrix)
    )
    return Matrix(
        name="confusion",
        caption="Digits of labels: what it is (rows), what the machine said (columns)",
        cells=cells,
        sides=tuple(
            f"{100 * _right(row, shares):.1f} % of {_short(int(total))}" if total else "none"
            for row, total in enumerate(totals)
        ),
    )


def estimated(weighted: Weighted) -> Matrix:
    """The matrix of all that was read, in per cent of each row."""
    known = ~np.isnan(weighted.rates)
    rates = np.where(known, weighted.rates, 0.0)
    totals = weighted.matrix.sum(axis=1)
    cells = tuple(
        tuple(
            _cell(
                row,
                column,
                _per_cent(rate) if weighted.matrix[row, column] > 0 and known[row, column] else "",
                rate,
                f"95 %: {100 * weighted.low[row, column]:.2f} to {100 * weighted.high[row, column]:.2f}"
                if known[row, column]
                else "nothing of this digit among what was drawn",
            )
            for column, rate in enumerate(line)
        )
        for row, line in enumerate(rates)
    )
    return Matrix(
        name="confusion-weighted",
        caption="Estimated of all that was read, in per cent of what it is (rows)",
        cells=cells,
        sides=tuple(
            f"of {_short(round(total))}" if known[row].any() else "unknown" if total else "none"
            for row, total in enumerate(totals)
        ),
    )


def _right(row: int, shares: NDArray[np.float64]) -> float:
    return float(shares[row, SAID.index(NOTHING_THERE[1]) if TRUTH[row] == NOTHING_THERE[0] else row])


def _cell(row: int, column: int, text: str, share: float, more: str = "") -> Cell:
    right = TRUTH[row] == SAID[column] or (TRUTH[row], SAID[column]) == NOTHING_THERE
    # Errors are rare, so that 1 in 10 is as dark as an error gets.
    strength = share**0.5 if right else min(1.0, (share * 10) ** 0.5)
    return Cell(text=text, strength=float(strength), right=right, more=more)


def _per_cent(rate: float) -> str:
    return f"{100 * rate:.0f}" if rate > 0.9995 else f"{100 * rate:.1f}" if rate >= 0.001 else f"{100 * rate:.2f}"


def _short(count: int) -> str:
    """Four characters or five.

    Examples
    --------
    >>> _short(9999), _short(97_920), _short(1_234_567)
    ('9999', '98k', '1.2M')
    """
    return str(count) if count < 10_000 else f"{count / 1000:.0f}k" if count < 1_000_000 else f"{count / 1e6:.1f}M"
