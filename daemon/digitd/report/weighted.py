"""What is estimated of all that was read, from the labelled fields that stand for it. No files, no SQL, no words."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.report.alignment import EXTRA, SAID, TRUTH
from digitd.report.estimates import Estimate, bounds, stratified, sums
from digitd.report.sample import PASSED, REVIEW, STRATA, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighted:
    """What is estimated of all that was read, but for what was left blank; None where it cannot be.

    fields and digits are the shares read right; unseen the share wrong of the fields that passed, and so went on
    unseen. matrix is (11, 12), how often each pair is estimated to stand in what was read; rates are the shares of its
    rows, low and high their ends, NaN where nothing can be said of a row. recall and precision are by digit.
    """

    fields: Estimate | None
    unseen: Estimate | None
    digits: Estimate | None
    matrix: NDArray[np.float64]
    rates: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    recall: tuple[Estimate | None, ...]
    precision: tuple[Estimate | None, ...]

    def rate(self, row: int, column: int) -> Estimate | None:
        """The share of a row that is in a column; None where nothing can be said of the row."""
        share, low, high = (float(each[row, column]) for each in (self.rates, self.low, self.high))
        return None if math.isnan(share) else Estimate(value=share, low=low, high=high)


def weighted_figures(found: Sample) -> Weighted:
    """What is estimated of all that was read, from the fields that stand for it."""
    kept = found.weighed
    strata, weights = found.strata[kept], found.weights[kept]
    right, ones = found.right[kept].astype(float), np.ones(int(kept.sum()))
    by_field = sums(weights, right, ones, strata=strata, of=len(STRATA))
    sizes = np.array([found.sizes], float)
    passed_only = np.where(np.arange(len(STRATA)) == PASSED, sizes, 0.0)
    (passed,) = stratified(by_field, passed_only)
    matrix, rates, low, high, row_known = _rates(found)
    return Weighted(
        fields=stratified(by_field, sizes)[0],
        unseen=None if passed is None else Estimate(value=1 - passed.value, low=1 - passed.high, high=1 - passed.low),
        digits=_digits_right(found),
        matrix=matrix,
        rates=np.where(row_known, rates, np.nan),
        low=np.where(row_known, low, np.nan),
        high=np.where(row_known, high, np.nan),
        recall=tuple(_at(rates, low, high, row_known, digit) for digit in range(10)),
        precision=_precision(found),
    )


def _at(
    rates: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    known: NDArray[np.bool_],
    digit: int,
) -> Estimate | None:
    if not known[digit, digit]:
        return None
    return Estimate(value=float(rates[digit, digit]), low=float(low[digit, digit]), high=float(high[digit, digit]))


def scaled(found: Sample) -> NDArray[np.float64]:
    """The weights, made to add up to what was read of each stratum."""
    scaled = found.weights.copy()
    for stratum, size in enumerate(found.sizes):
        inside = found.strata == stratum
        total = found.weights[inside].sum()
        scaled[inside] *= size / total if total else 0.0
    return scaled


def _digits_right(found: Sample) -> Estimate | None:
    """The share of all digits that were read right; digits of a field are counted together, as they are drawn."""
    chosen = found.digits.chosen(found.weighed[found.digits.fields])
    there = chosen.truth != EXTRA
    total = np.bincount(chosen.fields[there], minlength=len(found.fields)).astype(float)
    right = np.bincount(chosen.fields[there & ~chosen.wrong], minlength=len(found.fields)).astype(float)
    kept = found.weighed & (total > 0)
    by_field = sums(scaled(found)[kept], right[kept], total[kept], strata=found.strata[kept], of=len(STRATA))
    empty = np.array([[size and not there for size, there in zip(found.sizes, by_field.total[0], strict=True)]])
    return None if empty.any() else stratified(by_field)[0]


def _rates(found: Sample) -> tuple[NDArray[Any], ...]:
    """Weighted counts (11, 12), the shares of their rows with both ends, and (11, 12) whether a row is known."""
    by_stratum, squares = _by_stratum(found)
    rows = by_stratum.sum(axis=1)  # (11, 2)
    worth = rows**2 / np.where(squares.sum(axis=1) > 0, squares.sum(axis=1), 1.0)
    shares = by_stratum / np.where(rows > 0, rows, 1.0)[:, None, :]
    share, low, high, known = bounds(
        shares, np.broadcast_to(worth[:, None, :], shares.shape), np.broadcast_to(rows[:, None, :], shares.shape)
    )
    known &= _all_strata_seen(found, worth)[:, None]
    return by_stratum.sum(axis=2), share, low, high, known


def _precision(found: Sample) -> tuple[Estimate | None, ...]:
    by_stratum, squares = _by_stratum(found)
    columns, square = by_stratum.sum(axis=0)[:10], squares.sum(axis=0)[:10]  # (10, 2)
    worth = columns**2 / np.where(square > 0, square, 1.0)
    right = by_stratum[np.arange(10), np.arange(10)]
    share, low, high, known = bounds(right / np.where(columns > 0, columns, 1.0), worth, columns)
    known &= _all_strata_seen(found, worth)
    return tuple(
        Estimate(value=float(share[at]), low=float(low[at]), high=float(high[at])) if known[at] else None
        for at in range(10)
    )


def _by_stratum(found: Sample) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(11, 12, 2): the weights of pairs by stratum, and the squares of them."""
    digits = found.digits.chosen(found.weighed[found.digits.fields])
    weights, strata = scaled(found)[digits.fields], found.strata[digits.fields]
    each = [
        (matrix_of(digits.truth[inside], digits.said[inside], weights[inside] ** power))
        for power in (1, 2)
        for inside in (strata == REVIEW, strata == PASSED)
    ]
    return np.stack(each[:2], axis=2), np.stack(each[2:], axis=2)


def _all_strata_seen(found: Sample, worth: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether every stratum that was read has an example in each of (N, 2) effective numbers."""
    unseen: NDArray[np.bool_] = (np.array(found.sizes) > 0) & (worth <= 0)
    return np.logical_not(unseen.any(axis=1))


def matrix_of(
    truth: NDArray[np.int8], said: NDArray[np.int8], weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """(11, 12): what each pair weighs together."""
    places = truth.astype(np.intp) * len(SAID) + said
    return np.bincount(places, weights, minlength=len(TRUTH) * len(SAID)).reshape(len(TRUTH), len(SAID)).astype(float)
