"""Whether what passes has become worse than promised: a test over time of audited fields. Pure functions on arrays."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: While no more than promised is wrong, a false alarm comes after so many audited fields on average, or later.
BETWEEN_FALSE_ALARMS = 2000.0

#: How many times the allowed share may suddenly be wrong: the test looks for each of these.
TIMES_WORSE = (2.0, 5.0, 20.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """An alarm: at which audited field, counted from 0, and how many were wrong of those since it began."""

    at: int
    wrong: int
    audited: int


def find_drift(wrong: NDArray[np.bool_], *, allowed: float) -> Drift | None:
    """The first alarm among audited fields, if there is one.

    A CUSUM of bets that more than the allowed share is wrong: capital never falls below 1, and gives an alarm where it
    reaches `BETWEEN_FALSE_ALARMS`, shared among `TIMES_WORSE`. The average time between false alarms then is no
    shorter (G. Lorden, "Procedures for reacting to a change in distribution", Annals of Mathematical Statistics 42,
    1971; J. Shin, A. Ramdas and A. Rinaldo, "E-detectors: a nonparametric framework for sequential change detection",
    New England Journal of Statistics in Data Science 2, 2024).

    Parameters
    ----------
    wrong
        (n,) whether each audited field that had passed is wrong, in the order in which they were read. Each was drawn
        at random from what passed then, so that labels need no weights.
    allowed
        The share that is allowed, in (0, 1).
    """
    alarm = math.log(BETWEEN_FALSE_ALARMS * len(TIMES_WORSE))
    first: Drift | None = None
    for times in TIMES_WORSE:
        expected = min(0.5 * (1 + allowed), times * allowed)
        gain, loss = math.log(expected / allowed), math.log((1 - expected) / (1 - allowed))
        path = np.cumsum(np.where(wrong, gain, loss))
        lowest = np.minimum.accumulate(np.concatenate([[0.0], path]))[:-1]
        (reached,) = np.nonzero(path - lowest >= alarm)
        if len(reached) and (first is None or reached[0] < first.at):
            at = int(reached[0])
            since = int(np.argmin(np.concatenate([[0.0], path[:at]])))
            first = Drift(at=at, wrong=int(wrong[since : at + 1].sum()), audited=at + 1 - since)
    return first
