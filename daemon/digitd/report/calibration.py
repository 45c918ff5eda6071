"""Whether a confidence means what it says, and what passes at which confidence. Pure functions on arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.report.intervals import wilson_bounds

#: Bins of equal width that confidences fall into.
BINS = 10

#: Points of the curve of what passes: more cannot be told apart in a picture.
POINTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """What has a confidence from low to high: how many examples, their mean confidence, the share right, its ends."""

    low: float
    high: float
    examples: int
    confidence: float
    accuracy: float
    interval: tuple[float, float]

    def as_json(self) -> dict[str, Any]:
        return {
            "from": self.low,
            "to": self.high,
            "examples": self.examples,
            "mean_confidence": self.confidence,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How well confidences fit: the expected calibration error, in [0, 1], and the bins that hold something."""

    examples: int
    error: float
    bins: tuple[Bin, ...]

    def as_json(self) -> dict[str, Any]:
        return {"examples": self.examples, "ece": self.error, "bins": [each.as_json() for each in self.bins]}


def calibration(
    confidence: NDArray[np.floating[Any]], right: NDArray[np.bool_], weights: NDArray[np.float64]
) -> Calibration | None:
    """The calibration of N confidences in [0, 1] by `BINS` bins of equal width; None where N is 0.

    The error is the mean gap between mean confidence and accuracy, by the weight of the bins (Naeini et al.,
    "Obtaining well calibrated probabilities using Bayesian binning", 2015). Intervals are Wilson's, of as many examples
    as the weights are worth.
    """
    if not len(confidence):
        return None
    places = np.minimum((confidence * BINS).astype(np.intp), BINS - 1)

    def summed(values: NDArray[Any]) -> NDArray[np.float64]:
        return np.bincount(places, values, minlength=BINS).astype(np.float64)

    mass, square = summed(weights), summed(weights**2)
    safe = np.where(mass > 0, mass, 1.0)
    sure, accuracy = summed(weights * confidence) / safe, summed(weights * right) / safe
    low, high = wilson_bounds(accuracy, mass**2 / np.where(square > 0, square, 1.0))
    counts = np.bincount(places, minlength=BINS)
    bins = tuple(
        Bin(
            low=at / BINS,
            high=(at + 1) / BINS,
            examples=int(counts[at]),
            confidence=float(min(1.0, sure[at])),
            accuracy=float(accuracy[at]),
            interval=(float(low[at]), float(high[at])),
        )
        for at in range(BINS)
        if mass[at] > 0
    )
    return Calibration(
        examples=len(confidence), error=float((mass * np.abs(sure - accuracy)).sum() / mass.sum()), bins=bins
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """What passes where confidence alone decides: at a threshold, the share of all, and the share of that is wrong."""

    threshold: float
    passed: float
    wrong: float

    def as_json(self) -> dict[str, float]:
        return {"threshold": self.threshold, "passed": self.passed, "wrong": self.wrong}


def passing(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], weights: NDArray[np.float64]
) -> tuple[Passing, ...]:
    """The curve of risk against coverage (El-Yaniv and Wiener, "On the foundations of noise-free selective
    classification", 2010), from the highest threshold down, at most `POINTS` points of it.
    """
    order = np.argsort(-confidence, kind="stable")
    sure, mass = confidence[order], np.cumsum(weights[order])
    wrong = np.cumsum(weights[order] * ~right[order])
    ends = np.flatnonzero(np.append(sure[1:] != sure[:-1], True)) if len(sure) else np.zeros(0, np.intp)
    if len(ends) > POINTS:
        ends = ends[np.unique(np.linspace(0, len(ends) - 1, POINTS).astype(np.intp))]
    return tuple(
        Passing(threshold=float(sure[at]), passed=float(mass[at] / mass[-1]), wrong=float(wrong[at] / mass[at]))
        for at in ends
        if mass[at] > 0
    )
