"""How far a share measured on a few examples can be trusted. The one place with these formulas."""

import math

import numpy as np
from numpy.typing import NDArray

#: Standard normal quantile of a two-sided 95 % interval.
Z_95 = 1.959963984540054


def wilson(right: int, total: int, *, z: float = Z_95) -> tuple[float, float]:
    """Return the Wilson score interval of a share.

    Unlike the textbook interval it stays inside [0, 1] and means something at 0 of 5 and 5 of 5 (Wilson, "Probable
    inference, the law of succession, and statistical inference", 1927; Brown, Cai and DasGupta, "Interval estimation
    for a binomial proportion", 2001).

    Parameters
    ----------
    right, total
        right of total examples, 0 <= right <= total.
    z
        Normal quantile of the wanted coverage; the default covers 95 %.

    Returns
    -------
    tuple
        Low and high end, in [0, 1]; (0, 1) where total is 0: nothing is known.

    Raises
    ------
    ValueError
        right is negative or more than total.

    Examples
    --------
    >>> "{:.4f} {:.4f}".format(*wilson(9975, 10000))
    '0.9963 0.9983'
    """
    if not 0 <= right <= total:
        raise ValueError(f"{right} of {total} is not a share")
    if total == 0:
        return 0.0, 1.0
    share, square = right / total, z * z
    middle = (share + square / (2 * total)) / (1 + square / total)
    reach = z / (1 + square / total) * math.sqrt(share * (1 - share) / total + square / (4 * total * total))
    # At the ends the formula gives 0 and 1 exactly, but floating point need not.
    return (0.0 if right == 0 else middle - reach), (1.0 if right == total else middle + reach)


def wilson_bounds(
    shares: NDArray[np.float64], sizes: NDArray[np.float64], *, z: float = Z_95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Low and high ends of the Wilson interval of many shares, of any shape, in [0, 1].

    sizes are how many examples each is worth, which need not be whole: of unequal weights, their effective number
    (Kish, "Survey sampling", 1965). Where that is 0 the interval is (0, 1).
    """
    known = sizes > 0
    count, share = np.where(known, sizes, 1.0), np.clip(np.where(known, shares, 0.5), 0.0, 1.0)
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z / (1 + z * z / count) * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    low = np.where(share <= 0, 0.0, np.maximum(middle - reach, 0.0))
    high = np.where(share >= 1, 1.0, np.minimum(middle + reach, 1.0))
    return np.where(known, low, 0.0), np.where(known, high, 1.0)
