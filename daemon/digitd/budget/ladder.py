"""Which threshold keeps a promise: all of them tested, in an order fixed beforehand. Pure functions on arrays."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitd.budget.betting import log_capital, log_factors
from digitd.budget.promise import THRESHOLDS, Outcomes, Promise

#: The first so many fields of a group only tell where its confidences lie; nothing is bet on them.
PILOTS = 60

#: Where the tests begin: at the thresholds that these shares of the pilots pass, each with its part of what may fail.
#: One beginning alone would be stuck where too many of the less sure are wrong, or wait long where few are that sure.
STARTS = {0.25: 0.2, 0.5: 0.4, 0.7: 0.2, 0.85: 0.2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is known of a threshold.

    labels counts those of fields at or above it, wrong_share is the share of them that is wrong, weighed, None without
    labels. It is proved that the promise holds at it where best, the logarithm of the largest capital, reaches needed,
    which is infinite where its turn has not come; last is the capital now, of what is known. begins is its part of
    what may fail if it is a start, else 0. doubt is the share wrong that the model itself expects, None without fields.
    """

    threshold: float
    labels: int
    wrong: int
    wrong_share: float | None
    best: float
    last: float
    needed: float
    begins: float
    doubt: float | None

    @property
    def proved(self) -> bool:
        return self.best >= self.needed


def climb(outcomes: Outcomes, surely: NDArray[np.float64], promise: Promise) -> tuple[Step, ...]:
    """Test every threshold, strictest first; with confidence no threshold is proved at which the promise is broken.

    It is Learn then Test with fixed-sequence testing from several starts: a threshold that is proved hands its part of
    what may fail to the next looser one, which adds its own if it is a start. Starts follow from the confidences of
    the pilots, which is to say, not from anything that is bet on (A. N. Angelopoulos, S. Bates, E. J.
    Candes, M. I. Jordan and L. Lei, "Learn then Test: calibrating predictive algorithms to achieve risk control",
    Annals of Applied Statistics 19, 2025, section 2.3; B. L. Wiens, "A fixed sequence Bonferroni procedure for testing
    multiple endpoints", Pharmaceutical Statistics 2, 2003). A p-value is one over the largest capital of a bet.

    Parameters
    ----------
    outcomes
        What people say of n fields, in the order in which they were read.
    surely
        (n,) what the probability to be keyed was at least, for any field read then; (0, 1].
    promise
        What is to hold.
    """
    steps, carried = [], 0.0
    some_wait = not outcomes.known.all()
    begins = starts(outcomes.confidence[:PILOTS])
    weight = np.minimum(1.0, surely / outcomes.probability)
    factors = log_factors(outcomes.wrong, weight, allowed=promise.wrong_fields)[:, PILOTS:]
    for threshold in THRESHOLDS:
        level = carried + begins.get(threshold, 0.0) * (1 - promise.confidence)
        chosen = outcomes.confidence >= threshold
        best, last = log_capital(factors[:, chosen[PILOTS:]])
        if some_wait:
            _, last = log_capital(factors[:, (chosen & outcomes.known)[PILOTS:]])
        step = Step(
            threshold=threshold,
            labels=int(outcomes.known[chosen].sum()),
            wrong=int((outcomes.wrong & outcomes.known & chosen).sum()),
            wrong_share=_weighed(outcomes.where(chosen & outcomes.known)),
            best=best,
            last=last,
            needed=-math.log(level) if level > 0 else math.inf,
            begins=begins.get(threshold, 0.0),
            doubt=float(1 - outcomes.confidence[chosen].mean()) if chosen.any() else None,
        )
        steps.append(step)
        carried = level if step.proved else 0.0
    return tuple(steps)


def starts(pilots: NDArray[np.float64]) -> dict[float, float]:
    """Where tests begin, with their parts of what may fail, which add up to 1; nowhere, while there are few pilots.

    pilots are confidences (n,), of which nobody needs to know whether they are right.
    """
    found: dict[float, float] = {}
    for share, part in STARTS.items() if len(pilots) >= PILOTS else ():
        at = next(threshold for threshold in THRESHOLDS if (pilots >= threshold).mean() >= share)
        found[at] = found.get(at, 0.0) + part
    return found


def loosest(steps: tuple[Step, ...]) -> float | None:
    """The loosest threshold that is proved to keep the promise; None where none is, so that nothing may pass."""
    return min((step.threshold for step in steps if step.proved), default=None)


def _weighed(known: Outcomes) -> float | None:
    """The share of what is wrong, each label weighed by its probability (Horvitz and Thompson, 1952, as a ratio)."""
    weights = 1 / known.probability
    return float((weights * known.wrong).sum() / weights.sum()) if len(known) else None
