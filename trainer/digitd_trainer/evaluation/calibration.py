"""Whether a model means what its probabilities say: expected calibration error and reliability, with exact intervals.

Pure functions on arrays. A confidence is the probability of the likeliest class, right where that class is the label.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Bins of the expected calibration error.
BINS = 15

#: Above this nearly everything lies, so it is looked at alone; and what "about 99 %" means.
SURE, ABOUT_99 = 0.99, (0.985, 0.995)

Confidences = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Glyphs whose confidence is from low to high: how many, how many right, their mean confidence (0 where none)."""

    low: float
    high: float
    examples: int
    right: int
    confidence: float

    @property
    def accuracy(self) -> float:
        return self.right / self.examples if self.examples else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The exact 95 % interval of the share right."""
        return clopper_pearson(self.right, self.examples)

    def as_json(self) -> dict[str, Any]:
        return {
            "from": self.low,
            "to": self.high,
            "examples": self.examples,
            "right": self.right,
            "accuracy": self.accuracy if self.examples else None,
            "interval": list(self.interval),
            "mean_confidence": self.confidence if self.examples else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How well confidences fit. bins are of equal width, the last one parted at SURE; both errors are in [0, 1]."""

    examples: int
    equal_width: float
    equal_mass: float
    bins: Sequence[Bin]
    sure: Bin
    about_99: Bin

    def as_json(self) -> dict[str, Any]:
        return {
            "examples": self.examples,
            "ece_equal_width": self.equal_width,
            "ece_equal_mass": self.equal_mass,
            "bins_of_ece": BINS,
            "at_least_0.99": self.sure.as_json(),
            "about_0.99": self.about_99.as_json(),
            "reliability": [each.as_json() for each in self.bins],
        }


def calibration(confidence: Confidences, right: NDArray[np.bool_]) -> Calibration:
    """The calibration of confidences, (N,) in [0, 1], of which right, (N,), says whether each was."""
    edges = np.linspace(0, 1, BINS + 1)
    parted = [*edges[:-1], SURE, edges[-1]]
    return Calibration(
        examples=len(confidence),
        equal_width=expected_error(confidence, right, groups=_by_width(confidence, edges)),
        equal_mass=expected_error(
            confidence, right, groups=np.array_split(np.argsort(confidence, kind="stable"), BINS)
        ),
        bins=[_bin(confidence, right, low, high) for low, high in pairwise(parted)],
        sure=_bin(confidence, right, SURE, 1.0),
        about_99=_bin(confidence, right, *ABOUT_99),
    )


def expected_error(confidence: Confidences, right: NDArray[np.bool_], *, groups: Sequence[NDArray[np.intp]]) -> float:
    """The expected calibration error over groups of indices: the mean gap of confidence and accuracy, by size.

    Naeini et al., "Obtaining well calibrated probabilities using Bayesian binning", 2015. With groups of equal width it
    is the figure most papers give; with groups of equal mass every group counts alike, which is less kind to a model
    that says 1.00 nearly always. 0 where there is nothing.
    """
    gaps = [len(g) * abs(float(confidence[g].mean()) - float(right[g].mean())) for g in groups if len(g)]
    return min(1.0, sum(gaps) / len(confidence)) if len(confidence) else 0.0


def clopper_pearson(right: int, total: int, *, level: float = 0.95) -> tuple[float, float]:
    """The exact interval of a share: it covers the truth with at least this probability, however few are wrong.

    Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial", 1934.

    Parameters
    ----------
    right, total
        right of total examples, 0 <= right <= total.
    level
        The wanted coverage.

    Returns
    -------
    tuple
        Low and high end, in [0, 1]; (0, 1) where total is 0.

    Examples
    --------
    >>> "{:.4f} {:.4f}".format(*clopper_pearson(990, 1000))
    '0.9817 0.9952'
    """
    from scipy.special import betaincinv  # type: ignore[import-untyped]  # it comes with scikit-learn

    tail = (1 - level) / 2
    low = float(betaincinv(right, total - right + 1, tail)) if right else 0.0
    high = float(betaincinv(right + 1, total - right, 1 - tail)) if right < total else 1.0
    return low, high


def _by_width(confidence: Confidences, edges: NDArray[np.float64]) -> list[NDArray[np.intp]]:
    places = np.clip(np.digitize(confidence, edges[1:-1]), 0, BINS - 1)
    return [np.flatnonzero(places == place) for place in range(BINS)]


def _bin(confidence: Confidences, right: NDArray[np.bool_], low: float, high: float) -> Bin:
    """Those from low to below high; at 1.0 the end counts too."""
    inside = (confidence >= low) & ((confidence < high) | (high >= 1.0))
    return Bin(
        low=float(low),
        high=float(high),
        examples=int(inside.sum()),
        right=int(right[inside].sum()),
        confidence=float(confidence[inside].mean(dtype=np.float64)) if inside.any() else 0.0,
    )
