"""What is no digit, and how much of it passes for one where nearly every true digit passes.

Strangers are drawn by the trainer, with digits that were not learnt from: the kinds it learnt, other examples. Printed
letters are of a kind it never drew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd_trainer.augment.distort import CANVAS_SIDE, bend
from digitd_trainer.augment.strangers import stranger
from digitd_trainer.evaluation.calibration import clopper_pearson

#: Share of the true digits that must pass at the working threshold.
KEPT = 0.995

#: How many are drawn of each kind.
STRANGERS, PRINTED = 5000, 1000

#: Letters that no digit looks like, to a person: not B D G I J O Q S U Y Z, nor C, which may be an open 0.
LETTERS = "AEFHKLMNPRTVWXkmnvwx"

#: OpenCV's fonts of strokes, all but the slanted ones, which `bend` gives anyway.
FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """So many of a set of what is no digit that pass for one."""

    name: str
    examples: int
    taken: int

    @property
    def share(self) -> float:
        return self.taken / self.examples if self.examples else 0.0

    def as_json(self) -> dict[str, Any]:
        interval = list(clopper_pearson(self.taken, self.examples))
        return {
            "set": self.name,
            "examples": self.examples,
            "taken": self.taken,
            "share": self.share,
            "interval": interval,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Junk:
    """What passes for a digit at the threshold where KEPT of the digits called of pass."""

    of: str
    threshold: float
    sets: Sequence[Taken]

    def as_json(self) -> dict[str, Any]:
        return {
            "digits": self.of,
            "kept": KEPT,
            "threshold": self.threshold,
            "taken_for_a_digit": [each.as_json() for each in self.sets],
        }


def threshold_keeping(confidence: NDArray[np.float32], share: float = KEPT) -> float:
    """The highest threshold that at least share of confidence, (N,), reaches; 0 of nothing."""
    if len(confidence) == 0:
        return 0.0
    lost = int(np.floor((1 - share) * len(confidence) + 1e-9))
    return float(np.sort(confidence)[lost])


def taken(name: str, confidence: NDArray[np.float32], *, threshold: float) -> Taken:
    """How many of confidence, (N,), the likeliest digit's probability for what is no digit, reach threshold."""
    return Taken(name=name, examples=len(confidence), taken=int((confidence >= threshold).sum()))


def strangers(digits: NDArray[np.uint8], labels: NDArray[np.uint8], *, count: int, seed: int) -> NDArray[np.uint8]:
    """(count, 64, 64) uint8 of the trainer's strangers, some made of parts of digits, (N, h, w) light on black."""
    rng = np.random.default_rng(seed)
    return np.stack([stranger(digits, labels, rng) for _ in range(count)])


def printed_letters(*, count: int, seed: int) -> NDArray[np.uint8]:
    """(count, 64, 64) uint8 of LETTERS in print, light on black, a little bent."""
    rng = np.random.default_rng(seed)
    return np.stack([_printed(rng) for _ in range(count)])


def _printed(rng: np.random.Generator) -> NDArray[np.uint8]:
    canvas = np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.uint8)
    letter, font = str(rng.choice(list(LETTERS))), int(rng.choice(FONTS))
    pen = int(rng.integers(2, 5))
    (width, height), _ = cv2.getTextSize(letter, font, 1.4, pen)
    at = ((CANVAS_SIDE - width) // 2, (CANVAS_SIDE + height) // 2)
    cv2.putText(canvas, letter, at, font, 1.4, 255, pen, cv2.LINE_AA)
    return bend(canvas, rng, strength=0.4)
