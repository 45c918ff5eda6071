"""How right a model is on what it does not send to a person: accuracy against the share accepted. Pure functions.

A digit is accepted where the probability of the likeliest *digit* reaches a threshold, whatever *not a digit* gets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.records import NOT_A_DIGIT
from digitd.report.intervals import wilson

#: Thresholds of the table; 0.97 is the configuration's default.
THRESHOLDS = (0.0, 0.5, 0.9, 0.95, 0.97, 0.99, 0.995)

#: Shares of wrong digits among the accepted ones that an operator may allow.
BUDGETS = (0.01, 0.005)

#: Points of a drawn curve; more cannot be seen.
DRAWN_POINTS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """At a threshold in [0, 1]: so many of examples accepted, and so many of those right."""

    threshold: float
    examples: int
    accepted: int
    right: int

    @property
    def share(self) -> float:
        return self.accepted / self.examples if self.examples else 0.0

    @property
    def accuracy(self) -> float | None:
        return self.right / self.accepted if self.accepted else None

    def as_json(self) -> dict[str, Any]:
        return {
            "threshold": self.threshold,
            "accepted": self.accepted,
            "share": self.share,
            "right": self.right,
            "accuracy": self.accuracy,
            "interval": list(wilson(self.right, self.accepted)),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A table of thresholds, what passes within each budget, and the curve: shares accepted and errors, (P,) each."""

    table: Sequence[Point]
    within: Sequence[tuple[float, Point]]
    shares: Sequence[float]
    errors: Sequence[float]

    def as_json(self) -> dict[str, Any]:
        return {
            "thresholds": [point.as_json() for point in self.table],
            "within_error": [{"error": budget, **point.as_json()} for budget, point in self.within],
        }


def best_digit(probabilities: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The likeliest digit of each row, (N, 11), and its probability."""
    digits = probabilities[:, :NOT_A_DIGIT]
    return digits.argmax(axis=1), digits.max(axis=1, initial=0.0)


def rejection(confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> Rejection:
    """What passes, and how right it is, by confidence of the likeliest digit, (N,); right is (N,) too."""
    order = np.argsort(-confidence, kind="stable")
    falling, rights = confidence[order], np.cumsum(right[order])
    # A threshold parts only what differs: of equal confidences the last stands for all.
    last = np.flatnonzero(np.append(falling[1:] != falling[:-1], True)) if len(falling) else np.zeros(0, np.intp)
    errors = 1 - rights[last] / (last + 1)
    drawn = last[np.unique(np.linspace(0, len(last) - 1, DRAWN_POINTS).astype(int))] if len(last) else last
    return Rejection(
        table=[at(confidence, right, threshold) for threshold in THRESHOLDS],
        within=[(budget, _most(falling, right, last[errors <= budget], confidence)) for budget in BUDGETS],
        shares=[float(place + 1) / len(falling) for place in drawn],
        errors=[float(1 - rights[place] / (place + 1)) for place in drawn],
    )


def at(confidence: NDArray[np.float32], right: NDArray[np.bool_], threshold: float) -> Point:
    """What passes at a threshold."""
    accepted = confidence >= threshold
    return Point(
        threshold=threshold,
        examples=len(confidence),
        accepted=int(accepted.sum()),
        right=int((accepted & right).sum()),
    )


def _most(
    falling: NDArray[np.float32], right: NDArray[np.bool_], places: NDArray[np.intp], confidence: NDArray[np.float32]
) -> Point:
    """The lowest threshold among places; nothing passes where there is none."""
    if len(places) == 0:
        return Point(threshold=1.0, examples=len(confidence), accepted=0, right=0)
    return at(confidence, right, float(falling[places[-1]]))
