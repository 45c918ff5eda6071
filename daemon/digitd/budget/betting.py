"""Whether a share of errors is below what is allowed, by betting on it; holds at every look. Pure functions on arrays.

Who bets against "more than the allowed share of what passes is wrong" cannot expect to win if that is true: his capital
is then a supermartingale, and by Ville's inequality it ever reaches 1 / d with a probability of at most d, however
often one looks and whenever one stops. Labels with unequal probabilities are weighed by their inverse (I. Waudby-Smith
and A. Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86, 2024; Z. Xu, N. Karampatziakis and
P. Mineiro, "Active, anytime-valid risk controlling prediction sets", NeurIPS 2024).
"""

import numpy as np
from numpy.typing import NDArray

#: Shares of the largest bet that cannot lose everything, and the capital begun with on each. The large bet wins soonest
#: where hardly anything is wrong; the small ones outlive errors.
BETS = (0.2, 0.5, 0.9)
CAPITAL = (0.15, 0.25, 0.6)


def log_factors(wrong: NDArray[np.bool_], weight: NDArray[np.float64], *, allowed: float) -> NDArray[np.float64]:
    """By what each label multiplies the capital of each of `BETS`, as logarithms.

    For a field that passes with its threshold, W says whether it is wrong, and it is keyed with probability p: where
    more than the allowed share a is wrong, (W - a) / p of those keyed is on average above 0. So capital multiplied by
    1 - f w (W - a) / (1 - a) grows for nobody, with f of BETS and w = m / p, where m is not larger than p could be and
    is known before the field is read.

    Parameters
    ----------
    wrong
        (n,) whether each label says that the machine is wrong.
    weight
        (n,) w, in [0, 1]: how much is bet on it, beside others.
    allowed
        The share a that is allowed, in (0, 1).

    Returns
    -------
    ndarray
        (len(BETS), n) float64.
    """
    loss = weight * (wrong - allowed) / (1 - allowed)
    return np.log1p(-np.array(BETS)[:, None] * loss)


def log_capital(factors: NDArray[np.float64]) -> tuple[float, float]:
    """The largest capital there ever was, and the last, where one begins with 1; as logarithms.

    Parameters
    ----------
    factors
        (len(BETS), n) of `log_factors`, in the order in which the fields were read.

    Returns
    -------
    tuple
        The largest, or a little less, and the last. The first is above log(1 / d) with a probability of at most d, if
        more than the allowed share is wrong.

    Examples
    --------
    >>> best, last = log_capital(log_factors(np.zeros(600, bool), np.ones(600), allowed=0.01))
    >>> "{:.1f} {:.1f}".format(best, last)  # 0.05 is reached with log(1 / 0.05) = 3.0
    '5.0 5.0'
    """
    if not factors.shape[1]:
        return 0.0, 0.0
    paths = np.cumsum(factors, axis=1)
    looked_at = [*paths.argmax(axis=1), -1]  # where one bet is at its best all together nearly are
    together = np.logaddexp.reduce(paths[:, looked_at] + np.log(np.array(CAPITAL))[:, None], axis=0)
    return max(0.0, float(together.max())), float(together[-1])


def growth(wrong_share: float, *, allowed: float) -> float:
    """The logarithm by which capital grows with each label, at the best of BETS; 0 where it does not grow.

    wrong_share is the share of errors to be expected, [0, 1].
    """
    each = [wrong_share * np.log1p(-bet) + (1 - wrong_share) * np.log1p(bet * allowed / (1 - allowed)) for bet in BETS]
    return max(0.0, float(max(each)))
