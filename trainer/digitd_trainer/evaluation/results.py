"""What a model is worth, as figures: each set in each way, sets together, what is no digit. No files, no pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.reading.classify import Classifier
from digitd.report.intervals import wilson
from digitd_trainer.evaluation import junk
from digitd_trainer.evaluation.calibration import Calibration, calibration
from digitd_trainer.evaluation.confusions import Confusion, confusion, worst
from digitd_trainer.evaluation.glyphs import Said, Way, read, to_glyphs
from digitd_trainer.evaluation.rejection import Rejection, best_digit, rejection
from digitd_trainer.evaluation.sets import Relation, Source

#: Sets that were never trained on, in the way pages are read, as if they were one.
TOGETHER = "never trained on, together"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """The figures of one set in one way, or of several together.

    matrix is (11, 11) int64, rows the label and columns what was said; the last is *not a digit*. learnt is the share
    of the set that was learnt from. blank counts glyphs without ink, which are never classified. calibration and
    rejection are None where nothing is a digit.
    """

    name: str
    way: Way | None
    relation: Relation
    learnt: float
    matrix: NDArray[np.int64]
    worst: Sequence[Confusion]
    blank: int
    calibration: Calibration | None
    rejection: Rejection | None
    naive: tuple[float, float] | None = None

    @property
    def examples(self) -> int:
        return int(self.matrix.sum())

    @property
    def right(self) -> int:
        return int(np.trace(self.matrix))

    @property
    def accuracy(self) -> float:
        return self.right / self.examples if self.examples else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, at 95 %."""
        return wilson(self.right, self.examples)

    @property
    def rejected(self) -> int:
        """How many were said to be no digit."""
        return int(self.matrix[:, -1].sum())

    @property
    def of_digits(self) -> bool:
        return self.calibration is not None

    def as_json(self) -> dict[str, Any]:
        return {
            "set": self.name,
            "way": self.way,
            "relation": self.relation,
            "learnt": round(self.learnt, 4),
            "what": "digits right" if self.of_digits else "not taken for a digit",
            "examples": self.examples,
            "right": self.right,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "said_not_a_digit": self.rejected,
            "blank": self.blank,
            "naive": self.naive,
            "confusion": self.matrix.tolist(),
            "worst_confusions": [each.as_json() for each in self.worst],
            "calibration": self.calibration.as_json() if self.calibration else None,
            "rejection": self.rejection.as_json() if self.rejection else None,
        }


def result(said: Said, relation: Relation, *, learnt: float = 0.0) -> Result:
    """The figures of one set in one way."""
    return _result(
        [said], name=said.source.name, way=said.way, relation=relation, learnt=learnt, naive=said.source.naive
    )


def together(parts: Sequence[Said], *, name: str, relation: Relation) -> Result:
    """The figures of several sets as if they were one."""
    return _result(parts, name=name, way=None, relation=relation, learnt=0.0, naive=None)


def _result(
    parts: Sequence[Said],
    *,
    name: str,
    way: Way | None,
    relation: Relation,
    learnt: float,
    naive: tuple[float, float] | None,
) -> Result:
    matrix = sum(
        (confusion(part.labels, part.probabilities.argmax(axis=1)) for part in parts), np.zeros((11, 11), np.int64)
    )
    digits = [part for part in parts if part.labels is not None]
    return Result(
        name=name,
        way=way,
        relation=relation,
        learnt=learnt,
        naive=naive,
        matrix=matrix,
        worst=worst(matrix),
        blank=sum(int(part.blank.sum()) for part in parts),
        calibration=_calibration(digits) if digits else None,
        rejection=_rejection(digits) if digits else None,
    )


def _calibration(parts: Sequence[Said]) -> Calibration:
    """Of what the model was asked: a glyph without ink is none of its business."""
    confidence = [part.probabilities.max(axis=1)[~part.blank] for part in parts]
    right = [(part.probabilities.argmax(axis=1) == part.labels)[~part.blank] for part in parts]
    return calibration(np.concatenate(confidence), np.concatenate(right))


def _rejection(parts: Sequence[Said]) -> Rejection:
    read_as = [best_digit(part.probabilities) for part in parts]
    right = [digit == part.labels for (digit, _), part in zip(read_as, parts, strict=True)]
    return rejection(np.concatenate([confidence for _, confidence in read_as]), np.concatenate(right))


def drawn_junk(digits: Sequence[Said], *, classifier: Classifier, seed: int) -> list[Said]:
    """What is no digit, drawn here, and what classifier said of it: strangers, and printed letters.

    Strangers are made of the first set of digits, which should not have been learnt from; where there is none, there
    are letters only.
    """
    kinds = [("printed letters, never drawn in training", junk.printed_letters(count=junk.PRINTED, seed=seed))]
    for said in digits[:1]:
        assert said.labels is not None
        made = junk.strangers(said.glyphs, said.labels, count=junk.STRANGERS, seed=seed)
        kinds.insert(0, (f"strangers, drawn with digits of {said.source.name}", made))
    return [_said(Source(name=name, images=images, labels=None, sha256=""), classifier) for name, images in kinds]


def _said(source: Source, classifier: Classifier) -> Said:
    glyphs = to_glyphs(source.images, Way.PLAIN)
    return Said(source=source, way=Way.PLAIN, glyphs=glyphs, probabilities=read(glyphs, classifier))


def junk_passing(strangers: Sequence[Said], digits: Sequence[Said], *, of: str) -> junk.Junk:
    """How much of strangers, in which nothing is a digit, passes where nearly all of digits do; of names these."""
    threshold = junk.threshold_keeping(np.concatenate([best_digit(said.probabilities)[1] for said in digits]))
    return junk.Junk(
        of=of,
        threshold=threshold,
        sets=[
            junk.taken(each.source.name, best_digit(each.probabilities)[1], threshold=threshold) for each in strangers
        ],
    )
