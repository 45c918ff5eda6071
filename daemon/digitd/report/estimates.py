"""Shares estimated from fields that were chosen with unequal probabilities, with intervals. Pure functions on arrays.

Fields in review are keyed because they are doubtful, those that passed only where they were drawn. A share of the
labels describes neither; each stratum by itself is a fair sample, and their shares are put together by their sizes.
Within a stratum a field counts by the inverse of the probability with which it was drawn (Horvitz and Thompson, "A
generalization of sampling without replacement from a finite universe", 1952), divided by the sum of these (Hajek,
1971), since how many fields there are is known.

An interval is Wilson's of each stratum, put together by the method of variance estimates recovery (Zou and Donner,
"Construction of confidence limits about effect measures", 2008; for strata Yan and Su, "Stratified Wilson and Newcombe
confidence intervals for multiple binomial proportions", 2010): it stays in [0, 1] and means something where no error
was found, which intervals of sums over all the labels do not. It covers the share of errors that the service makes on
such fields.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.report.intervals import wilson, wilson_bounds

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many right of so many; low and high are its 95 % interval."""

    right: int
    total: int

    @property
    def value(self) -> float | None:
        """In [0, 1]; None where nothing was counted."""
        return self.right / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.right, self.total)

    def as_json(self) -> dict[str, Any]:
        low, high = self.interval
        return {"right": self.right, "total": self.total, "share": self.value, "low": low, "high": high}


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A share in [0, 1] of all that was read, with its 95 % interval."""

    value: float
    low: float
    high: float

    def as_json(self) -> dict[str, Any]:
        return {"share": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What is needed of the fields of each group and stratum, arrays of one shape whose last axis is the stratum.

    Of a field with weight w, y counts what is right of x that are counted: total is the sum of w x, right of w y; the
    others are the sums of w**2 x, w**2 x x, w**2 x y and w**2 y y, from which follows how much the share varies.
    """

    total: Numbers
    right: Numbers
    x: Numbers
    xx: Numbers
    xy: Numbers
    yy: Numbers

    @property
    def share(self) -> Numbers:
        """Of each stratum; 0 where nothing is known."""
        return self.right / np.where(self.total > 0, self.total, 1.0)

    @property
    def effective(self) -> Numbers:
        """How many independent examples each stratum's share is worth.

        By the weights alone where no error was found, else no more than by what the share is seen to vary from field to
        field: digits of one field are often wrong together.
        """
        by_weight = self.total**2 / np.where(self.x > 0, self.x, 1.0)
        share = self.share
        variance = (self.yy - 2 * share * self.xy + share**2 * self.xx) / np.where(self.total > 0, self.total, 1.0) ** 2
        spread = share * (1 - share)
        seen = np.where((variance > 1e-15) & (spread > 0), spread / np.maximum(variance, 1e-15), np.inf)
        return np.where(self.total > 0, np.minimum(by_weight, seen), 0.0)


def sums(
    weights: Numbers, right: Numbers, total: Numbers, *, strata: NDArray[np.intp], of: int,
    groups: NDArray[np.intp] | None = None, group_count: int = 1,
) -> Sums:  # fmt: skip
    """Sum up fields by group and stratum.

    Parameters
    ----------
    weights, right, total
        (F,) float64: each field's weight, and how many of its total things are right.
    strata, of
        (F,) the stratum of each, below of.
    groups, group_count
        (F,) the group of each, below group_count; all are of one group where it is not given.

    Returns
    -------
    Sums
        Arrays (group_count, of).
    """
    places = strata if groups is None else groups * of + strata

    def summed(values: Numbers) -> Numbers:
        return np.bincount(places, values, minlength=group_count * of).reshape(group_count, of).astype(np.float64)

    square = weights * weights
    return Sums(
        total=summed(weights * total),
        right=summed(weights * right),
        x=summed(square * total),
        xx=summed(square * total * total),
        xy=summed(square * total * right),
        yy=summed(square * right * right),
    )


def stratified(found: Sums, sizes: Numbers | None = None) -> list[Estimate | None]:
    """The share of each group, by the sizes of its strata.

    Parameters
    ----------
    found
        Sums of (G, H) arrays.
    sizes
        (G, H) how large each stratum is; without, as large as the weights say.

    Returns
    -------
    list
        G estimates; None where a stratum with something in it has no example: then nothing is known of the whole.
    """
    values, low, high, known = bounds(found.share, found.effective, found.total if sizes is None else sizes)
    return [
        Estimate(value=float(v), low=float(a), high=float(b)) if ok else None
        for v, a, b, ok in zip(values, low, high, known, strict=True)
    ]


def bounds(shares: Numbers, effective: Numbers, sizes: Numbers) -> tuple[Numbers, Numbers, Numbers, NDArray[np.bool_]]:
    """Put strata, the last axis of every array, together: the share, its ends, and whether anything is known.

    Ends are the share's minus and plus the root of the summed squares of what each stratum's Wilson interval reaches.
    """
    whole = sizes.sum(axis=-1)
    known = (whole > 0) & ~((sizes > 0) & (effective <= 0)).any(axis=-1)
    part = sizes / np.where(whole > 0, whole, 1.0)[..., None]
    share = (part * shares).sum(axis=-1)
    low, high = wilson_bounds(shares, effective)
    down = np.sqrt((part**2 * (shares - low) ** 2).sum(axis=-1))
    up = np.sqrt((part**2 * (high - shares) ** 2).sum(axis=-1))
    return share, np.clip(share - down, 0, 1), np.clip(share + up, 0, 1), known


def difference(one: Estimate, other: Estimate) -> tuple[float, float, float]:
    """One minus other, and the ends of its 95 % interval (Newcombe, "Interval estimation for the difference", 1998)."""
    gap = one.value - other.value
    down = np.hypot(one.value - one.low, other.high - other.value)
    up = np.hypot(one.high - one.value, other.value - other.low)
    return gap, float(max(-1.0, gap - down)), float(min(1.0, gap + up))


def estimate_of(share: Share) -> Estimate | None:
    """A share of a simple random sample as an estimate; None where nothing was counted."""
    low, high = share.interval
    return None if share.value is None else Estimate(value=share.value, low=low, high=high)


def shares(right: Sequence[float] | Numbers, total: Sequence[float] | Numbers) -> list[Share]:
    """Counts as shares."""
    return [Share(right=int(r), total=int(t)) for r, t in zip(right, total, strict=True)]
